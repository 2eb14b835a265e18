package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// task is one partition while this process owns it.
type task struct {
	p         *Processor
	partition int
	handler   Handler
	logger    *slog.Logger

	clock timekeeper
	store *store
	log   *owned
	// tenure is this owner's; it does not change.
	tenure Tenure
	tx     *Tx

	inputs    map[string]broker.Place // where to go on, by topic
	published chan error              // result of the publication under way; nil when there is none
	backlog   []broker.Record         // fetched and not folded yet
	more      bool                    // the last batch left timers that are due, or background work
	logs      map[string]broker.LogID // of the inputs, by topic
	ends      map[string]int64        // where each input ended at the last fetch, by topic
	progress  func()                  // tells the processor that a batch was committed
	idle      func()                  // is called when there is nothing to do
}

// open restores the partition and makes this process its owner.
func (p *Processor) open(ctx context.Context, partition int) (*task, error) {
	handler, err := p.deps.NewHandler(partition)
	if err != nil {
		return nil, fmt.Errorf("make the handler of partition %d: %w", partition, err)
	}
	t := &task{
		p: p, partition: partition, handler: handler, ends: map[string]int64{}, logs: map[string]broker.LogID{}, clock: p.newClock(),
		logger: p.deps.Logger.With("processor", p.cfg.Name, "partition", partition),
	}
	began := time.Now()
	if err := t.restore(ctx); err != nil {
		return nil, errors.Join(err, t.close())
	}
	t.inputs = maps.Clone(t.log.last.inputs)
	if t.inputs == nil {
		t.inputs = map[string]broker.Place{}
	}
	t.tenure = Tenure{Log: t.log.fence.Log, Epoch: t.log.fence.Epoch}
	t.tx = &Tx{store: t.store, partition: partition, batch: newChanges(), record: newChanges()}
	t.logger.Info("partition taken over", "epoch", t.log.fence.Epoch, "changelog_offset", t.log.next, "restore_seconds", time.Since(began).Seconds())
	p.metrics.restored(time.Since(began))
	return t, nil
}

func (t *task) close() error {
	if t.store == nil {
		return nil
	}
	return t.store.close()
}
