package regret

import (
	"flag"
	"strconv"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/freshet/freshet/services/recommendation/ask"
)

// worlds is how many worlds exploration is judged in: the figures in the documents are of more than a test needs.
var worlds = flag.Int("worlds", 2, "how many worlds exploration is judged in")

// The ways to fill a slot that are compared.
const (
	nothing   = ""
	byItem    = "explore: {slots: [5], context: none}"
	byContext = "explore: {slots: [5]}"
)

// slots shows lists of five to visitors who have looked at one thing: what most took, and where it explores in the last place what is drawn for among that and the products that nobody
// knows. It gives the regret of the last place, list by list. The same people come in the same order, whatever is explored.
func (w *world) slots(t testing.TB, seed uint64, explore string, visits int, edit func(s *shown, visit int)) []float64 {
	s := w.serve(t, seed, "limit: 5\nsources: [{of: popular, take: 20}, {of: arrived, take: 100, weight: 0.1}]\n"+explore,
		map[string]ask.Source{"popular": &most{w: w}, "arrived": unknown{w, false}})
	out := make([]float64, visits)
	for v := range visits {
		if edit != nil {
			edit(s, v)
		}
		person := s.r.IntN(600)
		list, _ := s.list(person, []int32{w.touch(s.r, person, from.AddDate(0, 0, days))})
		out[v] = s.regret(person, list, 4)
	}
	return out
}

// personal shows personal lists of five to visitors who come again, of models that learn from each click, after a history that ended before most products arrived: nobody has looked at those, and nobody
// does but in lists. Where near is true the slot has only products of the categories in the visitor's history, as the need `arrived` proposes them. It gives the regret of lists, and
// the clicks on products that had not been there.
func (w *world) personal(t testing.TB, seed uint64, explore string, near bool, visits int) (regrets []float64, fresh int) {
	s := w.serve(t, seed, "limit: 5\nsources: [{of: also_viewed, take: 50, weight: 3}, {of: arrived, take: 60, weight: 0.1}, {of: popular, take: 10, weight: 0.2}]\n"+explore,
		map[string]ask.Source{"also_viewed": model{w.viewed}, "popular": &most{w: w}, "arrived": unknown{w, near}})
	histories := map[int][]int32{}
	for range visits {
		person := s.r.IntN(600)
		history := histories[person]
		if len(history) == 0 {
			history = []int32{w.touch(s.r, person, from.AddDate(0, 0, 10))} // what brought him here was there before
		}
		list, chosen := s.list(person, history)
		regrets = append(regrets, s.regret(person, list, 0))
		for _, n := range chosen {
			if !w.goods[n].ArriveAt.IsZero() {
				fresh++
			}
			history = append(history, n)
			w.counts[n]++
			w.viewed.Observe(strconv.Itoa(person), n, s.at.UnixMilli())
		}
		histories[person] = history[max(0, len(history)-10):]
	}
	return regrets, fresh
}

// TestExploration: what a slot that explores costs and gains visitors of whom nearly nothing is known. Arms of items alone do not pay back where tastes differ; arms with the visitor's context
// do, within the first thousands of lists.
func TestExploration(t *testing.T) {
	const visits, quarter = 8_000, 2_000
	ways := []string{nothing, byItem, byContext}
	all, last, first := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for seed := uint64(1); seed <= uint64(*worlds); seed++ {
		w := play(t, seed, 20)
		for _, way := range ways {
			v := w.slots(t, seed, way, visits, nil)
			all[way], first[way], last[way] = append(all[way], avg(v)), append(first[way], avg(v[:quarter])), append(last[way], avg(v[3*quarter:]))
			t.Logf("world %d, %q: regret of one place by quarters of %d lists %.3f %.3f %.3f %.3f", seed, way, visits, avg(v[:quarter]), avg(v[quarter:2*quarter]), avg(v[2*quarter:3*quarter]), avg(v[3*quarter:]))
		}
	}
	for _, way := range ways[1:] {
		tell(t, way+", regret against nothing explored: all", all[nothing], all[way])
		tell(t, way+", first quarter", first[nothing], first[way])
		tell(t, way+", last quarter", last[nothing], last[way])
	}
	tell(t, "context against item: all", all[byItem], all[byContext])
	for i := range all[nothing] {
		if all[byContext][i] >= .97*all[nothing][i] || last[byContext][i] >= .94*last[nothing][i] || all[byContext][i] >= .96*all[byItem][i] {
			t.Errorf("world %d: a slot that knows a context does not pay back: %.4f against %.4f without, %.4f in the last quarter against %.4f, %.4f with arms of items", i+1,
				all[byContext][i], all[nothing][i], last[byContext][i], last[nothing][i], all[byItem][i])
		}
	}
}

