package training

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/churn/dataset"
)

// Service trains. See the package comment.
type Service struct {
	cfg  Config
	deps Deps

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
	return &Service{cfg: cfg, deps: deps, looks: map[key]look{}}, nil
}

func (s *Service) now() time.Time { return s.deps.Now() }

// reader asks for the tables of a workspace.
func (s *Service) reader(workspace string) *dataset.Reader {
	return &dataset.Reader{Features: s.deps.Features, Catalog: s.deps.Catalog, Forecasts: s.deps.Forecasts, Workspace: workspace, Config: s.cfg.Data, Now: s.deps.Now}
}

// Run trains what is wanted, one model after the other, until ctx ends (nil). What is at work then is handed on.
func (s *Service) Run(ctx context.Context) error {
	changed, tick := s.deps.Registry.Changed(), time.NewTicker(s.cfg.Look)
	defer tick.Stop()
	timed := true
	for {
		if s.deps.Registry.Ready() == nil && s.deps.Owner() {
			s.round(ctx, timed)
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

// round does what is to be done now: what was asked for at any time, the rest when the time has come.
func (s *Service) round(ctx context.Context, timed bool) {
	s.abandoned(ctx)
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
