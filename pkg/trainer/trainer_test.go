package trainer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// kit is a registry over a broker and a folder, and trainers over it.
type kit struct {
	t    *testing.T
	kept *model.Registry
}

func newKit(t *testing.T) *kit {
	t.Helper()
	client := testkit.Broker(t, topics.Models)
	ctx, cancel := context.WithCancel(context.Background())
	r, err := model.Open(ctx, model.Config{URL: t.TempDir()}, model.Deps{Broker: client, Logger: slog.New(slog.DiscardHandler)})
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
	return &kit{t, r}
}

// trainer is one that trains a model, under a name.
func (k *kit) trainer(name, model string, owner func() bool) *Trainer {
	k.t.Helper()
	tr, err := New(Deps{Logger: slog.New(slog.DiscardHandler), Registry: k.kept, Owner: owner, Name: name, Mine: func(m string) bool { return m == model }})
	if err != nil {
		k.t.Fatal(err)
	}
	return tr
}

func always() bool { return true }

func (k *kit) put(name, unfit string) *modelv1.Version {
	k.t.Helper()
	v, err := k.kept.Put(k.t.Context(), &modelv1.Version{Workspace: "w", Name: name, Unfit: unfit}, map[string][]byte{"model.bin": []byte(unfit + "x"), CardText: []byte("a card")})
	if err != nil {
		k.t.Fatal(err)
	}
	return v
}

