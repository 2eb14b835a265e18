package web

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/services/collector/intake"
)

// startSpan begins the span of one HTTP request, under the sender's when it named one.
// The route is a constant, since clients can ask for any path.
func (s *Server) startSpan(r *http.Request, route string) (context.Context, trace.Span) {
	ctx := r.Context()
	if r.Header.Get(intake.TraceParent) != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return s.tracer.Start(ctx, route, trace.WithSpanKind(trace.SpanKindServer))
}

// describe notes what became of the request, on the few spans that are kept.
func describe(span trace.Span, status int, res intake.Result) {
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.Int("http.response.status_code", status),
		attribute.Int("freshet.accepted", res.Accepted),
		attribute.Int("freshet.rejected", len(res.Rejected)),
	)
}
