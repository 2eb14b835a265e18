package training

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/dataset"
)

// Service trains. See the package comment.
type Service struct {
	cfg     Config
	deps    Deps
	trainer *trainer.Trainer

	// looks are what was found when a target was looked at last; Run's alone.
	looks map[key]look
}

// key names a model.
type key struct{ workspace, target string }

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
	mine := func(name string) bool {
		_, ok := deps.Forecasts.Target(name)
		return ok
	}
	t, err := trainer.New(trainer.Deps{Logger: deps.Logger, Registry: deps.Registry, Owner: deps.Owner, Name: deps.Name, Mine: mine, Now: deps.Now})
	if err != nil {
		return nil, err
	}
	return &Service{cfg: cfg, deps: deps, trainer: t, looks: map[key]look{}}, nil
}

func (s *Service) now() time.Time { return s.deps.Now() }

// reader asks for the tables of a workspace.
func (s *Service) reader(workspace string) *dataset.Reader {
	return &dataset.Reader{Features: s.deps.Features, Catalog: s.deps.Catalog, Forecasts: s.deps.Forecasts, Workspace: workspace, Config: s.cfg.Data, Now: s.deps.Now}
}

// Run trains what is wanted, one model after the other, until ctx ends (nil). What is at work then is handed on.
func (s *Service) Run(ctx context.Context) error { return s.trainer.Run(ctx, s.cfg.Look, s.round) }

// round does what is to be done now: what was asked for at any time, the rest when the time has come.
func (s *Service) round(ctx context.Context, timed bool) {
	s.asked(ctx)
	for _, w := range s.deps.Workspaces() {
		for place := range s.deps.Forecasts.Targets {
			if ctx.Err() != nil || !s.deps.Owner() {
				return
			}
			s.one(ctx, w, place, timed)
		}
	}
}

// asked trains what somebody asked for.
func (s *Service) asked(ctx context.Context) {
	s.trainer.Asked(ctx, func(run *modelv1.Run) {
		place, _ := s.deps.Forecasts.Target(run.GetName())
		s.train(ctx, place, run)
	})
}

// one trains what was asked for meanwhile, and then a target when it is wanted.
func (s *Service) one(ctx context.Context, workspace string, place int, timed bool) {
	s.asked(ctx)
	if !timed || s.cfg.Off || ctx.Err() != nil {
		return
	}
	if trigger := s.wanted(ctx, workspace, place); trigger != "" {
		s.train(ctx, place, s.trainer.NewRun(workspace, s.deps.Forecasts.Targets[place].Name, trigger))
	}
}

// train runs one training to its end.
func (s *Service) train(ctx context.Context, place int, run *modelv1.Run) {
	a := &attempt{Service: s, workspace: run.GetWorkspace(), place: place, target: &s.deps.Forecasts.Targets[place]}
	ended := s.trainer.Train(ctx, run, func(ctx context.Context, tell func(string, int, int)) (trainer.Made, error) {
		a.tell = tell
		v, err := a.make(ctx, run.GetTrigger())
		if err != nil {
			return trainer.Made{}, err
		}
		return a.decide(ctx, v)
	})
	if ended && !run.GetPromoted() {
		k := key{run.GetWorkspace(), run.GetName()}
		l := s.looks[k]
		l.tried = a.outlook
		s.looks[k] = l
	}
}
