package rank

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/gbdt"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// list draws what a source proposes.
func list(t *rapid.T, name string) []candidate.Candidate {
	var out []candidate.Candidate
	for _, item := range rapid.SliceOfNDistinct(rapid.Int32Range(0, 20), 0, 12, rapid.ID[int32]).Draw(t, name) {
		out = append(out, candidate.Candidate{Item: item, Score: float64(rapid.IntRange(1, 9).Draw(t, "score")),
			Reason: candidate.Reason{Kind: candidate.Taste, Because: rapid.Int32Range(-1, 5).Draw(t, "because"), Share: .5}})
	}
	slices.SortFunc(out, func(a, b candidate.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return out
}

func TestAPoolMergesByItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := map[int][]candidate.Candidate{0: list(t, "a"), 1: list(t, "b"), 2: list(t, "c")}
		p := NewPool(Question{})
		defer p.Put()
		for i := range 3 {
			p.Name(fmt.Sprint(i), 1)
		}
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			p.Add(i, lists[i])
		}
		all := map[int32]bool{}
		for s, l := range lists {
			for place, c := range l {
				all[c.Item] = true
				i, ok := p.Find(c.Item)
				if want := (said{int32(place) + 1, c.Score, c.Reason}); !ok || p.Item(i) != c.Item || p.of(i)[s] != want {
					t.Fatalf("source %d, item %d: %+v, want %+v", s, c.Item, p.of(i)[s], want)
				}
			}
		}
		if p.Len() != len(all) {
			t.Fatalf("%d candidates, want %d", p.Len(), len(all))
		}
		for i := range p.Len() { // the reason is that of the highest place
			got, source := p.Reason(i)
			for s, x := range p.of(i) {
				if x.place > 0 && (x.place < p.of(i)[source].place || x.place == p.of(i)[source].place && s < source) || got != p.of(i)[source].reason {
					t.Fatalf("candidate %d has the reason of source %d: %+v", i, source, p.of(i))
				}
			}
		}
	})
}

func TestBlendIsTheSumOfReciprocalRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewPool(Question{})
		defer p.Put()
		want := map[int32]float64{}
		weights := []float64{1, .5, -1}
		for i, w := range weights {
			p.Name(fmt.Sprint(i), w)
		}
		for i, w := range weights {
			l := list(t, "list")
			for place, c := range l {
				want[c.Item] += max(w, 0) / float64(61+place)
			}
			p.Add(i, l)
		}
		got := Blend(p)
		if len(got) != len(want) {
			t.Fatalf("%d of %d", len(got), len(want))
		}
		for i, r := range got {
			if math.Abs(r.Score-want[r.Item]) > 1e-12 || i > 0 && (got[i-1].Score < r.Score || got[i-1].Score == r.Score && got[i-1].Item > r.Item) {
				t.Fatalf("place %d: %+v, want a score of %v", i, r, want[r.Item])
			}
		}
	})
}

// world makes questions in which source "good" knows what is taken and "bad" does not; "half" knows it for visitors who touched item 7 last.
type world struct {
	r *rand.Rand
}

func (w world) question(names ...string) (*Pool, int32) {
	taken := w.r.Int32N(30)
	q := Question{NowMs: 1e12, History: []int32{1, 2, w.r.Int32N(3) + 5}}
	q.Session = q.History
	p := NewPool(q)
	for _, n := range names {
		p.Name(n, 1)
	}
	for i, n := range names {
		l := make([]candidate.Candidate, 30)
		for j, item := range w.r.Perm(30) {
			score := float64(30 - j)
			if int32(item) == taken && (n == "good" && w.r.IntN(10) > 0 || n == "half" && q.History[2] == 7) {
				score += 40
			}
			l[j] = candidate.Candidate{Item: int32(item), Score: score, Reason: candidate.Reason{Kind: candidate.Taste, Because: q.History[2]}}
		}
		slices.SortFunc(l, func(a, b candidate.Candidate) int { return cmp.Compare(b.Score, a.Score) })
		p.Add(i, l)
	}
	return p, taken
}

func (w world) train(t testing.TB, questions, trees int) *Ranker {
	t.Helper()
	o := Default()
	o.Trees, o.Patience = trees, 0
	return w.trainBy(t, questions, o)
}

