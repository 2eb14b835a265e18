package regret

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// explorer chooses the item of the slot that explores; what came of it is told to it.
type explorer interface {
	choose(r *rand.Rand, fresh []int32) int32
	learn(n int32, clicked bool)
}

// thompson draws each item's click rate from its Beta posterior and takes the highest (Thompson, Biometrika 1933). Before a click is seen a rate is about one in twenty-five.
type thompson struct{ clicks, shown map[int32]float64 }

func newThompson() *thompson { return &thompson{map[int32]float64{}, map[int32]float64{}} }

func (x *thompson) choose(r *rand.Rand, fresh []int32) int32 {
	best, most := fresh[0], -1.0
	for _, n := range fresh {
		if draw := (distuv.Beta{Alpha: 1 + x.clicks[n], Beta: 24 + x.shown[n] - x.clicks[n], Src: r}).Rand(); draw > most {
			best, most = n, draw
		}
	}
	return best
}

func (x *thompson) learn(n int32, clicked bool) {
	x.shown[n]++
	if clicked {
		x.clicks[n]++
	}
}

// chance takes any.
type chance struct{}

func (chance) choose(r *rand.Rand, fresh []int32) int32 { return fresh[r.IntN(len(fresh))] }
func (chance) learn(int32, bool)                        {}

// explore shows lists of five for so many visits after a history that ended before most products arrived: nobody has looked at those, and nobody does but in lists. Every click teaches
// all models. It returns the mean regret of the first and of the last quarter, and of all.
// Where near is true the slot has only products of the categories in the visitor's history, as the need `arrived` proposes them; else any.
func explore(t *testing.T, seed uint64, x explorer, near bool, visits int) (early, late, all float64, clickedNew int) {
	w := play(t, seed, 20)
	r := rand.New(rand.NewPCG(seed, 77))
	at := from.AddDate(0, 0, days)
	var regrets []float64
	histories := map[int][]int32{}
	for v := range visits {
		person := r.IntN(600)
		history := histories[person]
		if len(history) == 0 {
			history = []int32{w.touch(r, person, from.AddDate(0, 0, 10))} // what brought him here was there before
		}
		most := w.popular()
		k := 5
		var fresh []int32
		if x != nil {
			k = 4
		}
		list := propose(k, history, nil, w.viewed, most)
		if x != nil {
			for n := range w.goods {
				if w.counts[n] < 20 && (!near || w.alike(int32(n), history)) && !slices.Contains(list, int32(n)) {
					fresh = append(fresh, int32(n))
				}
			}
			if len(fresh) == 0 {
				list = propose(5, history, nil, w.viewed, most)
			} else {
				list = append(list, x.choose(r, fresh))
			}
		}
		regrets = append(regrets, w.oracle(person, 5, at)-w.gain(person, list, at))
		for place, n := range list {
			clicked := r.Float64() < w.taste(person, n, at)
			if place == 4 && len(fresh) > 0 {
				x.learn(n, clicked)
			}
			if clicked {
				if !w.goods[n].ArriveAt.IsZero() {
					clickedNew++
				}
				history = append(history, n)
				w.counts[n]++
				w.viewed.Observe(strconv.Itoa(person), n, at.Add(time.Duration(v)*time.Second).UnixMilli())
			}
		}
		histories[person] = history[max(0, len(history)-10):]
	}
	early, _ = mean(regrets[:visits/4])
	late, _ = mean(regrets[3*visits/4:])
	all, _ = mean(regrets)
	return early, late, all, clickedNew
}

// TestExploration: in a closed loop with personal lists a slot that explores costs some hundredths of the gain, for thousands of lists; what it buys is that new products are found at all, and
// more of them where the slot keeps to favourite categories.
func TestExploration(t *testing.T) {
	const seed, visits = 1, 2400
	_, _, none, never := tell(t, "nothing explores", seed, nil, false, visits)
	_, _, _, all := tell(t, "a Thompson slot", seed, newThompson(), false, visits)
	early, late, cost, near := tell(t, "a Thompson slot, of favourite categories", seed, newThompson(), true, visits)
	if never > 5 || all <= 5*never || float64(near) < 1.3*float64(all) || late >= early || cost > 1.05*none {
		t.Errorf("exploring in favourite categories: regret %.3f at first and %.3f at last, %.3f against %.3f without; %d clicks on new products, %d where any is shown, %d without", early, late, cost, none, near, all, never)
	}
}

// slot shows lists to visitors who have looked at one thing: what most took, and in the last place what the explorer of its category chooses among
// the products that nobody knows yet. It returns the mean regret
// of the last place, against the best for this person, in each quarter of the visits.
func slot(w *world, seed uint64, of func(category string) explorer, visits int) (quarters []float64) {
	r := rand.New(rand.NewPCG(seed, 80))
	at := from.AddDate(0, 0, days)
	list := propose(5, nil, nil, w.popular())
	var rest []int32
	for n := range w.goods {
		if w.counts[n] == 0 {
			rest = append(rest, int32(n))
		}
	}
	sum := 0.0
	for v := range visits {
		person := r.IntN(600)
		x := of(w.goods[w.touch(r, person, at)].Category)
		n, best := list[4], 0.0
		if x != nil {
			n = x.choose(r, rest)
			x.learn(n, r.Float64() < w.taste(person, n, at))
		}
		for _, other := range rest {
			best = max(best, w.taste(person, other, at))
		}
		sum += best - w.taste(person, n, at)
		if (v+1)%(visits/4) == 0 {
			quarters = append(quarters, sum/float64(visits/4))
			sum = 0
		}
	}
	return quarters
}

// TestExplorationWithAContext: arms of all visitors together learn next to nothing where tastes differ; arms for each category that a visit begins in beat what never explores.
func TestExplorationWithAContext(t *testing.T) {
	const visits = 16_000
	for seed := uint64(1); seed <= 2; seed++ {
		w := play(t, seed, 20)
		one, by := newThompson(), map[string]explorer{}
		none := slot(w, seed, func(string) explorer { return nil }, visits)
		random := slot(w, seed, func(string) explorer { return chance{} }, visits)
		together := slot(w, seed, func(string) explorer { return one }, visits)
		apart := slot(w, seed, func(c string) explorer {
			if by[c] == nil {
				by[c] = newThompson()
			}
			return by[c]
		}, visits)
		t.Logf("seed %d, regret of one place in the quarters of %d lists: what most took %.3f, at random %.3f, Thompson with one arm an item %.3f, with one for each category and item %.3f", seed, visits, none, random, together, apart)
		if apart[3] >= none[3] || apart[3] >= random[3] || apart[3] >= together[3] || apart[3] >= apart[0] {
			t.Errorf("seed %d: a Thompson slot finds nothing better", seed)
		}
	}
}

func tell(t *testing.T, what string, seed uint64, x explorer, near bool, visits int) (early, late, all float64, clicks int) {
	early, late, all, clicks = explore(t, seed, x, near, visits)
	t.Logf("seed %d, %d lists of 5, %s: regret %.3f, in the first quarter %.3f, in the last %.3f; %d clicks on new products", seed, visits, what, all, early, late, clicks)
	return early, late, all, clicks
}

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
