package stream

import (
	"context"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// offsetReporter writes the group's offsets now and then. Nothing is read from
// them: they show the lag to people and tools, and whose log it was.
type offsetReporter struct {
	m         *broker.Membership
	every     time.Duration
	partition int
	logger    *slog.Logger
	last      time.Time
	written   map[string]broker.Place // by the last attempt
	failed    atomic.Bool             // that attempt
	busy      atomic.Bool
}

func newOffsetReporter(m *broker.Membership, cfg Config, partition int, logger *slog.Logger) *offsetReporter {
	return &offsetReporter{m: m, every: cfg.CommitOffsetsEvery, partition: partition, logger: logger}
}

// report writes in the background what has changed, and not while it is still writing. It must also be called when the task has
// nothing to do: the last batch of a burst comes sooner than `every` after the one before it.
func (r *offsetReporter) report(ctx context.Context, inputs map[string]broker.Place) {
	if time.Since(r.last) < r.every || !r.failed.Load() && maps.Equal(inputs, r.written) || !r.busy.CompareAndSwap(false, true) {
		return
	}
	r.last = time.Now()
	snapshot := maps.Clone(inputs)
	r.written = snapshot
	go func() {
		defer r.busy.Store(false)
		r.failed.Store(!r.write(ctx, snapshot))
	}()
}

// final writes once more, for a bounded time.
func (r *offsetReporter) final(ctx context.Context, inputs map[string]broker.Place) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	r.write(ctx, inputs)
}

func (r *offsetReporter) write(ctx context.Context, inputs map[string]broker.Place) (ok bool) {
	for topic, next := range inputs {
		tp := broker.TopicPartition{Topic: topic, Partition: r.partition}
		if err := r.m.Commit(ctx, tp, next.Offset, next.Text()); err != nil && ctx.Err() == nil {
			r.logger.Debug("group offset not written", "error", err)
			return false
		}
	}
	return true
}
