package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/trainer"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/internal/shop"
)

// registry is package model's, over the stack's broker.
func registry(t *testing.T, stack *shop.Stack) *model.Registry {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := model.Open(ctx, model.Config{URL: t.TempDir(), Names: []string{"gone_30d"}}, model.Deps{Broker: stack.Broker, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, r.Close()); err != nil {
			t.Error(err)
		}
	})
	testkit.Eventually(t, time.Minute, r.Ready)
	return r
}

// A stack with real engines gets a history of a shop, and has a model that serves without anybody asking: dataset, judgement, version, promotion.
func TestImportedHistoryHasAModelByItself(t *testing.T) {
	stack := shop.Start(t)
	d, _, _ := deps(t, stack.API.Features)
	kept := registry(t, stack)
	d.Registry, d.Learner = kept, Pipeline{}
	d.Workspaces = func() []string { return []string{"imported"} }
	s, err := New(quick(), d)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	w := &shop.World{Workspace: "imported"}
	w.Buyers(900, 300, now.Add(-400*shop.Day), func(time.Time) time.Time { return now })
	stack.Send(w)
	stop := runs(t, s) // not before: looks are a second apart here, and a busy machine's import may stand still for that long
	testkit.Eventually(t, 4*time.Minute, func() error {
		run := kept.Runs("imported", "gone_30d")
		if len(run) == 0 || !model.Over(run[0]) || kept.State("imported", "gone_30d").GetChampion() == "" {
			return fmt.Errorf("no champion yet: %v", run)
		}
		return nil
	})
	v := kept.Versions("imported", "gone_30d")[0]
	if v.GetTrigger() != trainer.AsFirst || v.GetMode() != "event_time" || v.GetUnfit() != "" || v.GetMetrics()["auc"] < .6 || v.GetCustomers() < 600 || v.GetRows() < 2000 {
		t.Errorf("%+v", v)
	}
	if b := v.GetBands(); b.GetHigh() <= b.GetMedium() || !strings.Contains(b.GetBecause(), "worth") || !strings.Contains(b.GetBecause(), "customers judged") {
		t.Errorf("%+v", b)
	}
	for _, name := range []string{ModelFile, ProfileFile, CardJSON, CardHTML, CardText} {
		if _, err := kept.File(t.Context(), v, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if end := now.Add(-400 * shop.Day).UnixMilli(); v.GetToMs() > end-30*shop.Day.Milliseconds() || v.GetToMs() < end-45*shop.Day.Milliseconds() {
		t.Errorf("rows up to %s: an outcome beyond the end of the file is believed", time.UnixMilli(v.GetToMs()))
	}
	admin := Admin{s}
	got, err := admin.Evaluate(t.Context(), &churnv1.EvaluateRequest{Workspace: "imported", Target: "gone_30d"})
	var c struct {
		Label string
		Notes []string
	}
	if err != nil || json.Unmarshal(got.GetCard(), &c) != nil || c.Label != "gone_30d" || !strings.Contains(strings.Join(c.Notes, "\n"), "imported") {
		t.Errorf("%v %v", err, c)
	}
	// By hand once more: nothing is newer, so that the same model is no better, and goes into the shadow.
	stream := &told{ctx: t.Context()}
	if err := admin.Train(&churnv1.TrainRequest{Workspace: "imported", Target: "gone_30d"}, stream); err != nil {
		t.Fatal(err)
	}
	last := stream.runs[len(stream.runs)-1]
	if last.GetState() != modelv1.RunState_RUN_STATE_DONE || last.GetPromoted() || last.GetTrigger() != trainer.ByHand || !strings.Contains(last.GetWords(), "not better than the champion") || len(stream.runs) < 4 {
		t.Errorf("%d words, the last %+v", len(stream.runs), last)
	}
	if state := kept.State("imported", "gone_30d"); state.GetChampion() != v.GetId() || !slices.Equal(state.GetChallengers(), []string{last.GetVersion()}) {
		t.Errorf("%+v", state)
	}
	list, err := admin.ListModels(t.Context(), &churnv1.ListModelsRequest{Workspace: "imported"})
	if err != nil || len(list.GetTargets()) != 1 || len(list.GetTargets()[0].GetVersions()) != 2 || list.GetTargets()[0].GetMissing() != "" {
		t.Errorf("%v %v", list, err)
	}
	// A person takes the other, and goes back.
	if _, err := admin.Promote(t.Context(), &churnv1.PromoteRequest{Workspace: "imported", Target: "gone_30d", Version: last.GetVersion()}); err != nil {
		t.Error(err)
	}
	back, err := admin.Rollback(t.Context(), &churnv1.RollbackRequest{Workspace: "imported", Target: "gone_30d"})
	if err != nil || back.GetState().GetChampion() != v.GetId() {
		t.Errorf("%v %v", back, err)
	}
	if _, err := admin.Rollback(t.Context(), &churnv1.RollbackRequest{Workspace: "imported", Target: "gone_30d"}); status.Code(err) != codes.FailedPrecondition {
		t.Error(err)
	}
	stop()
	lives(t, stack, kept, v.GetId())
}
