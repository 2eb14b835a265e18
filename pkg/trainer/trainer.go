package trainer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// What begins a training.
const (
	ByHand   = "hand"
	ByNight  = "schedule"
	AsFirst  = "first"
	ForDrift = "drift"
)

// Registry keeps versions, what is live, and trainings: package model has it. What it gives are copies.
type Registry interface {
	Put(ctx context.Context, v *modelv1.Version, files map[string][]byte) (*modelv1.Version, error)
	File(ctx context.Context, v *modelv1.Version, name string) ([]byte, error)
	// Versions are the newest first.
	Versions(workspace, name string) []*modelv1.Version
	// State is nil before the first.
	State(workspace, name string) *modelv1.State
	Promote(ctx context.Context, workspace, name, id, why string) (*modelv1.State, error)
	Rollback(ctx context.Context, workspace, name, why string) (*modelv1.State, error)
	Shadow(ctx context.Context, workspace, name, id, why string) (*modelv1.State, error)
	// Tell refuses a training that is asked for while another one of the model is not over.
	Tell(ctx context.Context, run *modelv1.Run) error
	// Runs are the latest one, and the latest that made a version where that is another.
	Runs(workspace, name string) []*modelv1.Run
	// Abandoned are the runs at work that are not owner's.
	Abandoned(owner string) []*modelv1.Run
	// Waiting are the runs that were asked for and not begun, of all workspaces.
	Waiting() []*modelv1.Run
	// Changed is a channel of the caller's own.
	Changed() <-chan struct{}
	Ready() error
}

// Deps are what the process gives. All but Now are needed.
type Deps struct {
	Logger   *slog.Logger
	Registry Registry
	// Owner says that this process is the one that trains. It may change at any time.
	Owner func() bool
	// Name names this process, and no other, nor itself started anew.
	Name string
	// Mine says that a model, by its name, is one that this trainer trains.
	Mine func(model string) bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Trainer runs trainings. Run and what it calls is one goroutine's; what admin.go has is for any number.
type Trainer struct {
	Deps
	drifts drifts
}

// New checks what it is given. It starts nothing.
func New(deps Deps) (*Trainer, error) {
	if deps.Logger == nil || deps.Registry == nil || deps.Owner == nil || deps.Mine == nil || deps.Name == "" {
		return nil, errors.New("a trainer needs a logger, registry, owner, name, and to know which models are its own")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Trainer{Deps: deps, drifts: drifts{}}, nil
}

// Run calls round until ctx ends (nil): when something of models changed, and every so often, timed then. Runs that were cut off have been told of before. round is
// called by the owner alone, and has to ask for itself whether it still is.
func (t *Trainer) Run(ctx context.Context, every time.Duration, round func(ctx context.Context, timed bool)) error {
	changed, tick := t.Registry.Changed(), time.NewTicker(every)
	defer tick.Stop()
	timed := true
	for {
		if t.Registry.Ready() == nil && t.Owner() {
			t.abandoned(ctx)
			round(ctx, timed)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			timed = false
		case <-tick.C:
			timed = true
		}
	}
}

// Asked are the runs that somebody asked for, of any workspace, also one that nobody is known of yet: who asked is told what is missing.
func (t *Trainer) Asked(ctx context.Context, train func(run *modelv1.Run)) {
	for _, run := range t.Registry.Waiting() {
		if ctx.Err() != nil || !t.Owner() {
			return
		}
		if t.Mine(run.GetName()) {
			train(run)
		}
	}
}

// Latest is a model's latest run; nil before the first.
func (t *Trainer) Latest(workspace, name string) *modelv1.Run {
	if runs := t.Registry.Runs(workspace, name); len(runs) > 0 {
		return runs[0]
	}
	return nil
}

// Champion is the version that serves; nil when none does.
func (t *Trainer) Champion(workspace, name string) *modelv1.Version {
	return t.Find(workspace, name, t.Registry.State(workspace, name).GetChampion())
}

// Find is a version by its id; nil when there is none.
func (t *Trainer) Find(workspace, name, id string) *modelv1.Version {
	all := t.Registry.Versions(workspace, name)
	if i := slices.IndexFunc(all, func(v *modelv1.Version) bool { return v.GetId() == id }); i >= 0 {
		return all[i]
	}
	return nil
}

// CheckTime says what is wrong with the time of a day, such as 02:30.
func CheckTime(at string) error {
	if _, err := time.Parse("15:04", at); err != nil {
		return fmt.Errorf("%q is no time of the day: write 02:30", at)
	}
	return nil
}

// Night is the latest moment at a time of the day, UTC, that is not after now. A time that CheckTime refuses gives the zero time.
func Night(at string, now time.Time) time.Time {
	of, err := time.Parse("15:04", at)
	if err != nil {
		return time.Time{}
	}
	now = now.UTC()
	night := time.Date(now.Year(), now.Month(), now.Day(), of.Hour(), of.Minute(), 0, 0, time.UTC)
	if night.After(now) {
		night = night.AddDate(0, 0, -1)
	}
	return night
}

// Due says that a model that has a champion has not been trained since a night began; run is its latest, nil for none.
func Due(night time.Time, champion *modelv1.Version, run *modelv1.Run) bool {
	if run == nil {
		return time.UnixMilli(champion.GetMadeMs()).Before(night)
	}
	return time.UnixMilli(max(run.GetBeganMs(), run.GetAskedMs())).Before(night)
}
