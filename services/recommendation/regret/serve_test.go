package regret

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/loop"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// listsADay is the traffic: the half-life is of a clock.
const listsADay = 2000

// learner chooses, and learns from what became of it.
type learner interface {
	scene.Draw
	Take(o *recommendationv1.Outcome)
}

// shown is a scene that is served in a world: its lists are made by package scene and drawn for by package arms, as those of the live service, and what becomes of them is told
// to the same arms.
type shown struct {
	w       *world
	plan    *scene.Plan
	arms    learner // those of package arms, unless a test has another
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
			Workspace: "default", Scene: s.plan.Scene, ItemId: s.w.goods[e.Item].ProductID, Position: int32(i + 1), Source: e.Source, Explored: e.Explored, Category: e.Category, Context: list.Context,
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

// regret is what the best items would gain more than a list does from a place on, where what stands before it stays.
func (s *shown) regret(person int, list []int32, first int) float64 {
	all := make([]float64, 0, len(s.w.goods))
	for n := range s.w.goods {
		if !slices.Contains(list[:first], int32(n)) {
			all = append(all, s.taste(person, int32(n)))
		}
	}
	slices.Sort(all)
	sum := 0.0
	for i, n := range list[first:] {
		sum += all[len(all)-1-i] - s.taste(person, n)
	}
	return sum
}

// model asks a model as it serves.
type model struct{ of candidate.Source }

func (m model) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	return m.of.Candidates(dst, &candidate.Query{History: a.History, K: k, Skip: a.Skip})
}

// most takes what most took, as it is then.
type most struct {
	w    *world
	is   *popular.Most
	when int64 // how many touches it is of
}

func (m *most) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	touches := int64(0)
	for _, n := range m.w.counts {
		touches += n
	}
	if m.is == nil || m.when != touches {
		m.is, m.when = m.w.popular(), touches
	}
	return model{m.is}.Candidates(dst, a, k)
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
