package stream

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

const traceHeader = "traceparent"

// foldBatch fills the transaction from due timers and from the backlog. It returns
// how many records it took.
func (t *task) foldBatch(ctx context.Context) (int, error) {
	recs := t.backlog[:min(len(t.backlog), t.p.cfg.MaxBatch)]
	var err error
	if t.tx.now, t.tx.passed, err = t.clock.read(recs); err != nil {
		return 0, err
	}
	if p, ok := t.handler.(BatchPreparer); ok && len(recs) > 0 {
		if err := p.Prepare(ctx, recs); err != nil {
			return 0, fmt.Errorf("prepare %d records: %w", len(recs), err)
		}
	}
	t.tx.ctx, t.tx.trace = ctx, nil
	if err := t.fireTimers(); err != nil {
		return 0, err
	}
	n := 0
	for ; n < len(recs) && t.tx.batch.bytes < t.p.cfg.MaxBatchBytes; n++ {
		if err := t.foldRecord(ctx, recs[n]); err != nil {
			return 0, err
		}
	}
	t.backlog = t.backlog[n:]
	if len(t.backlog) == 0 {
		t.backlog = nil
	}
	t.tx.trace = nil
	if tk, ok := t.handler.(Ticker); ok {
		more, err := tk.Tick(t.tx)
		if err != nil {
			return 0, fmt.Errorf("tick: %w", err)
		}
		t.more = t.more || more
	}
	if f, ok := t.handler.(Flusher); ok {
		if err := f.Flush(t.tx); err != nil {
			return 0, fmt.Errorf("flush: %w", err)
		}
	}
	t.tx.keep()
	return n, nil
}

func (t *task) fireTimers() error {
	due, err := t.store.due(t.tx.now.UnixMilli(), t.p.cfg.MaxTimers)
	if err != nil {
		return err
	}
	for _, d := range due {
		t.tx.ClearTimer(d.key)
		if err := t.handler.Timer(t.tx, d.key, time.UnixMilli(d.due)); err != nil {
			return fmt.Errorf("timer %q: %w", d.key, err)
		}
		t.tx.keep()
	}
	t.more = len(due) == t.p.cfg.MaxTimers
	t.p.metrics.fired(len(due))
	return nil
}

// foldRecord folds one record; one that can never be folded goes to the dead-letter topic instead.
func (t *task) foldRecord(ctx context.Context, rec broker.Record) error {
	if rec.Offset < t.inputs[rec.Topic].Offset { // fetched again after a restart
		return nil
	}
	t.tx.trace = rec.Header(traceHeader)
	var span trace.Span
	if t.tx.trace != nil {
		t.tx.ctx, span = t.startSpan(ctx, rec)
	}
	err := t.handler.Process(t.tx, rec)
	if span != nil {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
		t.tx.ctx = ctx
	}
	switch {
	case IsPermanent(err):
		t.tx.undo()
		t.logger.Warn("record dead-lettered", "topic", rec.Topic, "offset", rec.Offset, "error", err)
		t.tx.Emit(t.deadLetter(rec, err))
		t.p.metrics.dead(rec.Topic)
	case err != nil:
		t.tx.undo()
		return fmt.Errorf("fold %s/%d offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
	}
	t.tx.keep()
	t.inputs[rec.Topic] = t.placeAfter(rec)
	return nil
}

func (t *task) deadLetter(rec broker.Record, err error) broker.Message {
	return broker.DeadLetter(topics.DeadLetter(topics.Topic{Name: rec.Topic}).Name, rec, t.p.cfg.Name, "permanent", err)
}

// startSpan continues the trace of a record and makes the new span the parent of what is emitted.
func (t *task) startSpan(ctx context.Context, rec broker.Record) (context.Context, trace.Span) {
	carrier := propagation.MapCarrier{traceHeader: string(t.tx.trace)}
	parent := propagation.TraceContext{}.Extract(ctx, carrier)
	ctx, span := t.p.deps.Tracer.Start(parent, t.p.cfg.Name+" process",
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("messaging.destination.name", rec.Topic),
			attribute.Int("messaging.destination.partition.id", rec.Partition),
			attribute.Int64("messaging.kafka.offset", rec.Offset),
		))
	if span.SpanContext().IsValid() {
		propagation.TraceContext{}.Inject(ctx, carrier)
		t.tx.trace = []byte(carrier[traceHeader])
	}
	return ctx, span
}
