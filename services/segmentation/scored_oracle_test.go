package segmentation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// TestRandomScoresAgainstOracle: after random sets of features and of scores in any order, copies and old ones among them, merges, steps of the clock and
// restarts, with the local state and without it, the members are those that plain Go says.
func TestRandomScoresAgainstOracle(t *testing.T) {
	w := newWorld(t, `
segments:
  - {name: leaving, when: "churn_risk_90d >= 0.5 && spend_30d >= 3 && !churn_holdout"}
  - {name: banded, when: "churn_risk_90d_band in [\"high\", \"medium\"] || !(churn_risk_90d < 0.25)"}
  - {name: warned, when: "warning_frequency_halved && days_since_warning_frequency_halved < 1"}
  - {name: rich, when: "spend_next_90d != 2 && has(spend_next_90d) && orders_30d > 1"}
`)
	o := scoresOracle{features: map[string]map[string]int64{}, scores: map[string]*churnv1.ScoreSet{}, gone: map[string]int64{}}
	w.begin()
	r := rand.New(rand.NewPCG(11, 12))
	for step := range 12 {
		for range 60 {
			o.random(w, r)
		}
		w.settled()
		if step%4 == 3 {
			if step == 7 {
				w.cfg.Dir = t.TempDir()
			}
			w.begin()
		}
		w.at(w.now.Load() + w.cfg.ScoreWithin.Milliseconds() + r.Int64N(3)*6*hourMs + r.Int64N(2))
		for n := range customersOfOracle {
			rec, err := w.record(id(n))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if rec != nil {
				got = w.in(id(n))
			}
			if want := o.in(id(n), w.now.Load()); !slices.Equal(got, want) {
				t.Fatalf("step %d: customer %d is in %q, want %q: %v, %v", step, n, got, want, o.features[id(n)], o.scores[id(n)])
			}
		}
	}
}

const customersOfOracle = 25

// scoresOracle is what is known of each customer: the newest features, nil of one who has none or was merged away, the newest scores, and of which
// features on they are of somebody.
type scoresOracle struct {
	features map[string]map[string]int64
	scores   map[string]*churnv1.ScoreSet
	gone     map[string]int64
}

// random publishes something about somebody.
func (o *scoresOracle) random(w *world, r *rand.Rand) {
	who, now := id(r.IntN(customersOfOracle)), w.now.Load()
	switch kind := r.IntN(20); {
	case kind < 9:
		f := map[string]int64{"last_seen": now, "spend_30d": r.Int64N(6) * 1_000_000, "orders_30d": r.Int64N(4)}
		w.send(told(&featurev1.FeatureSet{CustomerId: who, History: r.IntN(4) == 0}, f, nil))
		o.features[who] = f
	case kind < 18:
		m := &churnv1.ScoreSet{CustomerId: who, Holdout: r.IntN(5) == 0, Reason: churnv1.ScoreReason(r.IntN(5)), History: r.IntN(4) == 0}
		if r.IntN(5) > 0 {
			m.Scores = append(m.Scores, &churnv1.Score{Target: "churn_risk_90d", Value: float64(r.IntN(5)) / 4, Band: []string{"low", "medium", "high"}[r.IntN(3)], ModelVersion: fmt.Sprint(r.IntN(2))})
		}
		if r.IntN(3) > 0 {
			m.Scores = append(m.Scores, &churnv1.Score{Target: "spend_next_90d", Value: float64(r.IntN(4)), ModelVersion: "x"})
		}
		if r.IntN(3) == 0 {
			m.Warnings = []*churnv1.Warning{{Name: "frequency_halved", SinceMs: now - r.Int64N(30)*hourMs}}
		}
		if r.IntN(6) == 0 && w.scored[who] > 1 { // a straggler
			m.Version = 1 + r.Int64N(w.scored[who])
		} else {
			o.scores[who] = m
		}
		w.score(m)
	default:
		w.send(mergedAway(who))
		delete(o.features, who)
		o.gone[who] = w.sent[who]
		if r.IntN(2) == 0 {
			o.scores[who] = &churnv1.ScoreSet{CustomerId: who, MergedInto: id(100), Reason: scoredByMerge}
			w.score(o.scores[who])
		}
	}
}

// in is what the rules mean, in plain Go.
func (o *scoresOracle) in(id string, now int64) (in []string) {
	f, ok := o.features[id]
	if !ok {
		return nil
	}
	var risk, next *churnv1.Score
	var warned int64
	m := o.scores[id]
	if gone := o.gone[id]; gone > 0 && m.GetFeaturesVersion() <= gone {
		m = nil
	}
	for _, x := range m.GetScores() {
		if x.Target == "churn_risk_90d" {
			risk = x
		} else {
			next = x
		}
	}
	for _, x := range m.GetWarnings() {
		warned = x.SinceMs
	}
	if risk != nil && risk.Value >= 0.5 && f["spend_30d"] >= 3_000_000 && !m.GetHoldout() {
		in = append(in, "leaving")
	}
	if risk == nil || risk.Band != "low" || risk.Value >= 0.25 {
		in = append(in, "banded")
	}
	if warned != 0 && now-warned < dayMs {
		in = append(in, "warned")
	}
	if next != nil && next.Value != 2 && f["orders_30d"] > 1 {
		in = append(in, "rich")
	}
	return in
}
