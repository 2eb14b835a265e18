package training

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/trainer"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/internal/shop"
)

// lives are what becomes of trainings that do not end well, over a stack that has a history and a champion.
func lives(t *testing.T, stack *shop.Stack, kept Registry, champion string) {
	fresh := func(t *testing.T, edit func(*Deps, *learner)) *Service {
		d, _, l := deps(t, stack.API.Features)
		d.Registry, d.Workspaces = kept, func() []string { return []string{"imported"} }
		edit(&d, l)
		cfg := quick()
		cfg.Off = true // what is asked for is done
		s, err := New(cfg, d)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ask := func(t *testing.T, s *Service) {
		if _, err := s.trainer.Request(t.Context(), "imported", "gone_30d"); err != nil {
			t.Fatal(err)
		}
	}
	becomes := func(t *testing.T, state modelv1.RunState, words string) *modelv1.Run {
		t.Helper()
		var run *modelv1.Run
		testkit.Eventually(t, time.Minute, func() error {
			run = kept.Runs("imported", "gone_30d")[0]
			if run.GetState() != state || !strings.Contains(run.GetWords(), words) {
				return fmt.Errorf("%v", run)
			}
			return nil
		})
		if got := kept.State("imported", "gone_30d").GetChampion(); got != champion {
			t.Errorf("%s serves, want %s", got, champion)
		}
		return run
	}
	t.Run("one that fails leaves the champion", func(t *testing.T) {
		s := fresh(t, func(_ *Deps, l *learner) { l.failing = errors.New("a matrix is singular") })
		runs(t, s)
		ask(t, s)
		becomes(t, modelv1.RunState_RUN_STATE_FAILED, "a matrix is singular")
	})
	t.Run("in a workspace that nobody is known of, who asks is told what is missing", func(t *testing.T) {
		s := fresh(t, func(d *Deps, _ *learner) { d.Workspaces = func() []string { return nil } })
		runs(t, s)
		if _, err := s.trainer.Request(t.Context(), "empty", "gone_30d"); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, time.Minute, func() error {
			if run := kept.Runs("empty", "gone_30d")[0]; run.GetState() != modelv1.RunState_RUN_STATE_SKIPPED || !strings.Contains(run.GetWords(), "customers") {
				return fmt.Errorf("%v", run)
			}
			return nil
		})
	})
	t.Run("a stop hands it on", func(t *testing.T) {
		judging := make(chan struct{}, 2)
		s := fresh(t, func(_ *Deps, l *learner) { l.judging = judging })
		stop := runs(t, s)
		ask(t, s)
		<-judging
		stop()
		asked := becomes(t, modelv1.RunState_RUN_STATE_REQUESTED, "was stopped")
		runs(t, fresh(t, func(d *Deps, l *learner) { d.Name, l.failing = "the next", errors.New("it came to the next one") }))
		if run := becomes(t, modelv1.RunState_RUN_STATE_FAILED, "it came to the next one"); run.GetId() != asked.GetId() || run.GetTrigger() != trainer.ByHand {
			t.Errorf("another run: %v", run)
		}
	})
	t.Run("who loses the task stops, and who takes it over says so", func(t *testing.T) {
		judging := make(chan struct{}, 2)
		var owner atomic.Bool
		owner.Store(true)
		s := fresh(t, func(d *Deps, l *learner) { d.Owner, l.judging = owner.Load, judging })
		stop := runs(t, s)
		ask(t, s)
		<-judging
		owner.Store(false)
		<-judging // it gave way
		stop()
		becomes(t, modelv1.RunState_RUN_STATE_RUNNING, "")
		runs(t, fresh(t, func(d *Deps, _ *learner) { d.Name = "the next" }))
		becomes(t, modelv1.RunState_RUN_STATE_FAILED, "ended, or lost the task, in the middle of it")
	})
	t.Run("an unfit version is promoted by force alone", func(t *testing.T) {
		s := fresh(t, func(*Deps, *learner) {})
		v := kept.Versions("imported", "gone_30d")[0]
		v.Unfit = "a column knows the answer"
		files := map[string][]byte{}
		for _, f := range v.GetFiles() {
			files[f.GetName()], _ = kept.File(t.Context(), v, f.GetName())
		}
		v.Files = nil
		unfit, err := kept.Put(t.Context(), v, files)
		if err != nil {
			t.Fatal(err)
		}
		req := &churnv1.PromoteRequest{Workspace: "imported", Target: "gone_30d", Version: unfit.GetId()}
		if _, err := (Admin{s}).Promote(t.Context(), req); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "knows the answer") {
			t.Error(err)
		}
		req.Force = true
		got, err := (Admin{s}).Promote(t.Context(), req)
		if err != nil || !strings.Contains(got.GetState().GetWhy(), "by hand and force") || got.GetState().GetChampion() == champion {
			t.Errorf("%v %v", got, err)
		}
	})
	t.Run("wrong calls are explained", func(t *testing.T) { wrongCalls(t, Admin{fresh(t, func(*Deps, *learner) {})}) })
}

func wrongCalls(t *testing.T, a Admin) {
	for want, call := range map[string]func(context.Context) error{
		`NotFound: there is no target "nobody"; there are ["gone_30d"]`: func(ctx context.Context) error {
			_, err := a.ListModels(ctx, &churnv1.ListModelsRequest{Target: "nobody"})
			return err
		},
		`NotFound: there is no target "no"`: func(ctx context.Context) error {
			return a.Train(&churnv1.TrainRequest{Target: "no"}, &told{ctx: ctx})
		},
		"NotFound: no version of gone_30d serves": func(ctx context.Context) error {
			_, err := a.Evaluate(ctx, &churnv1.EvaluateRequest{Target: "gone_30d"})
			return err
		},
		`InvalidArgument: format: "pdf"`: func(ctx context.Context) error {
			_, err := a.Evaluate(ctx, &churnv1.EvaluateRequest{Target: "gone_30d", Format: "pdf"})
			return err
		},
		`NotFound: there is no version "v77"`: func(ctx context.Context) error {
			_, err := a.Promote(ctx, &churnv1.PromoteRequest{Target: "gone_30d", Version: "v77"})
			return err
		},
		"InvalidArgument: version: name the one": func(ctx context.Context) error {
			_, err := a.Promote(ctx, &churnv1.PromoteRequest{Target: "gone_30d"})
			return err
		},
		"InvalidArgument: target: name the one": func(ctx context.Context) error {
			_, err := a.Rollback(ctx, &churnv1.RollbackRequest{})
			return err
		},
		"FailedPrecondition: no version of gone_30d served before": func(ctx context.Context) error {
			_, err := a.Rollback(ctx, &churnv1.RollbackRequest{Target: "gone_30d"})
			return err
		},
	} {
		err := call(t.Context())
		if got := fmt.Sprintf("%s: %s", status.Code(err), status.Convert(err).Message()); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
