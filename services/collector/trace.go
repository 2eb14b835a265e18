package collector

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/broker"
)

// traceparent is the W3C header's name, in HTTP and in Kafka records.
const traceparent = "traceparent"

// startSpan begins the span of one HTTP request, under the sender's when it named one.
// The route is a constant, since clients can ask for any path.
func (s *Service) startSpan(r *http.Request, route string) (context.Context, trace.Span) {
	ctx := r.Context()
	if r.Header.Get(traceparent) != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return s.tracer.Start(ctx, route, trace.WithSpanKind(trace.SpanKindServer))
}

// describe notes what became of the request, on the few spans that are kept.
func describe(span trace.Span, status int, res result) {
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.Int("http.response.status_code", status),
		attribute.Int("freshet.accepted", res.accepted),
		attribute.Int("freshet.rejected", len(res.rejected)),
	)
}

// traceHeaders carries the trace into the records, when somebody keeps it.
func traceHeaders(ctx context.Context) []broker.Header {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return nil
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return broker.Headers(traceparent, carrier[traceparent])
}