// How a training ends is told, and what served goes on serving.
func TestHowTrainingsEnd(t *testing.T) {
	k := newKit(t)
	tr := k.trainer("here", "a", always)
	for what, c := range map[string]struct {
		made  Made
		err   error
		stop  bool
		state modelv1.RunState
		words string
	}{
		"well":                       {made: Made{Version: "v", Promoted: true, Why: "it is better"}, state: modelv1.RunState_RUN_STATE_DONE, words: "it is better"},
		"with too little":            {err: fmt.Errorf("read: %w", TooLittle{"41 visits; 500 are needed"}), state: modelv1.RunState_RUN_STATE_SKIPPED, words: "41 visits; 500 are needed"},
		"with a fault":               {err: errors.New("a matrix is singular"), state: modelv1.RunState_RUN_STATE_FAILED, words: "a matrix is singular"},
		"with a version and a fault": {made: Made{Version: "v9"}, err: errors.New("the broker is away"), state: modelv1.RunState_RUN_STATE_FAILED, words: "version v9 is kept, and is not live: the broker is away"},
		"with the process":           {stop: true, state: modelv1.RunState_RUN_STATE_REQUESTED, words: "the process that trained was stopped: the training begins anew with the next"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		run := tr.NewRun("w", "a", ByHand)
		if !tr.Train(ctx, run, func(ctx context.Context, tell func(string, int, int)) (Made, error) {
			tell("at work", 1, 2)
			if now := tr.Latest("w", "a"); now.GetWords() != "at work" || now.GetPercent() != 50 || now.GetOwner() != "here" || now.GetState() != modelv1.RunState_RUN_STATE_RUNNING {
				t.Errorf("%s: at work: %v", what, now)
			}
			if c.stop {
				cancel()
				return Made{}, ctx.Err()
			}
			return c.made, c.err
		}) {
			t.Errorf("%s: it was not told of", what)
		}
		cancel()
		testkit.Eventually(t, time.Minute, func() error {
			if now := tr.Latest("w", "a"); now.GetState() != c.state || now.GetWords() != c.words || now.GetPromoted() != c.made.Promoted {
				return fmt.Errorf("%s: %v", what, now)
			}
			return nil
		})
	}
}

// Who loses the task in the middle of a training stops, says nothing more, and makes nothing live.
func TestWhoLosesTheTaskSaysNothingMore(t *testing.T) {
	k := newKit(t)
	var owner atomic.Bool
	owner.Store(true)
	tr := k.trainer("here", "a", owner.Load)
	run := tr.NewRun("w", "a", ByHand)
	if tr.Train(t.Context(), run, func(ctx context.Context, _ func(string, int, int)) (Made, error) {
		owner.Store(false)
		<-ctx.Done()
		return Made{}, ctx.Err()
	}) {
		t.Error("it said how it ended")
	}
	if now := tr.Latest("w", "a"); now.GetState() != modelv1.RunState_RUN_STATE_RUNNING {
		t.Errorf("%v", now)
	}
	v := k.put("a", "")
	if made, err := tr.Decide(t.Context(), v, false, func(context.Context) (bool, string) { return true, "better" }); !errors.Is(err, ErrLost) || made.Promoted || k.kept.State("w", "a").GetChampion() != "" {
		t.Errorf("%+v, %v", made, err)
	}
}

// cutOff leaves a training of a model at work that nobody works at.
func (k *kit) cutOff(name string) {
	tr := k.trainer("one that was killed", name, always)
	run := tr.NewRun("w", name, ByHand)
	run.State, run.Owner, run.Words = modelv1.RunState_RUN_STATE_RUNNING, "one that was killed", "fitting"
	if err := k.kept.Tell(k.t.Context(), run); err != nil {
		k.t.Fatal(err)
	}
}

func TestATrainingThatWasCutOffIsSaidToHaveFailed(t *testing.T) {
	k := newKit(t)
	k.cutOff("a")
	tr := k.trainer("the next", "a", always)
	once(t, tr)
	if now := tr.Latest("w", "a"); now.GetState() != modelv1.RunState_RUN_STATE_FAILED || !strings.Contains(now.GetWords(), "in the middle of it: fitting") {
		t.Errorf("%v", now)
	}
}

// once runs a trainer for one round, and gives the runs that it would begin.
func once(t *testing.T, tr *Trainer) (asked []string) {
	ctx, cancel := context.WithCancel(t.Context())
	err := tr.Run(ctx, time.Hour, func(ctx context.Context, timed bool) {
		tr.Asked(ctx, func(run *modelv1.Run) { asked = append(asked, run.GetName()) })
		cancel()
	})
	if err != nil {
		t.Error(err)
	}
	return asked
}

// Two trainers share the topic: neither begins what the other is asked for, nor says of what the other has at work that it failed.
func TestOthersModelsAreLeftAlone(t *testing.T) {
	k := newKit(t)
	k.cutOff("a")
	mine, other := k.trainer("of b", "b", always), k.trainer("of c", "c", always)
	if _, err := other.Request(t.Context(), "w", "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Request(t.Context(), "w", "b"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(once(t, mine)); got != "[b]" {
		t.Errorf("it would begin %s", got)
	}
	if now := mine.Latest("w", "a"); now.GetState() != modelv1.RunState_RUN_STATE_RUNNING {
		t.Errorf("another's training is said to have ended: %v", now)
	}
}

// What becomes of a version.
func TestDecide(t *testing.T) {
	k := newKit(t)
	tr := k.trainer("here", "a", always)
	for _, c := range []struct {
		what, unfit    string
		better, keep   bool
		serves, shadow bool
		words          string
	}{
		{what: "an unfit one is kept", unfit: "it says the same", better: true, words: "kept as a version and not scored: it is unfit: it says the same"},
		{what: "a first one that is no better is kept", words: "kept as a version: because"},
		{what: "a first one that is better serves", better: true, serves: true, words: "because"},
		{what: "a later one that is no better is in the shadow", shadow: true, words: "because"},
		{what: "promotions are left to people", better: true, keep: true, shadow: true, words: "it would serve, and promotions are left to people: because"},
		{what: "a later one that is better serves", better: true, serves: true, words: "because"},
	} {
		before := k.kept.State("w", "a").GetChampion()
		v := k.put("a", c.unfit)
		made, err := tr.Decide(t.Context(), v, c.keep, func(context.Context) (bool, string) { return c.better, "because" })
		state := k.kept.State("w", "a")
		shadow := false
		for _, id := range state.GetChallengers() {
			shadow = shadow || id == v.GetId()
		}
		if err != nil || made.Promoted != c.serves || made.Why != c.words || shadow != c.shadow || (state.GetChampion() == v.GetId()) != c.serves || !c.serves && state.GetChampion() != before {
			t.Errorf("%s: %+v, %v; %v", c.what, made, err, state)
		}
	}
}

// What people do: an unfit version serves by force alone, as a copy; wrong calls are explained.
func TestPromoteByHand(t *testing.T) {
	k := newKit(t)
	tr := k.trainer("here", "a", always)
	ctx := t.Context()
	if _, _, err := tr.Card(ctx, "w", "a", "", ""); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
	v, unfit := k.put("a", ""), k.put("a", "a column knows the answer")
	for want, err := range map[string]error{
		"NotFound: there is no version \"v7\"":       second(tr.Promote(ctx, "w", "a", "v7", false)),
		"InvalidArgument: version: name the one":     second(tr.Promote(ctx, "w", "a", "", false)),
		"FailedPrecondition: version":                second(tr.Promote(ctx, "w", "a", unfit.GetId(), false)),
		"FailedPrecondition: no version of a served": second(tr.Rollback(ctx, "w", "a")),
		"InvalidArgument: format: \"pdf\"":           CheckFormat("pdf"),
	} {
		if got := fmt.Sprintf("%s: %s", status.Code(err), status.Convert(err).Message()); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if tr.Missing("w", "a") != "it was not looked at yet" {
		t.Error(tr.Missing("w", "a"))
	}
	if _, err := tr.Promote(ctx, "w", "a", v.GetId(), false); err != nil {
		t.Fatal(err)
	}
	state, err := tr.Promote(ctx, "w", "a", unfit.GetId(), true)
	if err != nil || state.GetChampion() == unfit.GetId() || !strings.Contains(state.GetWhy(), "by hand and force") || tr.Missing("w", "a") != "" {
		t.Errorf("%v %v", state, err)
	}
	if state, err = tr.Rollback(ctx, "w", "a"); err != nil || state.GetChampion() != v.GetId() {
		t.Errorf("%v %v", state, err)
	}
	if got, card, err := tr.Card(ctx, "w", "a", "", "text"); err != nil || got.GetId() != v.GetId() || string(card) != "a card" {
		t.Errorf("%v %q %v", got, card, err)
	}
}

func second[T any](_ T, err error) error { return err }

// A night is the latest beginning; a model is due once a night.
func TestNights(t *testing.T) {
	now := time.Date(2026, 11, 28, 2, 29, 0, 0, time.UTC)
	if got := Night("02:30", now); !got.Equal(now.Add(time.Minute - 24*time.Hour)) {
		t.Error(got)
	}
	night := Night("02:30", now.Add(time.Minute))
	if !night.Equal(now.Add(time.Minute)) || !Night("half past two", now).IsZero() || CheckTime("25:00") == nil || CheckTime("02:30") != nil {
		t.Error(night)
	}
	before, after := night.Add(-time.Second).UnixMilli(), night.Add(time.Second).UnixMilli()
	for what, c := range map[string]struct {
		made int64
		run  *modelv1.Run
		due  bool
	}{
		"made before the night, no run is known": {before, nil, true}, "made after it": {after, nil, false},
		"trained before the night": {before, &modelv1.Run{BeganMs: before}, true}, "trained after it": {before, &modelv1.Run{BeganMs: after}, false},
		"asked for after it": {before, &modelv1.Run{AskedMs: after}, false},
	} {
		if got := Due(night, &modelv1.Version{MadeMs: c.made}, c.run); got != c.due {
			t.Errorf("%s: due %v", what, got)
		}
	}
}
