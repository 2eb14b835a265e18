package stream

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// run folds batches until ctx ends or something fails. After an error the state in
// memory is worth nothing: the task is closed and opened anew.
func (t *task) run(ctx context.Context) error {
	fetchCtx, stop := context.WithCancel(ctx)
	defer stop()
	g, fetchCtx := errgroup.WithContext(fetchCtx)
	arrivals := make(chan fetched, len(t.p.cfg.Inputs))
	from := t.starts()
	g.Go(func() error { return t.follow(fetchCtx, from, arrivals) })
	g.Go(func() error {
		defer stop()
		if err := t.publish(ctx, t.log.last.outputs); err != nil {
			return err
		}
		return t.loop(fetchCtx, arrivals)
	})
	err := g.Wait()
	if perr := t.awaitPublished(); err == nil {
		err = perr
	}
	return err
}

func (t *task) loop(ctx context.Context, arrivals <-chan fetched) error {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for ctx.Err() == nil {
		if len(t.backlog) == 0 && !t.more {
			alarm.Reset(t.rest())
			select {
			case <-ctx.Done():
				return nil
			case a := <-arrivals:
				t.take(a)
			case <-alarm.C:
			}
		}
		t.takeMore(arrivals)
		if err := t.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// timerGrain is how late a timer may be so that those that come due one after the other share a commit.
const timerGrain = 50 * time.Millisecond

// rest is how long a task with nothing to fold may wait for records: until the next timer is due, and no longer than TickEvery,
// since the clock may be set.
func (t *task) rest() time.Duration {
	every := t.p.cfg.TickEvery
	grain := min(timerGrain, every)
	due := time.UnixMilli(t.store.nextDue).Sub(t.p.deps.Now())
	return min(max(due, 0), every-grain) + grain
}

func (t *task) take(a fetched) {
	if a.broken {
		t.jump(a)
	}
	t.logs[a.topic] = a.after.Log
	t.backlog = append(t.backlog, a.records...)
	t.ends[a.topic] = a.end
	t.p.metrics.lag(a.topic, t.partition, a.end-t.inputs[a.topic].Offset)
}

// takeMore adds what has arrived already, up to a batch.
func (t *task) takeMore(arrivals <-chan fetched) {
	for len(t.backlog) < t.p.cfg.MaxBatch {
		select {
		case a := <-arrivals:
			t.take(a)
		default:
			return
		}
	}
}

// step folds one batch and commits it.
func (t *task) step(ctx context.Context) error {
	began := time.Now()
	n, err := t.foldBatch(ctx)
	if err != nil {
		return err
	}
	if n == 0 && t.tx.batch.empty() && !t.log.dirty() {
		return t.atRest(ctx)
	}
	return t.commit(ctx, n, began)
}
