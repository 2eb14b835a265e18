package warehouse

import (
	"context"
	"errors"

	"github.com/freshet/freshet/pkg/broker"
)

// The group's metadata holds a broker.Place beside the plan: an offset alone does not say whose it is. A task asks whether its place is still one
// before it reads for the first time, and after each fault.

// verify brings the place in order. A *broker.Break is a gap.
func (t *task) verify(ctx context.Context) error {
	if t.verified {
		return nil
	}
	at, err := t.s.deps.Broker.Stand(ctx, t.tp, t.place)
	if err != nil {
		return asGap(err)
	}
	t.place, t.verified = at, true
	return nil
}

// asGap makes what is gone an errGap.
func asGap(err error) error {
	if errors.Is(err, broker.ErrOffsetGone) {
		return errors.Join(errGap, err)
	}
	return err
}

// came notes what a fetch brought: the records are of the life that the place is in. An answer of another leader is taken only from the same log.
func (t *task) came(ctx context.Context, b broker.Batch) error {
	if len(b.Records) == 0 {
		return nil
	}
	if t.epoch >= 0 && b.Epoch != t.epoch {
		t.verified = false
		if err := t.verify(ctx); err != nil {
			return err
		}
	}
	t.epoch = b.Epoch
	for i := range b.Records {
		b.Records[i].Life = t.place.Life
	}
	return nil
}

// moveTo is the place behind a block.
func (t *task) moveTo(b block) broker.Place {
	if n := len(b.records); n > 0 {
		return t.place.After(b.records[n-1]).At(b.to)
	}
	return t.place.At(b.to)
}

// breakOf is the break behind a gap. Nil: the place is a good one, and only a planned block cannot be read again.
func (t *task) breakOf(ctx context.Context, cause error) (*broker.Break, error) {
	var gone *broker.Break
	if errors.As(cause, &gone) {
		return gone, nil
	}
	_, err := t.s.deps.Broker.Stand(ctx, t.tp, t.place)
	if errors.As(err, &gone) {
		return gone, nil
	}
	return nil, err
}

// gap says loudly that records are missing. Where gaps are accepted the task moves on so that nothing new is left out; else it stays where it is
// and the service is not ready.
//
// What comes once more is in the tables already, and equal copies meet there. A planned block of which nobody knows whether it landed, and which cannot be
// read again, is left as it is; what the log has in its place lands beside it.
func (t *task) gap(ctx context.Context, cause error) (moved bool, err error) {
	t.s.faults.set(t.tp, cause)
	gone, err := t.breakOf(ctx, cause)
	if err != nil {
		return false, nil // nothing is known yet; the caller tries again
	}
	log := t.log.With("error", cause, "want", t.next)
	if !t.s.cfg.AcceptGaps && t.s.deps.Broker.Gaps() != broker.GapSkip {
		t.s.metrics.held.WithLabelValues(t.tp.Topic, partitionLabel(t.tp)).Set(1)
		log.ErrorContext(ctx, "the partition is held: set kafka.gaps to skip to go on without the missing records")
		return false, pause(ctx, t.s.cfg.RetryMax)
	}
	missing := int64(-1)
	if gone == nil {
		t.place = t.place.Reborn()
	} else {
		t.place, missing = gone.Accept(t.place), gone.Missing
	}
	t.next, t.ahead, t.verified, t.epoch = t.place.Offset, nil, false, -1
	log.ErrorContext(ctx, "records are lost to the warehouse; going on", "missing", missing, "from", t.next)
	t.s.metrics.gaps.WithLabelValues(t.tp.Topic).Add(float64(max(1, missing)))
	return true, nil
}
