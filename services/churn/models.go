package churn

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/wire"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/row"
)

// The files of a version: the model, and what its training's rows looked like.
const (
	ModelFile   = "model.bin"
	ProfileFile = "profile.json"
)

// Registry is what churn needs of package model's.
type Registry interface {
	// State is which versions of a model are live; nil before the first.
	State(workspace, name string) *modelv1.State
	// Versions are a model's, the newest first.
	Versions(workspace, name string) []*modelv1.Version
	// Runs are a model's latest trainings.
	Runs(workspace, name string) []*modelv1.Run
	// File reads a file of a version, its hash checked.
	File(ctx context.Context, v *modelv1.Version, name string) ([]byte, error)
	// Changed tells that something is not what it was.
	Changed() <-chan struct{}
	// Ready is nil once everything that stands on the topic was read.
	Ready() error
}

const (
	// loadWithin bounds what loading one workspace's models may take when it is first asked for.
	loadWithin = 10 * time.Second
	// loadAgain is when a model that could not be loaded is tried again.
	loadAgain = 10 * time.Second
	// fallbacks is how many champions of before are tried when the present one cannot be loaded.
	fallbacks = 3
)

// loader is the Models of a registry: it loads what is live, and makes a new board whenever that changes.
type loader struct {
	registry Registry // nil: no models
	decode   func([]byte) (Model, error)
	tallies  func(profile []byte, columns []row.Column) (func() Tally, error)
	book     *book
	files    model.Copies
	logger   *slog.Logger
	metrics  *metrics

	boards atomic.Pointer[map[string]*Board]

	mu     sync.Mutex
	loaded map[string]*Bound
	faulty bool // something is to be tried again
}

func newLoader(cfg Config, b *book, deps Deps, m *metrics) *loader {
	l := &loader{registry: deps.Registry, decode: deps.Decode, tallies: deps.NewTallies, book: b, files: model.Copies{Dir: filepath.Join(cfg.Dir, "copies")}, logger: deps.Logger, metrics: m,
		loaded: map[string]*Bound{}}
	l.boards.Store(&map[string]*Board{})
	return l
}

