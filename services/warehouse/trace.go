package warehouse

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/broker"
)

// maxLinks bounds the links of one span; a block may hold many sampled records.
const maxLinks = 64

// startInsert starts the span of a block, linked to the traces of its sampled
// records. A block without any gets no span: there is nobody to show it to.
func (s *Service) startInsert(ctx context.Context, b block) (context.Context, trace.Span) {
	links := sampledLinks(ctx, b.records)
	if len(links) == 0 {
		return ctx, trace.SpanFromContext(ctx)
	}
	// The first sampled record is the parent too, so that its trace shows the insert.
	ctx = trace.ContextWithRemoteSpanContext(ctx, links[0].SpanContext)
	return s.deps.Tracer.Start(ctx, "warehouse insert", trace.WithLinks(links...), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.system", "kafka"),
			attribute.String("messaging.destination.name", b.tp.Topic),
			attribute.Int("messaging.destination.partition.id", b.tp.Partition),
			attribute.Int64("freshet.block.from", b.from),
			attribute.Int64("freshet.block.to", b.to),
		))
}

// sampledLinks reads the traceparent headers; they are there only when sampled.
func sampledLinks(ctx context.Context, records []broker.Record) []trace.Link {
	var links []trace.Link
	for _, rec := range records {
		if len(rec.Headers) == 0 {
			continue
		}
		parent := rec.Header("traceparent")
		if parent == nil {
			continue
		}
		carrier := propagation.MapCarrier{"traceparent": string(parent)}
		sc := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, carrier))
		if !sc.IsSampled() {
			continue
		}
		if links = append(links, trace.Link{SpanContext: sc}); len(links) == maxLinks {
			break
		}
	}
	return links
}