// TestExplorationInPersonalLists: in a closed loop with lists by models that learn from each click, a slot that explores costs or gains little; what it buys is that new products are found.
func TestExplorationInPersonalLists(t *testing.T) {
	const visits, quarter = 3_000, 750
	all, last, found := map[string][]float64{}, map[string][]float64{}, map[string]int{}
	ways := []string{nothing, byItem, byContext}
	for seed := uint64(1); seed <= uint64(some()); seed++ {
		for _, near := range []bool{false, true} {
			for _, way := range ways {
				v, fresh := play(t, seed, 20).personal(t, seed, way, near, visits)
				key := way
				if near {
					key += " near"
				}
				all[key], last[key] = append(all[key], avg(v)), append(last[key], avg(v[3*quarter:]))
				found[key] += fresh
			}
		}
	}
	for _, near := range []string{"", " near"} {
		for _, way := range ways[1:] {
			tell(t, way+near+", regret of lists against nothing explored: all", all[nothing+near], all[way+near])
			tell(t, way+near+", last quarter", last[nothing+near], last[way+near])
			t.Logf("%s%s: %d clicks on new products, without %d", way, near, found[way+near], found[nothing+near])
		}
	}
	if never, n := found[nothing+" near"], found[byContext+" near"]; n < 5*never || n < 10*some() {
		t.Errorf("%d clicks on new products, without exploration %d", n, never)
	}
	if a, b := avg(all[nothing+" near"]), avg(all[byContext+" near"]); b > 1.02*a {
		t.Errorf("exploring among favourites costs more than 2 %%: %.3f against %.3f", b, a)
	}
}

// TestRecovery: from one list to the next everybody wants of the new products what another category's visitors wanted. What was learned is wrong then; it is forgotten, and learned anew.
func TestRecovery(t *testing.T) {
	const before, after, window = 6_000, 10_000, 2_000
	sums := map[string][]float64{}
	for seed := uint64(1); seed <= uint64(some()); seed++ {
		w := play(t, seed, 20)
		for _, way := range []string{nothing, byContext} {
			v := w.slots(t, seed, way, before+after, func(s *shown, visit int) {
				if visit == before {
					w.turn(s)
				}
			})
			for i := range len(v) / window {
				if len(sums[way]) <= i {
					sums[way] = append(sums[way], 0)
				}
				sums[way][i] += avg(v[i*window:(i+1)*window]) / float64(some())
			}
		}
	}
	var gains []float64
	for i := range sums[nothing] {
		gains = append(gains, sums[nothing][i]-sums[byContext][i])
	}
	t.Logf("what a slot with a context gains, by %d lists; fashion turns after %d: %.3f", window, before, gains)
	at := before / window
	if end := len(gains) - 1; gains[at-1] <= 0 || gains[at] > .75*gains[at-1] || gains[end] <= .75*gains[at-1] {
		t.Errorf("a turn that costs nothing, or that is not made good: %.3f", gains)
	}
}

// some are half of the worlds: for what is slow.
func some() int { return (*worlds + 1) / 2 }

// turn has everybody like each new product as he liked another one, of another category.
func (w *world) turn(s *shown) {
	var fresh []int32
	for n := range w.goods {
		if w.counts[n] < 20 {
			fresh = append(fresh, int32(n))
		}
	}
	becomes := map[int32]int32{}
	for i, n := range fresh {
		becomes[n] = fresh[(i+len(fresh)/2)%len(fresh)]
	}
	old := s.taste
	s.taste = func(person int, n int32) float64 {
		if m, ok := becomes[n]; ok {
			n = m
		}
		return old(person, n)
	}
}

// tell writes how much less regret there is, in the mean of worlds, and in what part of it.
func tell(t *testing.T, what string, without, with []float64) {
	t.Helper()
	less := make([]float64, len(with))
	for i := range with {
		less[i] = without[i] - with[i]
	}
	m, half := mean(less)
	if n := float64(len(less)); n > 1 { // few worlds: by Student's distribution
		half *= distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(.975) / 1.96
	}
	t.Logf("%s: %.4f instead of %.4f, %.4f ± %.4f less (%.1f %%)", what, avg(with), avg(without), m, half, 100*m/avg(without))
}

func avg(v []float64) float64 {
	m, _ := mean(v)
	return m
}
