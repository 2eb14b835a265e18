package board

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/learn"
	"github.com/freshet/freshet/services/recommendation/trend"
)

// Boards are those of all workspaces. See the package comment.
type Boards struct {
	cfg     Config
	deps    Deps
	metrics *metrics
	nobody  *Board // of a workspace that nobody knows

	rooms atomic.Pointer[map[string]*room]
	state atomic.Int32 // of the start
	wake  chan struct{}

	mu     sync.Mutex    // held while touches are applied and while versions are put in place
	places map[int]int64 // by partition of touches.v1: what was applied ends there
	seen   seen
	begins int64       // Unix milliseconds: older touches were not asked for at the start
	lost   bool        // nor all of those since
	faulty atomic.Bool // something is to be tried again
}

// The states of a start.
const (
	behind int32 = iota
	late         // StartWithin is over
	caughtUp
)

// New makes the boards. It reads nothing yet: Run does.
func New(cfg Config, deps Deps) (*Boards, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("boards of recommendation: %w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Learn == nil {
		o := learn.Default()
		deps.Learn = &o
	}
	if deps.Trend == nil {
		o := trend.Default()
		deps.Trend = &o
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of boards: %w", err)
	}
	b := &Boards{cfg: cfg, deps: deps, metrics: m, wake: make(chan struct{}, 1), places: map[int]int64{}, seen: seen{}}
	b.rooms.Store(&map[string]*room{})
	none, err := b.newRoom("")
	if err != nil {
		return nil, fmt.Errorf("boards of recommendation: %w", err)
	}
	b.nobody = none.board.Load()
	return b, nil
}

// Run follows touches and models until ctx ends (nil).
func (b *Boards) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.follow(ctx) })
	g.Go(func() error { return b.watch(ctx) })
	g.Go(func() error { return b.sweep(ctx) })
	return g.Wait()
}

// Ready is nil once all touches that were there at the start were read, or Config.StartWithin is over.
func (b *Boards) Ready() error {
	if b.state.Load() == behind {
		return errors.New("the live models have not read the touches up to now")
	}
	return nil
}

// Words say what is wrong with all boards: that touches are still to be read though the process is ready. Empty: nothing is. Board.Words is about one of them.
func (b *Boards) Words() string {
	if b.state.Load() == caughtUp {
		return ""
	}
	return "the live models have not read the touches up to now: what is live knows only the older ones"
}

// Of gives a workspace's board. It is never nil; keep it for one answer only. Where nobody knows the workspace it has nothing to say.
func (b *Boards) Of(workspace string) *Board {
	if r := (*b.rooms.Load())[workspace]; r != nil {
		return r.board.Load()
	}
	if b.deps.Registry != nil && b.deps.Registry.State(workspace, bundle.Model).GetChampion() != "" {
		if b.mu.TryLock() { // while a start loads models nobody waits for it
			defer b.mu.Unlock()
			if r, err := b.room(workspace); err == nil {
				return r.board.Load()
			}
		}
	}
	return b.nobody
}

// poke has champions looked at soon.
func (b *Boards) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// room is a workspace's, made when it is not there; mu is held.
func (b *Boards) room(workspace string) (*room, error) {
	all := *b.rooms.Load()
	if r := all[workspace]; r != nil {
		return r, nil
	}
	r, err := b.newRoom(workspace)
	if err != nil {
		return nil, err
	}
	next := maps.Clone(all)
	next[workspace] = r
	b.rooms.Store(&next)
	b.poke()
	return r, nil
}

// sweep ends the visits that have paused, for times when nobody comes, until ctx ends (nil).
func (b *Boards) sweep(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if b.state.Load() == caughtUp {
				b.endVisits(b.deps.Now().UnixMilli())
			}
		}
	}
}

func (b *Boards) endVisits(nowMs int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range *b.rooms.Load() {
		for _, v := range r.versions() {
			v.learner.Sweep(nowMs)
		}
	}
}

// copies are those of a workspace's files.
func (b *Boards) copies(workspace string) model.Copies {
	return model.Copies{Dir: filepath.Join(b.cfg.Dir, "copies", url.PathEscape(workspace))}
}
