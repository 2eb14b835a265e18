package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
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
	logger  *slog.Logger

	log    *broker.Follower
	next   int64           // the offset after the last block that landed
	place  broker.Place    // the same, and whose offset it is; see places.go
	ahead  []broker.Record // fetched already, from next on, for the next block
	broken *broker.Batch   // behind ahead, the log goes on somewhere else
	end    int64           // end of the partition at the last fetch
}

// run works until ctx ends (nil) or the group has moved on (broker.ErrStaleMember).
// Faults of Kafka and ClickHouse are waited out.
func (t *task) run(ctx context.Context) error {
	defer t.s.metrics.forget(t.tp)
	defer t.s.faults.clear(t.tp)
	var p plan
	err := t.retry(ctx, "read the committed offset", func(ctx context.Context) (err error) {
		t.place, p, err = t.resume(ctx)
		return err
	})
	if err == nil {
		t.next = t.place.Offset
		t.log = t.s.deps.Broker.Follow(ctx, broker.FollowConfig{Name: t.s.cfg.Group, Told: t.told, Pace: t.pace}, broker.Start{At: t.tp, Place: t.place})
	}
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
		t.logger.WarnContext(ctx, "the group begins after records that retention has removed", "first", first.Offset)
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
	ctx, cancel := retry.Linger(ctx, t.s.cfg.FinishWithin)
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
	pauses := retry.Backoff{First: 50 * time.Millisecond, Most: t.s.cfg.RetryMax}
	for {
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
		t.logger.WarnContext(ctx, "cannot "+deed+"; trying again", "error", err)
		if err := pauses.Wait(ctx); err != nil {
			return fmt.Errorf("%s of %s: %w", deed, t.tp, err)
		}
	}
}
