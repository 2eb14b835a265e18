package training

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// at has a service live at another time.
func at(now time.Time) func(*Config, *Deps) {
	return func(_ *Config, d *Deps) { d.Now = func() time.Time { return now } }
}

// thinned tells a tenth of the visits: models of it are worse, and better than popularity.
type thinned struct {
	list
	untilMs int64
}

func (l thinned) Read(ctx context.Context, w string, from, to time.Time, most int64, take func(Touch) error) error {
	return l.list.Read(ctx, w, from, to, most, func(t Touch) error {
		if t.AtMs < l.untilMs && t.AtMs/1000/60%20 != 0 {
			return nil
		}
		return take(t)
	})
}

// A worse model is not promoted, one that is as good neither, an old champion gives way, and what was can be gone back to.
func TestAWorseModelIsNotPromoted(t *testing.T) {
	w := newWorld(t)
	all := list(shopTouches(3000))
	first := w.trains(w.service(all, at(base.Add(50*day24))))
	if !first.GetPromoted() || first.GetState() != modelv1.RunState_RUN_STATE_DONE || w.champion() != first.GetVersion() {
		t.Fatalf("%v", first)
	}
	later := base.Add(71 * day24)
	// The registry's clock makes the first version young, whatever the trainer's says: nothing here is old.
	young := func(c *Config, d *Deps) { at(later)(c, d); c.MaxAge = 0 }
	worse := w.trains(w.service(thinned{all, base.Add(50 * day24).UnixMilli()}, young))
	if worse.GetPromoted() || worse.GetState() != modelv1.RunState_RUN_STATE_DONE || w.champion() != first.GetVersion() || !strings.Contains(worse.GetWords(), "not better than the champion") {
		t.Errorf("%v", worse)
	}
	if state := w.kept.State("shop", Model); len(state.GetChallengers()) != 1 || state.GetChallengers()[0] != worse.GetVersion() {
		t.Errorf("a challenger is not in the shadow: %v", state)
	}
}

// A training without any new visits says so before it fits anything, and when it will be possible. A history that came in is new, wherever in time it lies; an old champion gives way.
func TestNothingNewIsSaidAtOnce(t *testing.T) {
	w := newWorld(t)
	all := list(shopTouches(1000))
	most := all[:0:0]
	for i, x := range all { // the history that comes later
		if i%12 > 0 {
			most = append(most, x)
		}
	}
	end := base.Add(71 * day24)
	if first := w.trains(w.service(most, at(end))); !first.GetPromoted() {
		t.Fatalf("%v", first)
	}
	fitted := false
	service := func(touches Touches, now time.Time, maxAge time.Duration) *Service {
		return w.service(touches, func(c *Config, d *Deps) {
			at(now)(c, d)
			c.MaxAge = maxAge
		})
	}
	s := service(most, end, 1000*day24)
	again := s.trainer.NewRun("shop", Model, "hand")
	s.trainer.Train(t.Context(), again, func(ctx context.Context, _ func(string, int, int)) (trainer.Made, error) {
		a := &attempt{Service: s, workspace: "shop", tell: func(what string, _, _ int) {
			fitted = fitted || strings.Contains(what, "learning") || strings.Contains(what, "fitting")
		}}
		return a.all(ctx)
	})
	if again.GetState() != modelv1.RunState_RUN_STATE_SKIPPED || again.GetVersion() != "" || fitted {
		t.Errorf("%v, something was fitted: %v", again, fitted)
	}
	for _, want := range []string{"nothing new to learn from: 0 touches came", fmt.Sprintf("came since %s, up to when the champion learnt from %d", end.UTC().Format("2006-01-02 15:04 UTC"), len(most)), "after about 50 more touches", "older than 24000h"} {
		if !strings.Contains(again.GetWords(), want) {
			t.Errorf("%q does not say %q", again.GetWords(), want)
		}
	}
	for what, s := range map[string]*Service{"a history came in": service(all, end, 0), "the champion is old": service(most, time.Now().Add(day24), time.Hour)} {
		if run := w.trains(s); run.GetState() != modelv1.RunState_RUN_STATE_DONE || !strings.Contains(run.GetWords(), "cannot be compared with the champion: there are 0 cases") {
			t.Errorf("%s: %v", what, run)
		}
	}
}

// Too little is said in words, and makes nothing.
func TestTooLittleIsSaid(t *testing.T) {
	w := newWorld(t)
	run := w.trains(w.service(list(shopTouches(41)), nil))
	if run.GetState() != modelv1.RunState_RUN_STATE_SKIPPED || !strings.Contains(run.GetWords(), "41 visits with two items") || !strings.Contains(run.GetWords(), "100 of either are needed") {
		t.Errorf("%v", run)
	}
	stop := w.runs(w.service(list{}, nil))
	testkit.Eventually(t, time.Minute, func() error {
		if run := w.kept.Runs("shop", Model); run[0].GetWords() != "nobody has touched an item yet" {
			return fmt.Errorf("%v", run[0])
		}
		return nil
	})
	stop()
	if w.champion() != "" || len(w.kept.Versions("shop", Model)) != 0 {
		t.Error("something was made")
	}
}

// noise has no order: what comes next is chance.
func noise() (out list) {
	r := rand.New(rand.NewPCG(3, 4))
	for v := range 1000 {
		for step := range 3 {
			out = append(out, Touch{Customer: fmt.Sprint(v), Item: fmt.Sprint(r.IntN(200)), Kind: "view", AtMs: base.UnixMilli() + int64(v)*3_600_000 + int64(step)})
		}
	}
	return out
}

