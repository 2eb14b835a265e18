package stream

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
)

// commit decides the transaction: see the state machine, steps 5 to 8.
func (t *task) commit(ctx context.Context, n int, began time.Time) error {
	if err := t.awaitPublished(); err != nil {
		return err
	}
	c := t.tx.batch
	next := commit{seq: t.log.last.seq + 1, inputs: maps.Clone(t.inputs), outputs: c.out}
	if err := t.log.write(ctx, c, next, t.store); err != nil {
		return err
	}
	if err := t.store.apply(c, t.log.meta()); err != nil {
		return err
	}
	t.p.metrics.committed(n, len(c.kv), len(c.out), time.Since(began))
	for topic, end := range t.ends {
		t.p.metrics.lag(topic, t.partition, end-t.inputs[topic].Offset)
	}
	t.progress()
	t.publishLater(ctx, c.out)
	t.tx.batch = newChanges()
	return nil
}

// lookEvery is how often an owner that writes nothing looks whether somebody else did. What a sleeper wrote has to be buried before a compaction
// can take it for the truth: see broker.compactionLag.
const lookEvery = time.Minute

// atRest is a step without anything to do.
func (t *task) atRest(ctx context.Context) error {
	t.idle()
	if time.Since(t.log.seen) < lookEvery {
		return nil
	}
	return t.log.look(ctx)
}

// publishLater starts the publication of a commit's outputs; awaitPublished gives its result.
func (t *task) publishLater(ctx context.Context, out []broker.Message) {
	if len(out) == 0 {
		return
	}
	done := make(chan error, 1)
	t.published = done
	ctx, release := retry.Linger(ctx, stopGrace)
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