func (w world) trainBy(t testing.TB, questions int, o Options) *Ranker {
	t.Helper()
	names := []string{"bad", "good", "half"}
	l := NewLessons(names)
	for range questions {
		p, taken := w.question(names...)
		if err := l.Add(p, one(taken)); err != nil {
			t.Fatal(err)
		}
		p.Put()
	}
	r, err := Train(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func one(item int32) func(int32) int {
	return func(i int32) int {
		if i == item {
			return 1
		}
		return 0
	}
}

func newWorld() world { return world{rand.New(rand.NewPCG(1, 2))} }

// found is the mean reciprocal rank of what is taken.
func (w world) found(order func(*Pool) []Ranked) (mrr float64) {
	for range 300 {
		p, taken := w.question("half", "bad", "good") // another order than in training
		mrr += 1 / float64(1+slices.IndexFunc(order(p), func(x Ranked) bool { return x.Item == taken })) / 300
		p.Put()
	}
	return mrr
}

// Trees that each learn from other questions learn together.
func TestATreeLearnsFromSomeQuestions(t *testing.T) {
	o := Default()
	o.Trees, o.Patience, o.MinRows, o.Questions = 40, 0, 20, 0
	all := newWorld().trainBy(t, 400, o)
	o.Questions = 60
	some, again := newWorld().trainBy(t, 400, o), newWorld().trainBy(t, 400, o)
	if some.Hash() == all.Hash() || some.Hash() != again.Hash() {
		t.Errorf("with all questions %s, with some %s and %s", all.Hash(), some.Hash(), again.Hash())
	}
	if of, mrr := newWorld().found(all.Rank), newWorld().found(some.Rank); mrr < .85 || mrr < of-.02 {
		t.Errorf("mean reciprocal rank %.3f, with all questions %.3f", mrr, of)
	}
}

func TestItLearnsWhomToBelieve(t *testing.T) {
	r := newWorld().train(t, 400, 40)
	mrr, blended := newWorld().found(r.Rank), newWorld().found(Blend)
	if mrr < .85 || blended > mrr-.1 {
		t.Errorf("mean reciprocal rank %.3f, blended %.3f: want .85 and a tenth less", mrr, blended)
	}
}

func TestFeaturesAreBoundByName(t *testing.T) {
	w := newWorld()
	r := w.train(t, 200, 10)
	p, _ := w.question("bad", "good", "half")
	defer p.Put()
	score := func(order []int, names []string) map[int32]float64 {
		q := NewPool(p.Question)
		defer q.Put()
		for i := range order {
			q.Name(names[i], 1)
		}
		for i, from := range order { // rebuild each source's list from the pool
			var l []candidate.Candidate
			for c := range p.Len() {
				if from < 0 {
					l = append(l, candidate.Candidate{Item: p.Item(c), Score: float64(100 - c), Reason: candidate.Reason{Because: candidate.Nothing}})
					continue
				}
				x := p.of(c)[from]
				l = append(l, candidate.Candidate{Item: p.Item(c), Score: x.score, Reason: x.reason})
			}
			slices.SortFunc(l, func(a, b candidate.Candidate) int { return cmp.Compare(b.Score, a.Score) })
			q.Add(i, l)
		}
		out := map[int32]float64{}
		for _, x := range r.Rank(q) {
			out[x.Item] = x.Score
		}
		return out
	}
	want := score([]int{0, 1, 2}, []string{"bad", "good", "half"})
	if got := score([]int{2, 0, 1}, []string{"half", "bad", "good"}); !gocmp.Equal(got, want) {
		t.Error("the order of sources changes scores:", gocmp.Diff(want, got))
	}
	if got := score([]int{0, 2}, []string{"bad", "half"}); len(got) != len(want) || gocmp.Equal(got, want) {
		t.Error("a source that is not there is not missed")
	}
}

// serving is an Ask with everything that features look at.
func serving() *ask.Ask {
	shelf := catalogue.NewShelf("w", 100)
	for i := range 30 {
		price := int64(1+i) * 1_000_000
		shelf.Put(&catalogue.Item{ID: fmt.Sprint(i), Proto: &recommendationv1.Item{ItemId: fmt.Sprint(i), Brand: fmt.Sprint(i % 4), Categories: []string{"all", fmt.Sprint("all > ", i%5)},
			PriceMicros: &price, CreatedMs: int64(1e12) - int64(i)*86_400_000}})
	}
	const now, day = int64(1e12), int64(86_400_000)
	touches := []visitor.Touch{{Item: "3", Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY, AtMs: now - 20*day}, {Item: "4", Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: now - 15*day},
		{Item: "3", Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY, AtMs: now - 10*day}, {Item: "8", Kind: recommendationv1.TouchKind_TOUCH_KIND_CART, AtMs: now - 60_000}}
	return &ask.Ask{Workspace: "w", NowMs: now, Shelf: shelf, History: []int32{3, 4, 3, 8}, Touches: touches, Session: []int32{8}, Context: []int32{9},
		Visitor: &visitor.View{Personal: true, Segments: []string{"loyal", "rare"}}, Skip: func(int32) bool { return false }}
}

type fixed []candidate.Candidate

func (f fixed) Candidates(dst []candidate.Candidate, _ *ask.Ask, k int) []candidate.Candidate {
	return append(dst, f[:min(k, len(f))]...)
}

func proposals() fixed {
	var f fixed
	for i := range int32(30) {
		f = append(f, candidate.Candidate{Item: i, Score: float64(100 - i), Reason: candidate.Reason{Kind: candidate.Neighbour, Because: 8 + i%2, Share: .5}})
	}
	return f
}

func TestFeaturesAreWhatTheySay(t *testing.T) {
	a := serving()
	p := Gather(a, []Named{{Name: "s", Source: proposals()}}, 30)
	defer p.Put()
	p.Popular = func(item int32) float64 { return 1 / float64(item+1) }
	p.Cycle = func(int32) int64 { return 5 * 86_400_000 }
	l := NewLessons([]string{"s"})
	l.r.fill(p)
	at := func(item int32, name string) float64 {
		i, _ := p.Find(item)
		j := slices.IndexFunc(l.r.trees.Features, func(f gbdt.Feature) bool { return f.Name == name })
		return p.rows[i*len(l.r.columns)+j]
	}
	for _, c := range []struct {
		item int32
		name string
		want float64
	}{
		{3, "s.place", .25}, {3, "s.score", .97}, {3, "s.strength", 97}, {3, "sources", 1}, {3, "popular", -2}, {3, "history", 4}, {3, "session", 1},
		{3, "times", 2}, {3, "moments", 2}, {3, "ago", 2}, {3, "days", 10}, {3, "rhythm", 1}, {3, "bought", 2}, {3, "viewed", 0}, {3, "due", 2},
		{4, "viewed", 1}, {4, "bought", 0}, {4, "due", math.NaN()}, {8, "carted", 1}, {8, "ago", 1}, {5, "times", 0}, {5, "ago", math.NaN()}, {5, "days", math.NaN()}, {5, "bought", 0},
		{3, "price", 2 - (2+math.Log2(5)+2+math.Log2(9))/4}, {8, "category", .75}, {4, "brand", .5}, {3, "brand", .5}, {5, "brand", 0}, {3, "new", 3},
		{2, "because", 1}, {3, "because", math.NaN()}, {3, "share", .5}, {3, "context", 3}, {4, "context", 2}, {0, "context", 0},
	} {
		if got := at(c.item, c.name); math.Abs(got-c.want) > 1e-6 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("item %d: %s is %v, want %v", c.item, c.name, got, c.want)
		}
	}
}

func TestServingSeesWhatTrainingSaw(t *testing.T) {
	a := serving()
	l := NewLessons([]string{"s"})
	for n := range fewest + 20 {
		p := Gather(a, []Named{{Name: "s", Source: proposals()}}, 30)
		if err := l.Add(p, one(int32(n%30))); err != nil {
			t.Fatal(err)
		}
		p.Put()
	}
	r, err := Train(t.Context(), l, Default())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.segments, []string{"rare", "loyal"}) {
		t.Errorf("segments %v", r.segments)
	}
	d := l.dataset(0, 1, r.segments)
	p := Gather(a, []Named{{Name: "s", Source: proposals()}}, 30)
	defer p.Put()
	r.fill(p)
	n := len(r.columns)
	row := make([]float64, n)
	for i := range p.Len() {
		d.Row(i, row)
		for j, v := range row {
			if math.Float64bits(v) != math.Float64bits(p.rows[i*n+j]) && !(math.IsNaN(v) && math.IsNaN(p.rows[i*n+j])) {
				t.Fatalf("candidate %d, %s: learnt %v, served %v", i, r.Features()[j], v, p.rows[i*n+j])
			}
		}
	}
}

