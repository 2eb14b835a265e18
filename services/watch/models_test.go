package watch

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// trainings is a registry that a test tells of trainings.
type trainings struct {
	*model.Registry
	t *testing.T
}

func newTrainings(t *testing.T, b *broker.Client) trainings {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := model.Open(ctx, model.Config{URL: t.TempDir()}, model.Deps{Broker: b, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = r.Close()
	})
	return trainings{r, t}
}

func (r trainings) tell(id string, state modelv1.RunState, words string) {
	r.t.Helper()
	if err := r.Tell(r.t.Context(), &modelv1.Run{Workspace: "shop", Name: "churn_risk_60d", Id: id, State: state, Words: words}); err != nil {
		r.t.Fatal(err)
	}
}

// serve puts a version and promotes it.
func (r trainings) serve() {
	r.t.Helper()
	v, err := r.Put(r.t.Context(), &modelv1.Version{Workspace: "shop", Name: "churn_risk_60d"}, map[string][]byte{"model.bin": []byte("trees")})
	if err == nil {
		_, err = r.Promote(r.t.Context(), "shop", "churn_risk_60d", v.GetId(), "a test")
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestATrainingThatFailedIsToldUntilOneSucceeds(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	r := newTrainings(t, b)
	w := newWatch(t, b, nil)
	w.run(t)
	r.tell("1", modelv1.RunState_RUN_STATE_RUNNING, "reads customers")
	r.tell("1", modelv1.RunState_RUN_STATE_FAILED, "the disk is full")
	w.hook.wait(0, "breached models failed")
	n := w.hook.last().Data
	if n.At != "churn_risk_60d" || !strings.Contains(n.Summary, "in workspace shop failed: the disk is full.") || n.Advice != advice[stageModels] {
		t.Errorf("told %+v", n)
	}
	if err := w.Ready(); err == nil || !strings.Contains(err.Error(), "models is failed") {
		t.Errorf("ready is %v", err)
	}
	told := len(w.hook.all())
	r.tell("2", modelv1.RunState_RUN_STATE_REQUESTED, "again")
	r.tell("2", modelv1.RunState_RUN_STATE_FAILED, "the disk is still full")
	r.tell("3", modelv1.RunState_RUN_STATE_RUNNING, "again")
	r.tell("3", modelv1.RunState_RUN_STATE_DONE, "made a version")
	w.hook.wait(told, "restored models failed")
	if all := w.hook.all(); len(all) != told+1 || !strings.Contains(w.hook.last().Data.Summary, "Models are trained again") {
		t.Errorf("told %q, %+v", all, w.hook.last())
	}
}

// TestATrainingThatIsAtWorkAgainHasNotSucceeded: only its end says.
func TestATrainingThatIsAtWorkAgainHasNotSucceeded(t *testing.T) {
	for end, ok := range map[modelv1.RunState]bool{
		modelv1.RunState_RUN_STATE_REQUESTED: false, modelv1.RunState_RUN_STATE_RUNNING: false, modelv1.RunState_RUN_STATE_FAILED: false,
		modelv1.RunState_RUN_STATE_DONE: true, modelv1.RunState_RUN_STATE_SKIPPED: true,
	} {
		var one trained
		one.told(&modelv1.Run{Id: "1", State: modelv1.RunState_RUN_STATE_FAILED})
		one.told(&modelv1.Run{Id: "2", State: end})
		if (one.failed == nil) != ok {
			t.Errorf("after %s: %v", end, one.failed)
		}
	}
}

func TestAModelThatNobodyTrainsIsTold(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	r := newTrainings(t, b)
	w := newWatch(t, b, func(c *Config) { c.ModelsUntrainedFor = 24 * time.Hour })
	r.serve()
	w.run(t)
	testkit.Eventually(t, soon, w.Ready)
	w.clock.jump(23 * time.Hour)
	looks := func() float64 { n, _ := w.gauge(t, "freshet_freshness_looks_total", stageBroker, "seen"); return n }
	for now := looks(); looks() < now+2; {
		time.Sleep(time.Millisecond)
	}
	if all := w.hook.all(); slices.Contains(all, "breached models old") {
		t.Errorf("a model of a day is too old: %q", all)
	}
	w.clock.jump(25 * time.Hour)
	w.hook.wait(0, "breached models old")
	n := w.hook.last().Data
	if n.At != "churn_risk_60d" || n.LineSeconds != 86400 || n.AgeSeconds < 86400 || !strings.HasPrefix(n.Summary, "No training of churn_risk_60d in workspace shop made a version for 25h") {
		t.Errorf("told %+v", n)
	}
	if on, _ := w.gauge(t, "freshet_freshness_breached", stageModels, string(unknown), string(old)); on != 1 {
		t.Errorf("the metric says %v", on)
	}
	w.clock.jump(31 * 24 * time.Hour) // nobody means to train it any more
	w.hook.wait(0, "restored models old")
}

// TestModelsThatAreNotWatched: a model that serves nobody is nobody's, and with 0 there is no look.
func TestModelsThatAreNotWatched(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	r := newTrainings(t, b)
	if _, err := r.Put(t.Context(), &modelv1.Version{Workspace: "shop", Name: "spend"}, map[string][]byte{"model.bin": nil}); err != nil {
		t.Fatal(err)
	}
	m := newModels(b, quiet())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); m.run(ctx) }()
	defer func() { cancel(); <-ended }()
	testkit.Eventually(t, soon, func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.reached {
			return context.DeadlineExceeded
		}
		return nil
	})
	for _, s := range m.look(time.Now().Add(100*time.Hour), time.Hour) {
		if s.bad {
			t.Errorf("it is told: %+v", s)
		}
	}
	if s := newModels(b, quiet()).look(time.Now(), time.Hour); s != nil {
		t.Errorf("nothing was read, and it is known how models are: %+v", s)
	}
}
