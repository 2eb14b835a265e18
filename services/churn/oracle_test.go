package churn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// After a random log of feature sets, merges, steps of the clock, other models and restarts, what is told and what Predict says is what plain Go says: Predict as
// of now, and what was told last within a step of what was true when the customer was last looked at.
func TestRandomLogAgainstOracle(t *testing.T) {
	w := newWorld(t)
	w.cfg.EmitStep = .05
	risk := leave
	w.both()
	w.begin()
	type facts struct {
		last, orders int64
		merged       bool
	}
	says := func(f facts, now int64) string {
		days := float64(now-f.last) / float64(dayMs)
		out := "churn=-"
		if value := risk.By * days; f.orders >= 1 && days <= 300 {
			band := "low"
			if v := float64(float32(value)); v >= .6 {
				band = "high"
			} else if v >= .3 {
				band = "medium"
			}
			out = fmt.Sprintf("churn=%.3f/%s", value, band)
		}
		if days >= 100 {
			out += " !order_overdue"
		}
		return out
	}
	r := rand.New(rand.NewPCG(7, 8))
	all := map[string]facts{}
	versions := []string{first, second, third}
	for step := range 14 {
		for range 30 {
			now := w.now.Load()
			f := facts{last: now - r.Int64N(320)*dayMs - r.Int64N(dayMs), orders: r.Int64N(5)}
			fs := told(shipped.Layout(), &featurev1.FeatureSet{CustomerId: id(r.IntN(25)), History: r.IntN(4) == 0},
				map[string]int64{"last_order": f.last, "orders_lifetime": f.orders})
			if r.IntN(12) == 0 {
				f = facts{merged: true}
				fs = &featurev1.FeatureSet{CustomerId: fs.CustomerId, MergedInto: id(100)}
			}
			w.send(fs)
			all[fs.CustomerId] = f
		}
		if step%5 == 2 {
			risk = slope{Column: "last_order", By: .01 + .002*r.Float64()}
			version := fmt.Sprintf("%s-%d", versions[step/5], step)
			w.shelf.put("churn_risk_60d", version, risk, halves)
			w.shelf.live("churn_risk_60d", version)
			w.end()
			w.begin()
		}
		w.settled()
		if step%4 == 3 {
			w.begin()
		}
		w.at(w.now.Load() + dayMs + r.Int64N(2*dayMs)) // a night has passed
		w.swept()
		w.agrees(sayings(all, func(f facts) (string, bool) { return says(f, w.now.Load()), f.merged }), step)
	}
	for id, f := range all {
		testkit.Eventually(t, within, func() error {
			sets := w.sets(id)
			if len(sets) == 0 || f.merged != (sets[len(sets)-1].GetMergedInto() != "") {
				return fmt.Errorf("customer %s merged away: %v; told so far: %v", id, f.merged, sets)
			}
			return nil
		})
	}
}

type saying struct {
	says   string
	merged bool
}

func sayings[F any](all map[string]F, of func(F) (string, bool)) map[string]saying {
	out := map[string]saying{}
	for id, f := range all {
		s := saying{}
		s.says, s.merged = of(f)
		out[id] = s
	}
	return out
}

// agrees compares what Predict says of everybody, and what was told last.
func (w *world) agrees(want map[string]saying, step int) {
	w.t.Helper()
	for id, s := range want {
		r, err := w.record(id)
		if err != nil {
			w.t.Fatal(err)
		}
		if s.merged {
			if r.mergedInto == "" || len(r.scores)+len(r.warnings) > 0 {
				w.t.Fatalf("step %d: customer %s: %+v, want a tombstone", step, id, r)
			}
			continue
		}
		got := w.predict(id)
		if text := brief(got); text != s.says {
			w.t.Fatalf("step %d: customer %s: %s, want %s", step, id, text, s.says)
		}
		for i, x := range got.GetScores() {
			was := r.score(w.s.book.targets[i])
			if (was != nil) != (x.GetMissing() == "") || was != nil && (was.model.String() != x.GetModelVersion() || bands[was.band] != x.GetBand()) {
				w.t.Fatalf("step %d: customer %s was told %+v, and has %v", step, id, was, x)
			}
			if was != nil && math.Abs(x.GetValue()-float64(was.value)) > .051 {
				w.t.Fatalf("step %d: customer %s was told %.3f, and has %.3f", step, id, was.value, x.GetValue())
			}
		}
		if len(r.warnings) != len(got.GetWarnings()) {
			w.t.Fatalf("step %d: customer %s was told of %d warnings, and has %v", step, id, len(r.warnings), got.GetWarnings())
		}
	}
}

// brief is the first score and the warnings.
func brief(m *churnv1.ScoreSet) string {
	first := &churnv1.ScoreSet{Scores: m.GetScores()[:1], Warnings: m.GetWarnings()}
	return line(first)[len("UNSPECIFIED "):]
}
