package board

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// seen has the highest sequence of each partition of the task that tells touches.
type seen map[int32]int64

// fresh says that a touch was not there before.
func (s seen) fresh(t *recommendationv1.Touch) bool {
	if last, ok := s[t.GetPartition()]; ok && t.GetSequence() <= last {
		return false
	}
	s[t.GetPartition()] = t.GetSequence()
	return true
}

// span is a part of touches.v1: from offsets up to others, by partition. lost says that touches before it are not there, or are too many.
type span struct {
	from, to map[int]int64
	lost     bool
}

// since is what stands on the topic since a moment, but at most Config.ReplayMost records, the newest.
func (b *Boards) since(ctx context.Context, at time.Time) (span, error) {
	from, held, err := b.deps.Broker.Since(ctx, topics.Touches.Name, at)
	if err != nil {
		return span{}, fmt.Errorf("find where to begin in %s: %w", topics.Touches.Name, err)
	}
	s := span{from: from, to: map[int]int64{}}
	most := max(b.cfg.ReplayMost/int64(max(len(held), 1)), 1)
	for p, has := range held {
		s.to[p] = has.Next
		if first := has.Next - most; first > from[p] {
			from[p], s.lost = first, true
		}
		if from[p] == has.First && has.First > 0 {
			s.lost = true // retention may have taken some
		}
	}
	return s, nil
}

// follow reads touches until ctx ends (nil).
func (b *Boards) follow(ctx context.Context) error {
	late := time.AfterFunc(b.cfg.StartWithin, b.beLate)
	defer late.Stop()
	if err := b.await(ctx); err != nil {
		return nil //nolint:nilerr // ctx ended
	}
	var all span
	begins := b.deps.Now().Add(-b.cfg.Replay)
	for pauses := (retry.Backoff{}); ; {
		var err error
		if all, err = b.since(ctx, begins); err == nil {
			break
		}
		b.deps.Logger.WarnContext(ctx, "the live models cannot begin; trying again", "error", err)
		if pauses.Wait(ctx) != nil {
			return nil
		}
	}
	b.mu.Lock()
	b.begins, b.lost, b.places = begins.UnixMilli(), all.lost, all.from
	b.mu.Unlock()
	return b.pump(ctx, all)
}

// beLate ends the time in which a start keeps the process unready.
func (b *Boards) beLate() {
	if b.state.CompareAndSwap(behind, late) {
		b.deps.Logger.Error("the live models have not read the touches up to now and serve all the same, with what they know; start_within is over", "start_within", b.cfg.StartWithin)
	}
}

// await waits until the registry is read, for StartWithin at most: a model that is known can take its touches in the first pass.
func (b *Boards) await(ctx context.Context) error {
	for b.deps.Registry != nil && b.deps.Registry.Ready() != nil && b.state.Load() == behind {
		if err := retry.Sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func starts(from map[int]int64) (list []broker.Start) {
	for p, offset := range from {
		list = append(list, broker.Start{At: broker.TopicPartition{Topic: topics.Touches.Name, Partition: p}, Place: broker.Place{Offset: offset}})
	}
	return list
}

// pump applies touches from a place on, for ever.
func (b *Boards) pump(ctx context.Context, all span) error {
	log := b.deps.Broker.Follow(ctx, broker.FollowConfig{Name: "recommendation.board", Gaps: broker.GapSkip}, starts(all.from)...)
	for b.caught(all.to); ; b.caught(all.to) {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("follow %s: %w", topics.Touches.Name, err)
		}
		b.apply(ctx, batch)
	}
}

// caught notes that all which was there at the start was read.
func (b *Boards) caught(to map[int]int64) {
	if b.state.Load() == caughtUp {
		return
	}
	for p, end := range to {
		if b.places[p] < end { // only this goroutine writes it
			return
		}
	}
	b.state.Store(caughtUp)
	b.poke()
}

// apply applies a batch.
func (b *Boards) apply(ctx context.Context, batch broker.Batch) {
	touches := b.decode(ctx, batch.Records)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range touches {
		b.take(ctx, t)
	}
	b.places[batch.At.Partition] = batch.Next
}

// take applies a touch; mu is held.
func (b *Boards) take(ctx context.Context, t *recommendationv1.Touch) {
	result := "taken"
	if !b.seen.fresh(t) {
		b.metrics.touches.WithLabelValues("copy").Inc()
		return
	}
	r, err := b.room(t.GetWorkspace())
	if err != nil { // its settings were good when the boards were made
		b.deps.Logger.ErrorContext(ctx, "a workspace has no live models", "workspace", t.GetWorkspace(), "error", err)
		return
	}
	if !r.asked && b.state.Load() != caughtUp { // so that this pass brings it what it misses
		b.first(ctx, r, t)
	}
	if !r.touch(t) {
		result = "full"
	}
	b.metrics.touches.WithLabelValues(result).Inc()
}

// decode reads the touches of records, those that can be read.
func (b *Boards) decode(ctx context.Context, records []broker.Record) []*recommendationv1.Touch {
	out := make([]*recommendationv1.Touch, 0, len(records))
	for i := range records {
		t := &recommendationv1.Touch{}
		err := proto.Unmarshal(records[i].Value, t)
		if err == nil && (t.GetWorkspace() == "" || t.GetItemId() == "") {
			err = errors.New("it names no workspace or no item")
		}
		if err != nil {
			b.metrics.touches.WithLabelValues("bad").Inc()
			b.deps.Logger.ErrorContext(ctx, "a touch cannot be read and is left out", "topic", topics.Touches.Name, "offset", records[i].Offset, "error", err)
			continue
		}
		out = append(out, t)
	}
	return out
}
