package training

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/dataset"
)

// scheduled is a service over a shop of so many customers, orders and days, in a bubble of synctest; its clock is the bubble's.
func scheduled(t *testing.T, customers, orders, days int64) (*Service, *oneShop, *shelf) {
	t.Helper()
	o := &oneShop{now: time.Now}
	o.customers.Store(customers)
	o.orders.Store(orders)
	o.days.Store(days)
	d, kept, _ := deps(t, o)
	s, err := New(quick(), d)
	if err != nil {
		t.Fatal(err)
	}
	return s, o, kept
}

func (s *Service) want(ctx context.Context) string { return s.wanted(ctx, "default", 0) }

// While too little is there, a run says what is missing, once for each thing that it says.
func TestTooLittleIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o, kept := scheduled(t, 41, 100, 35)
		for range 3 {
			if got := s.want(t.Context()); got != "" {
				t.Error(got)
			}
		}
		run := kept.Runs("default", "gone_30d")
		want := "41 of 300 customers who bought; history reaches 34 days back, gone_30d needs 90"
		if len(run) != 1 || run[0].GetState() != modelv1.RunState_RUN_STATE_SKIPPED || run[0].GetWords() != want || len(kept.words) != 1 {
			t.Errorf("%v: %q", run, kept.words)
		}
		o.customers.Store(302)
		o.orders.Store(700)
		if s.want(t.Context()); !strings.HasPrefix(kept.words[1], "history reaches") {
			t.Errorf("%q", kept.words)
		}
		list, err := Admin{s}.ListModels(t.Context(), nil)
		if err != nil || !strings.HasPrefix(list.GetTargets()[0].GetMissing(), "history reaches") {
			t.Errorf("%v %v", list, err)
		}
	})
}

// A history that is coming in is waited for; what is there is trained from at the second look; and not again for nothing.
func TestAFirstTraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o, kept := scheduled(t, 400, 1000, 200)
		for i, want := range []string{"", "", "", trainer.AsFirst, trainer.AsFirst} {
			if i < 3 {
				o.orders.Add(400) // more than a fiftieth
			}
			if got := s.want(t.Context()); got != want {
				t.Errorf("look %d: %q, want %q", i, got, want)
			}
		}
		// A model that was not good enough: again when a fifth more is there, or a night later.
		k := key{"default", "gone_30d"}
		l := s.looks[k]
		l.tried = l.outlook
		s.looks[k] = l
		tell := func(state modelv1.RunState) {
			if err := kept.Tell(t.Context(), &modelv1.Run{Workspace: "default", Name: "gone_30d", Id: "1", State: state, BeganMs: time.Now().UnixMilli()}); err != nil {
				t.Fatal(err)
			}
		}
		tell(modelv1.RunState_RUN_STATE_DONE)
		time.Sleep(time.Minute)
		if got := s.want(t.Context()); got != "" {
			t.Errorf("nothing is new: %q", got)
		}
		o.orders.Add(600)
		s.want(t.Context()) // waits for what comes
		if got := s.want(t.Context()); got != trainer.AsFirst {
			t.Errorf("a fifth more: %q", got)
		}
		tell(modelv1.RunState_RUN_STATE_FAILED)
		time.Sleep(30 * time.Minute)
		if got := s.want(t.Context()); got != "" {
			t.Errorf("half an hour after a failure: %q", got)
		}
		time.Sleep(31 * time.Minute)
		if got := s.want(t.Context()); got != trainer.AsFirst {
			t.Errorf("an hour after a failure: %q", got)
		}
	})
}

// A look reads all facts: while nothing is published none is made, but one an hour.
func TestNoLookForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o, _ := scheduled(t, 41, 100, 35)
		published := int64(1000)
		s.deps.Published = func(context.Context) (int64, error) { return published, nil }
		for range 59 {
			s.want(t.Context())
			time.Sleep(time.Minute)
		}
		if n := o.asked.Load(); n != 1 {
			t.Errorf("%d looks in an hour", n)
		}
		published = 1201
		if s.want(t.Context()); o.asked.Load() != 2 {
			t.Error("a fifth more was published, and nobody looks")
		}
		time.Sleep(61 * time.Minute)
		if s.want(t.Context()); o.asked.Load() != 3 {
			t.Error("time went on, and nobody looks")
		}
	})
}

func TestNightsAndDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
		s, _, kept := scheduled(t, 400, 1000, 200)
		v, err := kept.Put(t.Context(), &modelv1.Version{Workspace: "default", Name: "gone_30d"}, nil)
		if err == nil {
			_, err = kept.Promote(t.Context(), "default", "gone_30d", v.GetId(), "a test")
		}
		if err != nil {
			t.Fatal(err)
		}
		drift, asked := false, 0
		s.deps.Drift = func(_ context.Context, _ string, place int, version string) (string, bool) {
			if asked++; place != 0 || version != v.GetId() {
				t.Errorf("asked of %d, %s", place, version)
			}
			return "spend_30d .4", drift
		}
		var got []string
		for range 24 * 4 {
			time.Sleep(time.Hour)
			if time.Since(time.UnixMilli(v.GetMadeMs())) > 60*time.Hour {
				drift = true
			}
			if why := s.want(t.Context()); why != "" {
				now := time.Now()
				got = append(got, fmt.Sprint(why, " ", now.Day(), " ", now.Hour()))
				run := &modelv1.Run{Workspace: "default", Name: "gone_30d", Id: "1", State: modelv1.RunState_RUN_STATE_DONE, BeganMs: now.UnixMilli()}
				if why == trainer.ByNight && now.Day() == 3 {
					run.State = modelv1.RunState_RUN_STATE_FAILED // it is not tried again that night
				}
				if err := kept.Tell(t.Context(), run); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := "[schedule 1 3 schedule 2 3 schedule 3 3 schedule 4 3]"
		if fmt.Sprint(got) != want || asked < 10 || asked > 16 {
			t.Errorf("%v, want %s; drift was asked for %d times", got, want, asked)
		}
		// Without nights there is drift, once a day.
		s.cfg.At, got = "02:30", nil
		kept.runs[key{"default", "gone_30d"}].BeganMs = time.Now().UnixMilli()
		for range 40 {
			time.Sleep(time.Hour)
			kept.runs[key{"default", "gone_30d"}].AskedMs = time.Now().UnixMilli() // no night is due
			if why := s.want(t.Context()); why != "" {
				got = append(got, why)
				kept.runs[key{"default", "gone_30d"}].BeganMs = time.Now().UnixMilli()
			}
		}
		if len(got) != 1 || got[0] != trainer.ForDrift {
			t.Errorf("%v", got)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{At: "25:00", Look: time.Hour * 2, DriftEvery: time.Second, MaxAge: -1, Workers: 0, Data: dataset.Default()}.Validate()
	for _, want := range []string{`at: "25:00"`, "look: 2h0m0s", "drift_every: 1s", "max_age: -1ns", "workers: 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := New(Default(), Deps{}); err == nil || !strings.Contains(err.Error(), "are needed") {
		t.Error(err)
	}
}
