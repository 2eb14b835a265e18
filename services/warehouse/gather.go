package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// fetchEvery is how often a block that is being gathered is added to; it has until FlushEvery, and a record a fetch costs more than
// the record does.
const fetchEvery = 100 * time.Millisecond

// block reads the next block: exactly the planned one, or what comes within FlushEvery of its first record. It waits for a
// first record; the block may still be empty when ctx ends.
func (t *task) block(ctx context.Context, p plan) (block, error) {
	if p != (plan{}) {
		b, err := t.reread(ctx, p.To)
		if !errors.Is(err, errPassedOver) {
			return b, err
		}
	}
	for {
		b, err := t.gather(ctx)
		if !errors.Is(err, errPassedOver) {
			return b, err
		}
	}
}

// errPassedOver says that records are missing and reading goes on behind them, since broker.gaps is skip: with another block.
var errPassedOver = errors.New("records are missing")

// gather reads from t.next on until the block is full or FlushEvery has passed.
func (t *task) gather(ctx context.Context) (block, error) {
	b := block{tp: t.tp, from: t.next, to: t.next}
	bytes := 0
	var due time.Time
	for {
		if t.take(&b, &bytes) {
			return b, nil
		}
		if len(b.records) > 0 && due.IsZero() {
			due = time.Now().Add(t.s.cfg.FlushEvery)
		}
		if t.broken != nil && len(b.records) > 0 {
			return b, nil // what is here can land; the break shows again with the next block
		}
		err := t.moreBy(ctx, due)
		if err != nil && len(b.records) > 0 && ctx.Err() == nil {
			return b, nil
		}
		if err != nil {
			return block{}, err
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
		if len(t.ahead) == 0 {
			if err := t.more(ctx); err != nil {
				return block{}, err
			}
			if t.end < to && t.short(to) {
				t.ahead = append(b.records, t.ahead...)
				t.place = t.place.Reborn()
				t.enliven()
				return block{}, errPassedOver
			}
		}
		n := 0
		for ; n < len(t.ahead) && t.ahead[n].Offset < to; n++ {
			at = t.ahead[n].Offset + 1
		}
		b.records = append(b.records, t.ahead[:n]...)
		if t.ahead = t.ahead[n:]; len(t.ahead) > 0 {
			break // the last offsets of the plan have no records any more
		}
	}
	return b, nil
}

// moreBy is more, no longer than to a deadline unless that is zero.
func (t *task) moreBy(ctx context.Context, due time.Time) error {
	if !due.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, due)
		defer cancel()
	}
	return t.more(ctx)
}

// short is about a plan that reaches beyond the partition's end: its records are lost. With broker.gaps = skip it is given up;
// else the partition waits for them, and says so.
func (t *task) short(to int64) (giveUp bool) {
	err := fmt.Errorf("%s ends at offset %d, before the end %d of a planned block (set broker.gaps to skip to go on with what there is): %w",
		t.tp, t.end, to, broker.ErrOffsetGone)
	giveUp = t.s.deps.Broker.Gaps() == broker.GapSkip
	t.logger.Error("records of a planned block are gone", "given_up", giveUp, "error", err)
	if !giveUp {
		t.told(t.tp, err)
	}
	return giveUp
}

// more waits for further records. errPassedOver: there are none behind those before, and t.next has moved.
func (t *task) more(ctx context.Context) error {
	if t.broken == nil {
		batch, err := t.log.Next(ctx)
		if err != nil {
			return err
		}
		t.end = batch.End
		t.s.metrics.setLag(t.tp, batch.End-t.next)
		if t.ahead = batch.Records; batch.Break == nil {
			if t.place.Life == 0 {
				t.place.Log, t.place.Life = batch.After.Log, batch.After.Life
			}
			t.enliven()
			return nil
		}
		t.broken = &batch
	}
	t.place, t.next, t.broken = t.broken.After, t.broken.After.Offset, nil
	return errPassedOver
}

// pace lets records come together while the partition has no more than what comes.
func (t *task) pace(b broker.Batch) time.Duration {
	if len(b.Records) == 0 || b.Next < b.End {
		return 0
	}
	return min(fetchEvery, t.s.cfg.FlushEvery)
}

// told hears what is wrong with the partition: until it is mended the service is not ready.
func (t *task) told(_ broker.TopicPartition, err error) {
	if err == nil {
		t.s.faults.clear(t.tp)
	} else {
		t.s.faults.set(t.tp, err)
	}
}
