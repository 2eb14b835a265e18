package board

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/bundle"
)

const (
	// loadAgain is when a version that could not be loaded is tried again.
	loadAgain = 10 * time.Second
	// fallbacks is how many champions of before are tried at a start where the present one cannot be loaded.
	fallbacks = 3
	// slack is by how much clocks of those who stamp events and records may differ.
	slack = time.Hour
	// nearly is how many touches a version may still miss when what comes meanwhile begins to be kept for it.
	nearly = 20_000
)

// watch puts champions in place whenever something changed, until ctx ends (nil).
func (b *Boards) watch(ctx context.Context) error {
	if b.deps.Registry == nil {
		<-ctx.Done()
		return nil
	}
	changed, again := b.deps.Registry.Changed(), time.NewTicker(loadAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			b.renew(ctx)
		case <-b.wake:
			b.renew(ctx)
		case <-again.C:
			if b.faulty.Load() {
				b.renew(ctx)
			}
		}
	}
}

// renew looks at every workspace. Before the touches were read to their end it is the follower that does.
func (b *Boards) renew(ctx context.Context) {
	if b.state.Load() != caughtUp {
		return
	}
	b.faulty.Store(false)
	for _, r := range *b.rooms.Load() {
		if ctx.Err() == nil {
			b.champion(ctx, r)
		}
	}
	b.tidy()
}

// champion puts a workspace's champion in place, if it is not there.
func (b *Boards) champion(ctx context.Context, r *room) {
	state := b.deps.Registry.State(r.workspace, bundle.Model)
	id := state.GetChampion()
	b.mu.Lock()
	now := r.serving.id
	back := r.before != nil && r.before.id == id
	switch {
	case id == now:
		r.why, r.asked = "", true
		r.post()
	case back:
		r.why = ""
		r.put(r.before)
	}
	b.mu.Unlock()
	if id == now || back || id == "" {
		return
	}
	began := time.Now()
	v, err := b.open(ctx, r.workspace, id)
	if err == nil {
		err = b.join(ctx, r, v, "")
	}
	b.told(ctx, r, id, err, time.Since(began))
	if err != nil && now == "" {
		b.older(ctx, r, state.GetPrevious(), err.Error())
	}
}

// older puts in place the newest of the champions before that can be loaded, where nothing else serves.
func (b *Boards) older(ctx context.Context, r *room, ids []string, why string) {
	for _, id := range ids[:min(len(ids), fallbacks)] {
		v, err := b.open(ctx, r.workspace, id)
		if err == nil {
			err = b.join(ctx, r, v, why)
		}
		if err == nil {
			return
		}
	}
}

// told says how a load went.
func (b *Boards) told(ctx context.Context, r *room, id string, err error, took time.Duration) {
	if err == nil {
		b.metrics.loads.WithLabelValues("loaded").Inc()
		b.metrics.took.Observe(took.Seconds())
		b.deps.Logger.InfoContext(ctx, "a version of the recommendation models serves", "workspace", r.workspace, "version", id, "took", took)
		return
	}
	if ctx.Err() != nil {
		return
	}
	b.metrics.loads.WithLabelValues("failed").Inc()
	b.faulty.Store(true)
	b.deps.Logger.ErrorContext(ctx, "recommendation models that should serve cannot: what served before does", "workspace", r.workspace, "version", id, "error", err)
	b.mu.Lock()
	defer b.mu.Unlock()
	r.why = err.Error()
	r.post()
}

// first loads a workspace's champion before its first touch is applied, while the process starts: the pass that is under way brings what it misses. mu is held.
func (b *Boards) first(ctx context.Context, r *room, t *recommendationv1.Touch) {
	r.asked = true
	if b.deps.Registry == nil {
		return
	}
	state := b.deps.Registry.State(r.workspace, bundle.Model)
	if state.GetChampion() == "" {
		return
	}
	line := append([]string{state.GetChampion()}, state.GetPrevious()...)
	for i, id := range line[:min(len(line), 1+fallbacks)] {
		began := time.Now()
		v, err := b.open(ctx, r.workspace, id)
		if err == nil {
			b.metrics.loads.WithLabelValues("loaded").Inc()
			b.metrics.took.Observe(time.Since(began).Seconds())
			if (b.lost || v.toMs < b.begins) && t.GetReceivedMs() > v.toMs {
				v.missing = gap(v.toMs)
			}
			r.put(v)
			return
		}
		b.metrics.loads.WithLabelValues("failed").Inc()
		b.deps.Logger.ErrorContext(ctx, "recommendation models that should serve cannot: the version before them does, where there is one", "workspace", r.workspace, "version", id, "error", err)
		if i == 0 {
			r.why = err.Error()
			b.faulty.Store(true)
		}
	}
}

