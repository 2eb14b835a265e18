package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// offsets is the part of a group membership that a task needs.
type offsets interface {
	Committed(ctx context.Context, tp broker.TopicPartition) (int64, string, error)
	Commit(ctx context.Context, tp broker.TopicPartition, offset int64, metadata string) error
}

// inserter lands rows under a token.
type inserter interface {
	insert(ctx context.Context, t table, token string) error
}

// task writes one partition for as long as the member has it.
type task struct {
	s       *Service
	tp      broker.TopicPartition
	offsets offsets
	log     *slog.Logger

	next  int64           // the offset after the last block that landed
	place broker.Place    // the same, and whose offset it is; see places.go
	ahead []broker.Record // fetched already, from next on, for the next block
	end   int64           // end of the partition at the last fetch

	verified bool  // place was found to be one, and nothing has failed since
	epoch    int32 // of the partition's leader, by the records read; -1: none
}

// run works until ctx ends (nil) or the group has moved on (broker.ErrStaleMember).
// Faults of Kafka and ClickHouse are waited out.
func (t *task) run(ctx context.Context) error {
	defer t.s.metrics.forget(t.tp)
	defer t.s.faults.clear(t.tp)
	t.epoch = -1
	var p plan
	err := t.retry(ctx, "read the committed offset", func(ctx context.Context) (err error) {
		t.place, p, err = t.resume(ctx)
		return err
	})
	t.next = t.place.Offset
	for err == nil {
		err = t.step(ctx, p)
		p = plan{}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// resume finds where the partition stands.
func (t *task) resume(ctx context.Context) (broker.Place, plan, error) {
	offset, metadata, err := t.offsets.Committed(ctx, t.tp)
	if err != nil {
		return broker.Place{}, plan{}, err
	}
	if offset >= 0 {
		return decodePlan(offset, metadata)
	}
	first, err := t.s.deps.Broker.Stand(ctx, t.tp, broker.Place{Offset: broker.First})
	if err == nil && first.Offset > 0 {
		t.log.WarnContext(ctx, "the group begins after records that retention has removed", "first", first.Offset)
	}
	return first, plan{}, err
}

// step lands one block: the planned one, or the next.
func (t *task) step(ctx context.Context, p plan) error {
	b, err := t.block(ctx, p)
	if err != nil {
		return err
	}
	replayed := p != (plan{})
	if !replayed {
		if err := t.commit(ctx, t.place, plan{To: b.to}); err != nil {
			return err
		}
	}
	if err := t.land(ctx, b, replayed); err != nil {
		return err
	}
	t.next, t.place = b.to, t.moveTo(b)
	t.s.metrics.setLag(t.tp, t.end-t.next)
	return nil
}

// land does everything between plan and the next block. When ctx ends in the
// middle it goes on for FinishWithin, and then leaves the block to the next owner.
func (t *task) land(ctx context.Context, b block, replayed bool) error {
	ctx, cancel := linger(ctx, t.s.cfg.FinishWithin)
	defer cancel()
	r, err := convert(b)
	if err != nil {
		return err
	}
	if err := t.deadLetter(ctx, r.bad); err != nil {
		return err
	}
	if err := t.insert(ctx, b, r); err != nil {
		return err
	}
	t.s.metrics.landed(b, r, replayed, t.s.deps.Now())
	return t.commit(ctx, t.moveTo(b), plan{})
}

// insert adds the rows of each table, each until it is in.
func (t *task) insert(ctx context.Context, b block, r rows) error {
	ctx, span := t.s.startInsert(ctx, b)
	defer span.End()
	token := b.token()
	for _, tab := range r.tables {
		if tab.rows == 0 {
			continue
		}
		err := t.retry(ctx, "insert into "+tab.name, func(ctx context.Context) error {
			began := time.Now()
			err := t.s.store.insert(ctx, tab, token)
			t.s.metrics.insert(tab.name, time.Since(began), err)
			return err
		})
		if err != nil {
			span.RecordError(err)
			return err
		}
	}
	return nil
}

// commit stores the group's offset. It repeats the very same commit until the
// answer is known: a plan that may have been stored must not change.
func (t *task) commit(ctx context.Context, at broker.Place, p plan) error {
	return t.retry(ctx, "commit the offset", func(ctx context.Context) error {
		return t.offsets.Commit(ctx, t.tp, at.Offset, p.encode(at))
	})
}

// retry repeats do, with growing pauses, until it works, ctx ends or the group has
// moved on. While it fails the service is not ready.
func (t *task) retry(ctx context.Context, deed string, do func(context.Context) error) error {
	const first = 50 * time.Millisecond
	for wait := first; ; wait = min(2*wait, t.s.cfg.RetryMax) {
		err := do(ctx)
		switch {
		case err == nil:
			t.s.faults.clear(t.tp)
			return nil
		case errors.Is(err, broker.ErrStaleMember):
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("%s of %s: %w", deed, t.tp, errors.Join(ctx.Err(), err))
		}
		t.s.faults.set(t.tp, err)
		t.log.WarnContext(ctx, "cannot "+deed+"; trying again", "error", err, "in", wait)
		if err := pause(ctx, wait/2+rand.N(wait/2+1)); err != nil {
			return fmt.Errorf("%s of %s: %w", deed, t.tp, err)
		}
	}
}

// linger returns a context that outlives ctx by grace.
func linger(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(long, func() { timer.Stop() })
	})
	return long, func() { stop(); cancel() }
}

// pause waits d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
