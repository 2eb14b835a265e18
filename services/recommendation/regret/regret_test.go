package regret

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

func TestColdStart(t *testing.T) {
	for seed := uint64(1); seed <= 2; seed++ {
		w := play(t, seed, days)
		r := rand.New(rand.NewPCG(seed, 78))
		at := from.AddDate(0, 0, days)
		gains := make([][]float64, 11) // by events: above popularity
		var base, best float64
		for person := range 300 {
			popular := w.gain(person, propose(10, nil, nil, w.popular()), at)
			base += popular / 300
			best += w.oracle(person, 10, at) / 300
			var history []int32
			for n := range gains {
				gains[n] = append(gains[n], w.gain(person, propose(10, history, nil, w.session, w.viewed, w.popular()), at)-popular)
				history = append(history, w.touch(r, person, at))
			}
		}
		first := -1
		for n := range gains {
			m, half := mean(gains[n])
			t.Logf("seed %d, %d events: gain of a list of 10 is %.3f, %+.3f ± %.3f against popularity's; the oracle's is %.3f", seed, n, base+m, m, half, best)
			if first < 0 && m-half > 0 {
				first = n
			}
		}
		if first < 1 || first > 3 {
			t.Errorf("seed %d: a new visitor's list is better than popularity after %d events, want 1 to 3", seed, first)
		}
	}
}

func TestDrift(t *testing.T) {
	const seed = 1
	w := play(t, seed, days)
	r := rand.New(rand.NewPCG(seed, 79))
	for name, source := range map[string]candidate.Source{"session": w.session, "also viewed": w.viewed} {
		const events = 20
		after := make([][]float64, events+1)
		var before, best []float64
		for _, p := range w.people {
			if p.DriftAt.IsZero() {
				continue
			}
			old, now := p.DriftAt.Add(-time.Hour), p.DriftAt.Add(time.Hour)
			var history []int32
			for range 30 {
				history = append(history, w.touch(r, p.Person, old))
			}
			before = append(before, w.gain(p.Person, propose(10, history, nil, source, w.popular()), old)/w.oracle(p.Person, 10, old))
			top := w.oracle(p.Person, 10, now)
			best = append(best, top)
			for n := range after {
				after[n] = append(after[n], w.gain(p.Person, propose(10, history, nil, source, w.popular()), now)/top)
				history = append(history, w.touch(r, p.Person, now))
			}
		}
		was, _ := mean(before)
		fell, _ := mean(after[0])
		recovered := -1
		for n := range after {
			if m, _ := mean(after[n]); recovered < 0 && m >= .9*was {
				recovered = n
			}
		}
		end, half := mean(after[events])
		t.Logf("%s: %d people; share of the oracle's gain %.3f before the drift, %.3f at once, %.3f ± %.3f after %d events; nine tenths again after %d events", name, len(best), was, fell, end, half, events, recovered)
		if fell > .8*was || recovered < 1 {
			t.Errorf("%s: a drift that costs nothing, or that is never made good", name)
		}
	}
}