// gap says which touches a version may miss.
func gap(toMs int64) string {
	return fmt.Sprintf("of the touches since %s the oldest may be missing: they are gone from %s, or more than replay_most; train anew", time.UnixMilli(toMs).UTC().Format(time.RFC3339), topics.Touches.Name)
}

// join brings a version what came since its training, and puts it in place; why says what is wrong with the champion where it is another.
func (b *Boards) join(ctx context.Context, r *room, v *version, why string) error {
	part, err := b.since(ctx, time.UnixMilli(v.toMs).Add(-slack))
	if err != nil {
		return err
	}
	if part.lost {
		v.missing = gap(v.toMs)
	}
	known := seen{}
	for {
		to, tailing := b.meet(r, part.from)
		if err := b.replay(ctx, r, v, known, part.from, to); err != nil {
			b.leave(r)
			return err
		}
		if tailing {
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := r.tail
	r.tail = nil
	if t.over {
		return errors.New("more touches came than it could take meanwhile")
	}
	for _, one := range t.list {
		if known.fresh(one.touch) {
			v.touch(one.touch, one.item)
		}
	}
	r.why = why
	r.put(v)
	return nil
}

// meet gives how far to read, and begins to keep what comes behind it when that is near.
func (b *Boards) meet(r *room, from map[int]int64) (to map[int]int64, tailing bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := int64(0)
	for p, end := range b.places {
		missing += max(end-from[p], 0)
	}
	if tailing = missing <= nearly; tailing {
		r.tail = &tail{}
	}
	return maps.Clone(b.places), tailing
}

// leave ends what meet began.
func (b *Boards) leave(r *room) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.tail = nil
}

// replay gives a version what stands between offsets, and moves from to the end of it.
func (b *Boards) replay(ctx context.Context, r *room, v *version, known seen, from, to map[int]int64) error {
	open := map[int]bool{}
	list := map[int]int64{}
	for p, end := range to {
		if from[p] < end {
			open[p], list[p] = true, from[p]
		}
	}
	if len(open) == 0 {
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := b.deps.Broker.Follow(ctx, broker.FollowConfig{Name: "recommendation.replay", Gaps: broker.GapSkip}, starts(list)...)
	for len(open) > 0 {
		batch, err := log.Next(ctx)
		if err != nil {
			return fmt.Errorf("read %s since its training: %w", topics.Touches.Name, err)
		}
		p := batch.At.Partition
		records := batch.Records
		for len(records) > 0 && records[len(records)-1].Offset >= to[p] {
			records = records[:len(records)-1]
		}
		b.learn(ctx, r, v, known, records)
		if batch.Next >= to[p] {
			delete(open, p)
			from[p] = to[p]
		}
	}
	return nil
}

// learn gives a version the touches of its workspace.
func (b *Boards) learn(ctx context.Context, r *room, v *version, known seen, records []broker.Record) {
	for _, t := range b.decode(ctx, records) {
		if !known.fresh(t) || t.GetWorkspace() != r.workspace {
			continue
		}
		if item, ok := r.shelf.Ensure(t.GetItemId()); ok {
			v.touch(t, item)
		}
	}
}

// tidy removes copies that no version has, and counts who serves.
func (b *Boards) tidy() {
	b.mu.Lock()
	defer b.mu.Unlock()
	by := map[string]float64{"champion": 0, "older": 0, "none": 0}
	for _, r := range *b.rooms.Load() {
		keep := map[string]bool{}
		for _, v := range r.versions() {
			for _, name := range v.copies {
				keep[name] = true
			}
		}
		b.copies(r.workspace).Keep(keep)
		switch {
		case r.serving.id == "":
			by["none"]++
		case r.why != "":
			by["older"]++
		default:
			by["champion"]++
		}
	}
	for name, n := range by {
		b.metrics.serving.WithLabelValues(name).Set(n)
	}
}
