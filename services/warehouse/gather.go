package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// fetchBytes is about how much one fetch brings.
const fetchBytes = 4 << 20

// idleWait is how long one fetch waits at the broker while there is nothing to read.
const idleWait = time.Second

// fetchEvery is how often a block that is being gathered is added to; it has until FlushEvery, and a record a fetch costs more than
// the record does.
const fetchEvery = 100 * time.Millisecond

// errGap says that records which the warehouse must read are no longer in Kafka.
var errGap = errors.New("records were removed before the warehouse read them")

// block reads the next block: exactly the planned one, or what comes within
// FlushEvery of its first record. It waits for a first record; the block may still
// be empty when ctx ends.
func (t *task) block(ctx context.Context, p plan) (b block, err error) {
	for {
		if p == (plan{}) {
			b, err = t.gather(ctx)
		} else {
			b, err = t.reread(ctx, p.To)
		}
		switch {
		case err == nil, ctx.Err() != nil:
			return b, err
		case !errors.Is(err, errGap):
			t.s.faults.set(t.tp, err)
			t.log.WarnContext(ctx, "cannot read; trying again", "error", err)
		default:
			moved, err := t.gap(ctx, err)
			if err != nil {
				return block{}, err
			}
			if moved {
				p = plan{}
				continue
			}
		}
		if err := pause(ctx, min(time.Second, t.s.cfg.RetryMax)); err != nil {
			return block{}, err
		}
	}
}

// gather reads from t.next on until the block is full or FlushEvery has passed.
func (t *task) gather(ctx context.Context) (block, error) {
	b := block{tp: t.tp, from: t.next, to: t.next}
	bytes := 0
	var due time.Time
	for {
		if t.take(&b, &bytes) {
			return b, nil
		}
		wait := idleWait
		if len(b.records) > 0 {
			if due.IsZero() {
				due = time.Now().Add(t.s.cfg.FlushEvery)
			}
			if wait = time.Until(due); wait <= 0 {
				return b, nil
			}
		}
		batch, err := t.fetch(ctx, b.to, min(wait, idleWait))
		if err != nil && len(b.records) > 0 && ctx.Err() == nil {
			return b, nil // what is here can land; the fault shows again with the next block
		}
		if err != nil {
			return block{}, err
		}
		t.ahead = batch.Records
		if len(batch.Records) > 0 && batch.Next == batch.End {
			_ = pause(ctx, min(fetchEvery, t.s.cfg.FlushEvery))
		}
	}
}

// take moves records from t.ahead to the block and tells whether it is full.
func (t *task) take(b *block, bytes *int) bool {
	n := 0
	full := false
	for n < len(t.ahead) && !full {
		rec := t.ahead[n]
		n++
		*bytes += len(rec.Key) + len(rec.Value)
		full = len(b.records)+n >= t.s.cfg.BlockRows || *bytes >= t.s.cfg.BlockBytes
	}
	b.records = append(b.records, t.ahead[:n]...)
	t.ahead = t.ahead[n:]
	if n > 0 {
		b.to = b.records[len(b.records)-1].Offset + 1
	}
	return full
}

// reread reads exactly the records of [t.next, to).
func (t *task) reread(ctx context.Context, to int64) (block, error) {
	b := block{tp: t.tp, from: t.next, to: to}
	for at := t.next; at < to; {
		batch, err := t.fetch(ctx, at, idleWait)
		if err != nil {
			return block{}, err
		}
		if batch.End < to {
			return block{}, fmt.Errorf("%w: %s ends at offset %d, before the end %d of a planned block", errGap, t.tp, batch.End, to)
		}
		for _, rec := range batch.Records {
			if rec.Offset < to {
				b.records = append(b.records, rec)
			}
		}
		at = batch.Next
	}
	return b, nil
}

// fetch reads once. The offset being gone is a gap.
func (t *task) fetch(ctx context.Context, from int64, wait time.Duration) (broker.Batch, error) {
	batch, err := t.s.deps.Broker.Fetch(ctx, t.tp, from, broker.FetchOptions{
		MaxWait: max(wait, time.Millisecond), MaxBytes: min(fetchBytes, int64(t.s.cfg.BlockBytes)),
	})
	if errors.Is(err, broker.ErrOffsetGone) {
		return batch, fmt.Errorf("%w: %w", errGap, err)
	}
	if err != nil {
		return batch, err
	}
	t.end = batch.End
	t.s.faults.clear(t.tp)
	t.s.metrics.setLag(t.tp, batch.End-t.next)
	return batch, nil
}

// gap says loudly that records are missing. With accept_gaps the task moves on to
// the oldest record there is; without, it stays where it is and the service is not ready.
func (t *task) gap(ctx context.Context, cause error) (moved bool, err error) {
	t.s.faults.set(t.tp, cause)
	spans, err := t.s.deps.Broker.Spans(ctx, t.tp.Topic)
	if err != nil {
		return false, nil // nothing is known yet; the caller tries again
	}
	span := spans[t.tp.Partition]
	log := t.log.With("error", cause, "want", t.next, "first", span.First, "end", span.Next)
	if !t.s.cfg.AcceptGaps {
		t.s.metrics.held.WithLabelValues(t.tp.Topic, partitionLabel(t.tp)).Set(1)
		log.ErrorContext(ctx, "the partition is held: set accept_gaps to go on without the missing records")
		return false, pause(ctx, t.s.cfg.RetryMax)
	}
	log.ErrorContext(ctx, "records are lost to the warehouse; going on with the oldest there is")
	t.s.metrics.gaps.WithLabelValues(t.tp.Topic).Add(float64(max(1, span.First-t.next)))
	t.next, t.ahead = span.First, nil
	return true, nil
}