// Board implements Models.
func (l *loader) Board(workspace string) *Board {
	if b, ok := (*l.boards.Load())[workspace]; ok {
		return b
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := (*l.boards.Load())[workspace]; ok {
		return b
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadWithin) // whoever asks has no context: a transaction, or a read that is over soon
	defer cancel()
	b := l.make(ctx, workspace)
	l.post(map[string]*Board{workspace: b})
	return b
}

// post shows boards in place of those of their workspaces; mu is held.
func (l *loader) post(made map[string]*Board) {
	next := map[string]*Board{}
	for w, b := range *l.boards.Load() {
		next[w] = b
	}
	for w, b := range made {
		next[w] = b
	}
	l.boards.Store(&next)
	l.metrics.serving(l.book, next)
}

// await waits until the registry is read.
func (l *loader) await(ctx context.Context) error {
	for l.registry != nil && l.registry.Ready() != nil {
		if err := retry.Sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// run makes new boards whenever something changed, until ctx ends (nil). What could not be loaded is tried again.
func (l *loader) run(ctx context.Context) error {
	if l.registry == nil {
		<-ctx.Done()
		return nil
	}
	changed, again := l.registry.Changed(), time.NewTicker(loadAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			l.renew(ctx)
		case <-again.C:
			l.mu.Lock()
			faulty := l.faulty
			l.mu.Unlock()
			if faulty {
				l.renew(ctx)
			}
		}
	}
}

// renew makes the boards of all workspaces that were asked for.
func (l *loader) renew(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faulty = false
	made := map[string]*Board{}
	for w, old := range *l.boards.Load() {
		if b := l.make(ctx, w); !b.equal(old) {
			made[w] = b
		}
	}
	if ctx.Err() == nil && len(made) > 0 {
		l.post(made)
		l.forget()
	}
}

// make makes a workspace's board; mu is held.
func (l *loader) make(ctx context.Context, workspace string) *Board {
	b := &Board{}
	var text []byte
	for i := range l.book.set.Targets {
		s := l.seat(ctx, workspace, l.book.set.Targets[i].Name)
		b.Seats = append(b.Seats, s)
		switch {
		case s.Champion != nil:
			text = wire.AppendText(text, s.Champion.Version)
			text = binary.BigEndian.AppendUint64(text, math.Float64bits(s.Champion.High))
			text = binary.BigEndian.AppendUint64(text, math.Float64bits(s.Champion.Medium))
		case s.Held:
			text = append(text, 0, 1)
		default:
			text = append(text, 0, 0)
		}
	}
	b.Mark = xxhash.Sum64(text)
	return b
}

// seat finds who serves a target.
func (l *loader) seat(ctx context.Context, workspace, target string) Seat {
	if l.registry == nil {
		return Seat{Missing: "no model yet"}
	}
	state := l.registry.State(workspace, target)
	s := Seat{}
	for _, id := range state.GetChallengers() {
		if c, err := l.bound(ctx, workspace, target, id); err == nil {
			s.Challengers = append(s.Challengers, c)
		}
	}
	if state.GetChampion() == "" {
		s.Missing = "no model yet" + l.why(workspace, target)
		return s
	}
	line := append([]string{state.GetChampion()}, state.GetPrevious()...)
	for i, id := range line[:min(len(line), 1+fallbacks)] {
		c, err := l.bound(ctx, workspace, target, id)
		if err == nil {
			s.Champion, s.Held = c, false
			return s // Missing stays where this is not the champion
		}
		if i == 0 {
			s.Missing, s.Held = err.Error(), !isUnbound(err)
			l.logger.Error("a model that should serve cannot: the one before it does, where there is one", "workspace", workspace, "target", target, "version", id, "error", err)
		}
	}
	return s
}

// why says why there is no model, as the latest training found.
func (l *loader) why(workspace, target string) string {
	for _, run := range l.registry.Runs(workspace, target) {
		if s := run.GetState(); s == modelv1.RunState_RUN_STATE_SKIPPED || s == modelv1.RunState_RUN_STATE_FAILED {
			return ": " + run.GetWords()
		}
	}
	return ""
}

// bound is a version, loaded and bound to the catalogue's columns.
func (l *loader) bound(ctx context.Context, workspace, target, id string) (*Bound, error) {
	key := string(wire.AppendText(wire.AppendText(wire.AppendText(nil, workspace), target), id))
	if b, ok := l.loaded[key]; ok {
		return b, nil
	}
	b, err := l.load(ctx, workspace, target, id)
	if err != nil {
		l.faulty = l.faulty || !isUnbound(err)
		l.metrics.loads.WithLabelValues("failed").Inc()
		return nil, err
	}
	l.metrics.loads.WithLabelValues("loaded").Inc()
	l.loaded[key] = b
	return b, nil
}

func (l *loader) load(ctx context.Context, workspace, target, id string) (*Bound, error) {
	all := l.registry.Versions(workspace, target)
	i := slices.IndexFunc(all, func(v *modelv1.Version) bool { return v.GetId() == id })
	if i < 0 {
		return nil, fmt.Errorf("model %s is live and is not known", id)
	}
	data, kept, err := l.files.Get(ctx, l.registry, all[i], ModelFile)
	if err != nil {
		return nil, fmt.Errorf("model %s cannot be loaded: %w", id, err)
	}
	m, err := l.decode(data)
	if err != nil {
		return nil, fmt.Errorf("model %s cannot be read: %w", id, err)
	}
	if _, err := m.Bind(l.book.plan.Columns()); err != nil {
		return nil, unbound{fmt.Errorf("model %s does not fit the catalogue of features: %w", id, err)}
	}
	bands := all[i].GetBands()
	b := NewBound(id, bands.GetHigh(), bands.GetMedium(), m)
	b.kept = []string{kept}
	l.profile(ctx, all[i], b)
	return b, nil
}

// profile has live customers counted for a version that has a profile. One that cannot be read keeps nobody from being scored.
func (l *loader) profile(ctx context.Context, v *modelv1.Version, b *Bound) {
	if l.tallies == nil {
		return
	}
	data, kept, err := l.files.Get(ctx, l.registry, v, ProfileFile)
	if err == nil {
		b.kept = append(b.kept, kept)
		b.NewTally, err = l.tallies(data, l.book.plan.Columns())
	}
	if err != nil {
		l.logger.Warn("customers are not counted for a model: its drift will not be known", "workspace", v.GetWorkspace(), "target", v.GetName(), "version", v.GetId(), "error", err)
	}
}

// unbound says that a model needs what the catalogue does not have: trying again mends nothing.
type unbound struct{ error }

func isUnbound(err error) bool {
	_, ok := err.(unbound) //nolint:errorlint // made here and handed on as it is
	return ok
}

// forget drops models and files that no board has any more; mu is held.
func (l *loader) forget() {
	used, keep := map[*Bound]bool{}, map[string]bool{}
	for _, b := range *l.boards.Load() {
		for i := range b.Seats {
			used[b.Seats[i].Champion] = true
			for _, c := range b.Seats[i].Challengers {
				used[c] = true
			}
		}
	}
	for key, b := range l.loaded {
		if !used[b] {
			delete(l.loaded, key)
		} else {
			for _, name := range b.kept {
				keep[name] = true
			}
		}
	}
	l.files.Keep(keep)
}

// equal says that nothing is different for whoever looks at the boards.
func (b *Board) equal(o *Board) bool {
	return b.Mark == o.Mark && slices.EqualFunc(b.Seats, o.Seats, func(x, y Seat) bool {
		return x.Champion == y.Champion && x.Missing == y.Missing && x.Held == y.Held && slices.Equal(x.Challengers, y.Challengers)
	})
}
