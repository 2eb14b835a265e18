package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/broker"
)

// task is one partition while this process owns it.
type task struct {
	p         *Processor
	partition int
	handler   Handler
	logger    *slog.Logger

	store *store
	log   *changelog
	tx    *Tx

	inputs    map[string]int64 // the next offset to fold, by topic
	published chan error       // result of the publication under way; nil when there is none
	backlog   []broker.Record  // fetched and not folded yet
	ends      map[string]int64 // where each input ended at the last fetch, by topic
	progress  func()           // tells the processor that a batch was committed
	idle      func()           // is called when there is nothing to do
}

// open restores the partition and makes this process its owner.
func (p *Processor) open(ctx context.Context, partition int) (*task, error) {
	handler, err := p.deps.NewHandler(partition)
	if err != nil {
		return nil, fmt.Errorf("make the handler of partition %d: %w", partition, err)
	}
	t := &task{
		p: p, partition: partition, handler: handler, ends: map[string]int64{},
		logger: p.deps.Logger.With("processor", p.cfg.Name, "partition", partition),
	}
	began := time.Now()
	if err := t.restore(ctx); err != nil {
		return nil, errors.Join(err, t.close())
	}
	t.inputs = maps.Clone(t.log.last.inputs)
	if t.inputs == nil {
		t.inputs = map[string]int64{}
	}
	t.tx = &Tx{store: t.store, partition: partition, batch: newChanges(), record: newChanges()}
	t.logger.Info("partition taken over", "epoch", t.log.fence.epoch, "changelog_offset", t.log.next, "restore_seconds", time.Since(began).Seconds())
	p.metrics.restored(time.Since(began))
	return t, nil
}

// restore opens the local store and brings it up to date; a store that does not fit the log is thrown away.
func (t *task) restore(ctx context.Context) error {
	dir := t.p.dir(t.partition)
	for fresh := false; ; fresh = true {
		s, err := openStore(dir, t.p.cfg.CacheBytes)
		if err == nil {
			t.store = s
			t.log = &changelog{client: t.p.deps.Broker, owner: t.p.owner,
				at: broker.TopicPartition{Topic: t.p.cfg.Changelog.Name, Partition: t.partition}}
			if m, ok, merr := s.meta(); merr == nil && ok && time.Since(time.UnixMilli(m.savedMs)) > staleAfter {
				err = fmt.Errorf("%w: it is from %s", errLocal, time.UnixMilli(m.savedMs).UTC())
			} else if err = t.log.restore(ctx, s); err == nil {
				return nil
			}
			err = errors.Join(err, s.close())
		}
		local := errors.Is(err, errLocal) || errors.Is(err, broker.ErrOffsetGone)
		if fresh || ctx.Err() != nil || !local {
			return fmt.Errorf("restore partition %d of %s: %w", t.partition, t.p.cfg.Name, err)
		}
		t.logger.Warn("local state thrown away; reading it again from the changelog", "error", err)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove the local state: %w", err)
		}
	}
}

// run folds batches until ctx ends or something fails. After an error the state in
// memory is worth nothing: the task is closed and opened anew.
func (t *task) run(ctx context.Context) error {
	fetchCtx, stop := context.WithCancel(ctx)
	defer stop()
	g, fetchCtx := errgroup.WithContext(fetchCtx)
	arrivals := make(chan fetched, len(t.p.cfg.Inputs))
	for _, in := range t.p.cfg.Inputs {
		from, ok := t.inputs[in.Name]
		if !ok {
			from = broker.First
		}
		g.Go(func() error {
			return fetchInput(fetchCtx, t.p.deps.Broker, broker.TopicPartition{Topic: in.Name, Partition: t.partition}, from, arrivals, t.logger)
		})
	}
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
	tick := time.NewTicker(t.p.cfg.TickEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if len(t.backlog) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case a := <-arrivals:
				t.take(a)
			case <-tick.C:
			}
		}
		t.takeMore(arrivals)
		if err := t.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) take(a fetched) {
	t.backlog = append(t.backlog, a.records...)
	t.ends[a.topic] = a.end
	t.p.metrics.lag(a.topic, t.partition, a.end-t.inputs[a.topic])
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
	if n == 0 && t.tx.batch.empty() {
		t.idle()
		return nil
	}
	return t.commit(ctx, n, began)
}

// commit decides the transaction: see the state machine, steps 5 to 8.
func (t *task) commit(ctx context.Context, n int, began time.Time) error {
	if err := t.awaitPublished(); err != nil {
		return err
	}
	c := t.tx.batch
	next := commit{epoch: t.log.fence.epoch, seq: t.log.last.seq + 1, inputs: maps.Clone(t.inputs), outputs: c.out}
	if err := t.log.write(ctx, c, next, t.store); err != nil {
		return err
	}
	if err := t.store.apply(c, &meta{resume: t.log.lastAt, savedMs: time.Now().UnixMilli()}); err != nil {
		return err
	}
	t.p.metrics.committed(n, len(c.kv), len(c.out), time.Since(began))
	for topic, end := range t.ends {
		t.p.metrics.lag(topic, t.partition, end-t.inputs[topic])
	}
	t.progress()
	t.publishLater(ctx, c.out)
	t.tx.batch = newChanges()
	return nil
}

// publishLater starts the publication of a commit's outputs; awaitPublished gives its result.
func (t *task) publishLater(ctx context.Context, out []broker.Message) {
	if len(out) == 0 {
		return
	}
	done := make(chan error, 1)
	t.published = done
	ctx, release := withGrace(ctx, stopGrace)
	go func() {
		defer release()
		done <- t.publish(ctx, out)
	}()
}

func (t *task) awaitPublished() error {
	if t.published == nil {
		return nil
	}
	err := <-t.published
	t.published = nil
	return err
}

func (t *task) publish(ctx context.Context, out []broker.Message) error {
	if len(out) == 0 {
		return nil
	}
	if err := t.p.producer.Produce(ctx, out...); err != nil {
		return fmt.Errorf("publish %d outputs of %s: %w", len(out), t.p.cfg.Name, err)
	}
	return nil
}

// stopGrace is how long outputs of a decided commit may still be sent after a stop. What
// does not leave in that time leaves at the next start.
const stopGrace = 3 * time.Second

// withGrace gives a context that ends d after ctx does.
func withGrace(ctx context.Context, d time.Duration) (context.Context, func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return longer, func() { stop(); cancel() }
}

func (t *task) close() error {
	if t.store == nil {
		return nil
	}
	return t.store.close()
}