func TestReasonsSumToTheScore(t *testing.T) {
	w := newWorld()
	r := w.train(t, 200, 20)
	p, _ := w.question("bad", "good", "half")
	defer p.Put()
	for _, x := range r.Rank(p) {
		parts, sum, err := r.Explain(p, x.At)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			sum += part.Gives
		}
		if math.Abs(sum-x.Score) > 1e-9 {
			t.Fatalf("the parts of item %d sum to %v, its score is %v", x.Item, sum, x.Score)
		}
	}
	best := r.Rank(p)[0]
	if parts, _, _ := r.Explain(p, best.At); !strings.HasPrefix(parts[0].Feature, "good.") && !strings.HasPrefix(parts[0].Feature, "half.") {
		t.Errorf("most of the best comes from %+v", parts[0])
	}
	if _, _, err := r.Explain(p, 99); err == nil {
		t.Error("a candidate that is not there was explained")
	}
}

func TestADamagedRankerIsRefused(t *testing.T) {
	good := newWorld().train(t, 150, 5)
	b := good.Encode()
	again, err := Decode(b)
	if err != nil || again.Hash() != good.Hash() || !slices.Equal(again.Sources(), []string{"bad", "good", "half"}) {
		t.Fatal(again, err)
	}
	damaged := slices.Clone(b)
	damaged[len(b)/2] ^= 1
	train := func(name string, o gbdt.Objective, meta string) []byte {
		l := NewLessons([]string{"s"})
		p, taken := newWorld().question("s")
		defer p.Put()
		if err := l.Add(p, one(taken)); err != nil {
			t.Fatal(err)
		}
		d := l.dataset(0, 1, nil)
		d.Columns[0].Name = name
		if o != gbdt.LambdaRank {
			d.Groups = nil
		}
		params := gbdt.Default(o)
		params.Rounds = 1
		m, err := gbdt.Train(t.Context(), params, d, gbdt.Run{Meta: map[string]string{"features": meta}})
		if err != nil {
			t.Fatal(err)
		}
		return m.Encode()
	}
	for what, c := range map[string]struct {
		file []byte
		want error
	}{
		"damaged":            {damaged, gbdt.ErrNotAModel},
		"empty":              {nil, gbdt.ErrNotAModel},
		"no ranking":         {train("s.place", gbdt.Squared, version), ErrNotARanker},
		"a feature of later": {train("s.colour", gbdt.LambdaRank, version), ErrNotARanker},
		"a version of later": {train("s.place", gbdt.LambdaRank, "2"), ErrNotARanker},
	} {
		if _, err := Decode(c.file); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b := newWorld().train(f, 150, 3).Encode()
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		p, _ := newWorld().question("bad", "good")
		defer p.Put()
		if len(r.Rank(p)) != p.Len() {
			t.Fatal("candidates were lost")
		}
	})
}

