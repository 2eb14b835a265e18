package regret

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/loop"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// listsADay is the traffic: the half-life is of a clock.
const listsADay = 2000

// shown is a scene that is served in a world: its lists are made by package scene and drawn for by package arms, as those of the live service, and what becomes of them is told
// to the same arms.
type shown struct {
	w       *world
	plan    *scene.Plan
	arms    *arms.Arms
	sources map[string]ask.Source
	r       *rand.Rand
	at      time.Time
	// taste is the truth; tests change it.
	taste func(person int, n int32) float64
}

// serve makes it of a scene's body.
func (w *world) serve(t testing.TB, seed uint64, body string, sources map[string]ask.Source) *shown {
	t.Helper()
	set, err := scene.Parse(nil, []byte("scenes:\n  - name: s\n    description: A simulation.\n    "+strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n    ")), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &shown{w: w, plan: set.Get("s").Base(), sources: sources, r: rand.New(rand.NewPCG(seed, 77)), at: from.AddDate(0, 0, days)}
	c := loop.Default()
	s.arms = arms.New(arms.Config{HalfLife: c.HalfLife, Prior: c.Prior, Others: c.Others, Most: c.Arms}, func() time.Time { return s.at })
	end := s.at
	s.taste = func(person int, n int32) float64 { return w.taste(person, n, end) }
	return s
}

// list gives a visitor with a history a list, has him choose by his taste, and teaches the arms. It returns the list and what was chosen of it.
func (s *shown) list(person int, history []int32) (items, chosen []int32) {
	a := &ask.Ask{Workspace: "default", NowMs: s.at.UnixMilli(), Shelf: s.w.shelf, History: history, Visitor: &visitor.View{Workspace: "default", Personal: true}}
	for _, n := range history {
		a.Touches = append(a.Touches, visitor.Touch{Item: s.w.goods[n].ProductID, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: a.NowMs})
	}
	a.Visitor.Touches = a.Touches
	list := s.plan.Answer(a, scene.Parts{Draw: s.arms, Seed: s.r.Uint64(), Source: func(name string) ask.Source { return s.sources[name] }})
	for i, e := range list.Entries {
		items = append(items, e.Item)
		o := &recommendationv1.Outcome{
			Workspace: "default", Scene: s.plan.Scene, ItemId: s.w.goods[e.Item].ProductID, Position: int32(i + 1), Source: e.Source, Explored: e.Explored, Context: list.Context,
			Kind: recommendationv1.FeedbackKind_FEEDBACK_KIND_IMPRESSION, AtMs: a.NowMs,
		}
		s.arms.Take(o)
		if s.r.Float64() < s.taste(person, e.Item) {
			chosen = append(chosen, e.Item)
			o.Kind = recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK
			s.arms.Take(o)
		}
	}
	s.at = s.at.Add(24 * time.Hour / listsADay)
	return items, chosen
}

// regret is what the best k beside the first ones of a list would gain more than the rest of it.
func (s *shown) regret(person int, list []int32, first int) float64 {
	all := make([]float64, 0, len(s.w.goods))
	for n := range s.w.goods {
		if !slices.Contains(list[:first], int32(n)) {
			all = append(all, s.taste(person, int32(n)))
		}
	}
	slices.SortFunc(all, func(a, b float64) int { return -int(cmpFloat(a, b)) })
	sum := 0.0
	for i, n := range list[first:] {
		sum += all[i] - s.taste(person, n)
	}
	return sum
}

func cmpFloat(a, b float64) float64 {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// model asks a model as it serves.
type model struct{ of candidate.Source }

func (m model) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	return m.of.Candidates(dst, &candidate.Query{History: a.History, K: k, Skip: a.Skip})
}

// most takes what most took, as it is then.
type most struct{ w *world }

func (m most) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	return model{m.w.popular()}.Candidates(dst, a, k)
}

// unknown proposes products that nobody knows yet; where near is true, those of the categories in the visitor's history alone, as the need `arrived` does.
type unknown struct {
	w    *world
	near bool
}

func (u unknown) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	for n := range u.w.goods {
		if k > 0 && u.w.counts[n] < 20 && (!u.near || u.w.alike(int32(n), a.History)) && !a.Skip(int32(n)) {
			dst = append(dst, candidate.Candidate{Item: int32(n), Score: 1, Reason: candidate.Reason{Kind: candidate.Arrived, Because: candidate.Nothing}})
			k--
		}
	}
	return dst
}

// slots runs visitors who have looked at one thing: regret of the last place by list.
func slots(t testing.TB, seed uint64, explore string, visits int) []float64 {
	w := play(t, seed, 20)
	s := w.serve(t, seed, "limit: 5\nsources: [{of: popular, take: 20}, {of: arrived, take: 100, weight: 0.1}]\n"+explore, map[string]ask.Source{"popular": most{w}, "arrived": unknown{w, false}})
	out := make([]float64, visits)
	for v := range visits {
		person := s.r.IntN(600)
		items, _ := s.list(person, []int32{w.touch(s.r, person, from.AddDate(0, 0, days))})
		out[v] = s.regret(person, items, 4)
	}
	return out
}

// personal runs visitors who come again, with models that learn from each click.
func personal(t testing.TB, seed uint64, explore string, near bool, visits int) (regrets []float64, fresh int) {
	w := play(t, seed, 20)
	s := w.serve(t, seed, "limit: 5\nsources: [{of: also_viewed, take: 50, weight: 3}, {of: arrived, take: 60, weight: 0.1}, {of: popular, take: 10, weight: 0.2}]\n"+explore,
		map[string]ask.Source{"also_viewed": model{w.viewed}, "popular": most{w}, "arrived": unknown{w, near}})
	histories := map[int][]int32{}
	for v := range visits {
		person := s.r.IntN(600)
		history := histories[person]
		if len(history) == 0 {
			history = []int32{w.touch(s.r, person, from.AddDate(0, 0, 10))} // what brought him here was there before
		}
		items, chosen := s.list(person, history)
		regrets = append(regrets, s.regret(person, items, 0))
		for _, n := range chosen {
			if !w.goods[n].ArriveAt.IsZero() {
				fresh++
			}
			history = append(history, n)
			w.counts[n]++
			w.viewed.Observe(strconv.Itoa(person), n, s.at.Add(time.Duration(v)*time.Second).UnixMilli())
		}
		histories[person] = history[max(0, len(history)-10):]
	}
	return regrets, fresh
}

func TestTry(t *testing.T) {
	for seed := uint64(1); seed <= 2; seed++ {
		for _, x := range []string{"", "explore: {slots: [5], context: none}", "explore: {slots: [5]}"} {
			v := slots(t, seed, x, 16000)
			t.Logf("slots %d %-40s %.4f: %.4f %.4f %.4f %.4f", seed, x, avg(v), avg(v[:4000]), avg(v[4000:8000]), avg(v[8000:12000]), avg(v[12000:]))
		}
		for _, x := range []string{"", "explore: {slots: [5], context: none}", "explore: {slots: [5]}"} {
			for _, near := range []bool{false, true} {
				v, fresh := personal(t, seed, x, near, 8000)
				t.Logf("personal %d %-40s near %v %.4f: %.4f %.4f %.4f %.4f; %d", seed, x, near, avg(v), avg(v[:2000]), avg(v[2000:4000]), avg(v[4000:6000]), avg(v[6000:]), fresh)
			}
		}
	}
}

func avg(v []float64) float64 { m, _ := mean(v); return m }
