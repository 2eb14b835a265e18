package training

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// Service trains. See the package comment.
type Service struct {
	cfg     Config
	deps    Deps
	trainer *trainer.Trainer
	// looks are what was found when a workspace was looked at last; Run's alone.
	looks map[string]look
}

// look is how many touches there were.
type look struct {
	seen bool
	now  int64
	// tried is how many there were at the last training that gave no model to serve; -1 before.
	tried int64
}

const (
	// again is after how long a first training that failed is tried again.
	again = time.Hour
	// grown is by how much touches must have grown for another try.
	grown = 1.2
	// settled is by how much there may be more than at the last look: beyond it a history is coming in, and a training of half of it would be for nothing.
	settled = 1.02
)

// New checks what it is given. It starts nothing.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), deps.check()); err != nil {
		return nil, fmt.Errorf("configuration of training:\n%w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Workspaces == nil {
		deps.Workspaces = func() []string { return []string{customer.DefaultWorkspace} }
	}
	t, err := trainer.New(trainer.Deps{
		Logger: deps.Logger, Registry: deps.Registry, Owner: deps.Owner, Name: deps.Name, Mine: func(name string) bool { return name == Model }, Now: deps.Now,
	})
	if err != nil {
		return nil, err
	}
	return &Service{cfg: cfg, deps: deps, trainer: t, looks: map[string]look{}}, nil
}

func (s *Service) now() time.Time { return s.deps.Now() }

// Run trains what is wanted, one workspace after the other, until ctx ends (nil). What is at work then is handed on.
func (s *Service) Run(ctx context.Context) error { return s.trainer.Run(ctx, s.cfg.Look, s.round) }

// round does what is to be done now: what was asked for at any time, the rest when the time has come.
func (s *Service) round(ctx context.Context, timed bool) {
	s.trainer.Asked(ctx, func(run *modelv1.Run) { s.train(ctx, run) })
	if !timed || s.cfg.Off {
		return
	}
	for _, w := range s.deps.Workspaces() {
		if ctx.Err() != nil || !s.deps.Owner() {
			return
		}
		if trigger := s.wanted(ctx, w); trigger != "" {
			s.train(ctx, s.trainer.NewRun(w, Model, trigger))
		}
		s.trainer.Asked(ctx, func(run *modelv1.Run) { s.train(ctx, run) })
	}
}

// train runs one training to its end.
func (s *Service) train(ctx context.Context, run *modelv1.Run) {
	a := &attempt{Service: s, workspace: run.GetWorkspace(), trigger: run.GetTrigger()}
	ended := s.trainer.Train(ctx, run, func(ctx context.Context, tell func(string, int, int)) (trainer.Made, error) {
		a.tell = tell
		return a.all(ctx)
	})
	if l := s.looks[a.workspace]; ended && !run.GetPromoted() {
		l.tried = l.now
		s.looks[a.workspace] = l
	}
}

// wanted says whether a workspace is to be trained now, and why; empty when it is not.
func (s *Service) wanted(ctx context.Context, workspace string) string {
	run, champion := s.trainer.Latest(workspace, Model), s.trainer.Champion(workspace, Model)
	switch {
	case champion == nil && s.first(ctx, workspace, run):
		return trainer.AsFirst
	case champion != nil && trainer.Due(trainer.Night(s.cfg.At, s.now()), champion, run):
		return trainer.ByNight
	case champion != nil && s.trainer.Drifts(champion, run, s.cfg.DriftEvery, driftAgain, func() (string, bool) { return s.drifts(ctx, workspace, champion) }):
		return trainer.ForDrift
	}
	return ""
}

// first says whether a workspace without a champion is worth a training now: when there are touches and they have ceased to come in by the thousand.
func (s *Service) first(ctx context.Context, workspace string, run *modelv1.Run) bool {
	if run.GetState() == modelv1.RunState_RUN_STATE_FAILED && s.now().Sub(time.UnixMilli(run.GetAtMs())) < again {
		return false
	}
	n, err := s.deps.Touches.Count(ctx, workspace, s.now().Add(-s.cfg.Span), s.now())
	if err != nil {
		if ctx.Err() == nil {
			s.deps.Logger.Warn("a workspace without a model could not be looked at", "error", err)
		}
		return false
	}
	before, ok := s.looks[workspace]
	if !ok {
		before.tried = -1
	}
	now := before
	now.seen, now.now = true, n
	s.looks[workspace] = now
	switch {
	case n == 0:
		s.trainer.Skip(ctx, workspace, Model, run, "nobody has touched an item yet")
		return false
	case !before.seen || float64(n) > settled*float64(before.now):
		return false // what is coming in is waited for: the next look tells
	}
	return now.tried < 0 || float64(n) >= grown*float64(now.tried) || time.UnixMilli(run.GetBeganMs()).Before(trainer.Night(s.cfg.At, s.now()))
}
