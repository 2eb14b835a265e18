package training

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
)

// walks are visits of so many days, each along one of 20 shelves of 40 items by strides.
func walks(r *rand.Rand, from time.Time, days, perDay, stride int) (out list) {
	for v := range days * perDay {
		at := from.Add(time.Duration(v) * day24 / time.Duration(perDay)).UnixMilli()
		who, place := r.IntN(400), r.IntN(40)
		for step := range 3 + r.IntN(3) {
			shelf := (who + step*(stride/40)) % 20 // a stride of more than a shelf leads to another one
			out = append(out, Touch{Customer: fmt.Sprintf("c%d", who), Item: fmt.Sprintf("i%d-%d", shelf, (place+step*stride)%40), Kind: "view", AtMs: at + int64(step)*1000})
		}
	}
	return out
}

// A shop whose visitors walk on as they did is not trained again before the night; one in which they begin to go another way is, and what is made knows the new way.
func TestDriftBeginsATraining(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 6))
	now := time.Now()
	touches := walks(r, now.Add(-60*day24), 60, 40, 1)
	first := w.trains(w.service(touches, at(now)))
	if !first.GetPromoted() {
		t.Fatalf("%v", first)
	}
	touches = append(touches, walks(r, now, 4, 150, 1)...)
	later := now.Add(4 * day24)
	// The night's training was seven hours ago.
	night := func(c *Config, d *Deps) {
		c.At = later.Add(-8 * time.Hour).UTC().Format("15:04")
		at(later)(c, d)
	}
	ran := w.service(touches, func(c *Config, d *Deps) { night(c, d); at(later.Add(-7*time.Hour))(c, d) }).trainer
	ran.Train(t.Context(), ran.NewRun("shop", Model, trainer.ByNight), func(context.Context, func(string, int, int)) (trainer.Made, error) { return trainer.Made{}, nil })
	s := w.service(touches, night)
	if why := s.wanted(t.Context(), "shop"); why != "" {
		words, _ := s.drifts(t.Context(), "shop", s.trainer.Champion("shop", Model))
		t.Errorf("nothing drifts, and a training is wanted: %s; %s", why, words)
	}
	touches = append(touches[:len(touches):len(touches)], walks(r, later, 1, 300, 7*40+11)...)
	later = later.Add(day24)
	ran = w.service(touches, func(c *Config, d *Deps) { night(c, d); at(later.Add(-7*time.Hour))(c, d) }).trainer
	ran.Train(t.Context(), ran.NewRun("shop", Model, trainer.ByNight), func(context.Context, func(string, int, int)) (trainer.Made, error) { return trainer.Made{}, nil })
	s = w.service(touches, night)
	champion := s.trainer.Champion("shop", Model)
	words, acts := s.drifts(t.Context(), "shop", champion)
	if !acts || !strings.Contains(words, "standard errors less") {
		t.Fatalf("%v: %s", acts, words)
	}
	if why := s.wanted(t.Context(), "shop"); why != trainer.ForDrift {
		t.Fatalf("wanted because of %q", why)
	}
	if why := s.wanted(t.Context(), "shop"); why != "" {
		t.Errorf("it is wanted again at once: %q", why)
	}
	run := s.trainer.NewRun("shop", Model, trainer.ForDrift)
	s.train(t.Context(), run)
	v := s.trainer.Find("shop", Model, run.GetVersion())
	if v == nil || v.GetTrigger() != trainer.ForDrift || v.GetCutMs() <= champion.GetToMs() {
		t.Errorf("%v; %v", run, v)
	}
	t.Log(words, run.GetWords())
}

// With drift half of what came since the champion's training is learnt from, by what is judged: else a new model would know nothing that the champion does not.
func TestDriftLearnsFromHalfOfWhatCame(t *testing.T) {
	all := shopTouches(3000)
	known := all[len(all)*92/100].AtMs
	cut := func(trigger string) int64 {
		a := &attempt{Service: &Service{cfg: quick()}, trigger: trigger}
		for _, x := range all {
			a.heap.add(x)
		}
		if err := a.divide(known); err != nil {
			t.Fatal(err)
		}
		if a.cases() < fewest {
			t.Errorf("%s: %d cases", trigger, a.cases())
		}
		return a.cutMs
	}
	if got := cut(trainer.ByNight); got != known {
		t.Errorf("by night the cut is at %d, want %d", got, known)
	}
	if got, want := cut(trainer.ForDrift), all[len(all)*96/100].AtMs; got < want-day24.Milliseconds() || got > want+day24.Milliseconds() {
		t.Errorf("with drift the cut is at %d, want about %d", got, want)
	}
}

// Chance is no drift, whatever the figures; few touches say nothing.
func TestChanceIsNoDrift(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	false_, true_ := 0, 0
	for range 200 {
		var same, fallen []hits
		for v := range 600 {
			asked := float64(1 + r.IntN(5))
			likes := r.Float64() // visits differ
			of := func(rate float64) (in float64) {
				for range int(asked) {
					if r.Float64() < likes*rate {
						in++
					}
				}
				return in
			}
			ms := int64(v)
			same = append(same, hits{ms, asked, of(.8)})
			if v < 400 {
				fallen = append(fallen, hits{ms, asked, of(.8)})
			} else {
				fallen = append(fallen, hits{ms, asked, of(.4)})
			}
		}
		if _, acts := fell(same, 400); acts {
			false_++
		}
		if _, acts := fell(fallen, 400); acts {
			true_++
		}
	}
	if false_ > 2 || true_ < 190 {
		t.Errorf("%d of 200 where nothing changed, %d of 200 where half is lost", false_, true_)
	}
	if words, acts := fell([]hits{{1, 500, 500}, {2, 199, 0}}, 2); acts || !strings.Contains(words, "are needed") {
		t.Errorf("%v: %s", acts, words)
	}
}