func TestTrainRefuses(t *testing.T) {
	l := NewLessons([]string{"s"})
	p, _ := newWorld().question("s")
	defer p.Put()
	if err := l.Add(p, func(int32) int { return 0 }); err != nil || l.Len() != 0 || l.Asked() != 1 {
		t.Error(err, l.Len(), l.Asked())
	}
	if err := l.Add(p, func(int32) int { return 31 }); err == nil || len(l.grades) != 0 {
		t.Error("a grade of 31 was taken")
	}
	if _, err := Train(t.Context(), l, Default()); !errors.Is(err, ErrTooFew) {
		t.Error(err)
	}
}

// large is a pool of 500 candidates of 8 sources, and a ranker of 100 trees.
func large(t testing.TB) (*Ranker, *Pool) {
	r := newWorld().train(t, 400, 100)
	a := serving()
	p := NewPool(FromAsk(a))
	p.Catalogue = func(item int32) *catalogue.Item { return a.Shelf.Item(item % 30) }
	for _, n := range []string{"bad", "good", "half", "d", "e", "f", "g", "h"} {
		p.Name(n, 1)
	}
	for s := range 8 {
		var l []candidate.Candidate
		for j := range 100 {
			l = append(l, candidate.Candidate{Item: int32((s*58 + j) % 507), Score: float64(200 - j)})
		}
		p.Add(s, l)
	}
	return r, p
}

func TestRankingAllocatesNothing(t *testing.T) {
	r, p := large(t)
	if n := testing.AllocsPerRun(20, func() { r.Rank(p) }); n > 1 {
		t.Errorf("%v allocations an answer, want its result alone", n)
	}
}

func BenchmarkRank(b *testing.B) {
	r, p := large(b)
	b.ReportMetric(float64(p.Len()), "candidates")
	for b.Loop() {
		r.Rank(p)
	}
}
