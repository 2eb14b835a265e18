package intake

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/broker"
)

// TraceParent is the W3C header's name, in HTTP and in Kafka records.
const TraceParent = "traceparent"

// traceHeaders carries the trace into the records, when somebody keeps it.
func traceHeaders(ctx context.Context) []broker.Header {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return nil
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return broker.Headers(TraceParent, carrier[TraceParent])
}