// What is no better than popularity is kept, unfit, and serves nobody.
func TestNoiseMakesNoModel(t *testing.T) {
	w := newWorld(t)
	run := w.trains(w.service(noise(), nil))
	if run.GetPromoted() || run.GetVersion() == "" || !strings.Contains(run.GetWords(), "unfit: it is not better than popularity") || w.champion() != "" {
		t.Errorf("%v", run)
	}
}

// halting is a Ranking that waits until it is told to stop.
type halting struct{ begun chan struct{} }

func (h halting) Train(ctx context.Context, _ []rank.Named, _ rank.Facts, _ int, _ func(int) (*ask.Ask, []int32), _ func(int, int)) ([]byte, error) {
	h.begun <- struct{}{}
	<-ctx.Done()
	h.begun <- struct{}{}
	return nil, ctx.Err()
}

func (halting) Over(sources []rank.Named, _ rank.Facts, _ []byte) (ask.Source, error) {
	return sources[0].Source, nil
}

// A stop hands a training on; who loses the task says nothing more, and who has it then says that it failed. The champion serves on.
func TestAStoppedTrainingIsHandedOn(t *testing.T) {
	w := newWorld(t)
	all := list(shopTouches(1000))
	first := w.trains(w.service(all[:len(all)*9/10], nil)) // the rest is new
	if !first.GetPromoted() {
		t.Fatalf("%v", first)
	}
	var owner atomic.Bool
	owner.Store(true)
	h := halting{make(chan struct{}, 2)}
	slow := func(c *Config, d *Deps) { d.Ranking, d.Owner, c.Off = h, owner.Load, true }
	becomes := func(state modelv1.RunState, words string) {
		t.Helper()
		testkit.Eventually(t, time.Minute, func() error {
			if run := w.kept.Runs("shop", Model)[0]; run.GetState() != state || !strings.Contains(run.GetWords(), words) {
				return fmt.Errorf("%v", run)
			}
			return nil
		})
		if w.champion() != first.GetVersion() {
			t.Errorf("%s serves", w.champion())
		}
	}
	s := w.service(all, slow)
	stop := w.runs(s)
	if _, err := s.trainer.Request(t.Context(), "shop", Model); err != nil {
		t.Fatal(err)
	}
	<-h.begun
	stop()
	<-h.begun
	becomes(modelv1.RunState_RUN_STATE_REQUESTED, "was stopped")
	stop = w.runs(w.service(all, slow)) // it takes it up
	<-h.begun
	owner.Store(false)
	<-h.begun // it gave way
	stop()
	becomes(modelv1.RunState_RUN_STATE_RUNNING, "learning an order")
	w.runs(w.service(all, func(c *Config, d *Deps) { d.Name, c.Off = "the next", true }))
	becomes(modelv1.RunState_RUN_STATE_FAILED, "ended, or lost the task, in the middle of it")
}

// childRole makes the test binary a process that trains and promotes without end; "<broker> <folder>".
const childRole = "FRESHET_TEST_TRAINING_CHILD"

func childMain(role string) int {
	address, folder, _ := strings.Cut(role, " ")
	ctx := context.Background()
	r, _, err := registry(ctx, address, folder)
	if err == nil {
		go func() { _ = r.Run(ctx) }()
		cfg := quick()
		cfg.MaxAge = time.Nanosecond // each takes the place of the one before
		cfg.Off = true
		var s *Service
		s, err = New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Registry: r, Touches: list(shopTouches(400)), Owner: func() bool { return true },
			Name: fmt.Sprint(os.Getpid())})
		go func() {
			for {
				_, _ = s.trainer.Request(ctx, "shop", Model)
				time.Sleep(10 * time.Millisecond)
			}
		}()
		if err == nil {
			err = s.Run(ctx)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Processes that train and promote are killed, wherever they are: the champion that is told of is whole, and the next one says of the training that it failed.
func TestAKilledTrainingLeavesTheChampion(t *testing.T) {
	w := newWorld(t)
	running, promoted := 0, map[string]bool{}
	for range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env, cmd.Stderr = append(os.Environ(), childRole+"="+w.address+" "+w.folder), os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := len(w.kept.Versions("shop", Model))
		testkit.Eventually(t, time.Minute, func() error { // it is at its second training
			if n := len(w.kept.Versions("shop", Model)); n <= before {
				return fmt.Errorf("%d versions", n)
			}
			return nil
		})
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // where in its work it is killed is chance
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if w.kept.Runs("shop", Model)[0].GetState() == modelv1.RunState_RUN_STATE_RUNNING {
			running++
		}
		if v := w.service(list{}, nil).trainer.Champion("shop", Model); v != nil {
			promoted[v.GetId()] = true
			for _, f := range v.GetFiles() {
				if _, err := w.kept.File(t.Context(), v, f.GetName()); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if running == 0 || len(promoted) == 0 {
		t.Errorf("%d were killed at work, %d champions: nothing was tried", running, len(promoted))
	}
	// A process that does nothing but look says what became of the last, and nobody else's model is live.
	stop := w.runs(w.service(list{}, func(c *Config, _ *Deps) { c.Off = true }))
	testkit.Eventually(t, time.Minute, func() error {
		if run := w.kept.Runs("shop", Model)[0]; run.GetState() == modelv1.RunState_RUN_STATE_RUNNING {
			return fmt.Errorf("%v", run)
		}
		return nil
	})
	stop()
}
