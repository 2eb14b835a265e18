package associate

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

const items = 7

func drawBaskets(t *rapid.T) [][]int32 {
	return rapid.SliceOfN(rapid.SliceOfN(rapid.Int32Range(0, items-1), 0, 8), 1, 30).Draw(t, "baskets")
}

// together counts the baskets that have all of some items, by looking into each.
func together(baskets [][]int32, want []int32) (n int) {
	for _, b := range baskets {
		if !slices.ContainsFunc(want, func(i int32) bool { return !slices.Contains(b, i) }) {
			n++
		}
	}
	return n
}

// narrow leaves of baskets the items that are asked for: what is tried of these alone need not look at the rest.
func narrow(baskets [][]int32, to []int32) [][]int32 {
	in := map[int32]bool{}
	for _, i := range to {
		in[i] = true
	}
	out := make([][]int32, len(baskets))
	for at, b := range baskets {
		for _, i := range b {
			if in[i] {
				out[at] = append(out[at], i)
			}
		}
	}
	return out
}

// subsets are all subsets but the empty one.
func subsets(of []int32) (out [][]int32) {
	for mask := 1; mask < 1<<len(of); mask++ {
		var s []int32
		for i := range of {
			if mask>>i&1 == 1 {
				s = append(s, of[i])
			}
		}
		out = append(out, s)
	}
	return out
}

// brute is all sets by trying every subset.
func brute(baskets [][]int32, universe []int32, o Options) (out []Set) {
	for _, s := range subsets(universe) {
		if n := together(baskets, s); len(s) <= o.MaxLen && n > 0 && float64(n) >= o.MinSupport*float64(len(baskets))-1e-9 {
			out = append(out, Set{s, n})
		}
	}
	slices.SortFunc(out, func(a, b Set) int { return slices.Compare(a.Items, b.Items) })
	return out
}

func drawOptions(t *rapid.T) Options {
	return Options{MinSupport: rapid.SampledFrom([]float64{1e-9, .1, .25, .5, 1}).Draw(t, "support"), MaxLen: rapid.IntRange(1, items).Draw(t, "longest"), MaxSets: 1000}
}

var universe = []int32{0, 1, 2, 3, 4, 5, 6}

func TestSetsEqualBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		baskets, o := drawBaskets(t), drawOptions(t)
		got, err := Mine(context.Background(), baskets, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(brute(baskets, universe, o), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestRulesEqualBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		baskets, o := drawBaskets(t), drawOptions(t)
		r := RuleOptions{MinConfidence: rapid.SampledFrom([]float64{0, .4, 1}).Draw(t, "confidence"), MinLift: rapid.SampledFrom([]float64{0, 1}).Draw(t, "lift"), MaxThen: rapid.IntRange(0, 3).Draw(t, "then")}
		sets, err := Mine(context.Background(), baskets, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Rules(sets, len(baskets), r)
		if err != nil {
			t.Fatal(err)
		}
		p := func(s []int32) float64 { return float64(together(baskets, s)) / float64(len(baskets)) }
		n := 0
		for _, s := range brute(baskets, universe, o) {
			for _, then := range subsets(s.Items) {
				given := slices.DeleteFunc(slices.Clone(s.Items), func(i int32) bool { return slices.Contains(then, i) })
				if len(given) == 0 || len(then) > max(1, r.MaxThen) {
					continue
				}
				both, a, b := p(s.Items), p(given), p(then)
				confidence, lift := both/a, both/(a*b)
				if confidence < r.MinConfidence-1e-12 || lift < r.MinLift-1e-12 {
					continue
				}
				n++
				at := slices.IndexFunc(got, func(r Rule) bool { return slices.Equal(r.If, given) && slices.Equal(r.Then, then) })
				if at < 0 {
					if math.Abs(lift-r.MinLift) < 1e-12 || math.Abs(confidence-r.MinConfidence) < 1e-12 {
						n-- // on the border, by rounding
						continue
					}
					t.Fatalf("%v => %v is missing", given, then)
				}
				conviction := math.Inf(1)
				if both < a {
					conviction = (1 - b) / (1 - confidence)
				}
				for _, pair := range [][2]float64{{got[at].Support, both}, {got[at].Confidence, confidence}, {got[at].Lift, lift}, {got[at].Leverage, both - a*b}, {got[at].Conviction, conviction}} {
					if pair[0] != pair[1] && math.Abs(pair[0]-pair[1]) > 1e-9 {
						t.Fatalf("%+v: %v, want %v", got[at], pair[0], pair[1])
					}
				}
			}
		}
		if n != len(got) {
			t.Fatalf("%d rules, want %d", len(got), n)
		}
	})
}

func TestTheOrderOfBasketsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		baskets, o := drawBaskets(t), drawOptions(t)
		a, _ := Mine(context.Background(), baskets, o)
		b, _ := Mine(context.Background(), rapid.Permutation(baskets).Draw(t, "order"), o)
		if diff := gocmp.Diff(a, b); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestABookProposesByTheBestRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		baskets := drawBaskets(t)
		sets, _ := Mine(context.Background(), baskets, Options{MinSupport: .05, MaxLen: 3, MaxSets: 1000})
		rules, _ := Rules(sets, len(baskets), RuleOptions{MaxThen: 2})
		history := rapid.SliceOfN(rapid.Int32Range(0, items-1), 0, 4).Draw(t, "history")
		best := map[int32]float64{}
		for _, r := range rules {
			if len(r.Then) == 1 && r.Then[0] != 2 && !slices.ContainsFunc(r.If, func(i int32) bool { return !slices.Contains(history, i) }) {
				best[r.Then[0]] = max(best[r.Then[0]], r.Confidence)
			}
		}
		var want []candidate.Candidate
		for item, c := range best {
			want = append(want, candidate.Candidate{Item: item, Score: c})
		}
		slices.SortFunc(want, func(a, b candidate.Candidate) int {
			return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Item, b.Item))
		})
		got := NewBook(rules).Candidates(nil, &candidate.Query{History: history, K: 3, Skip: func(i int32) bool { return i == 2 }})
		for i := range got {
			if !slices.Contains(history, got[i].Reason.Because) || got[i].Reason.Kind != candidate.Rule {
				t.Fatalf("%+v is no reason", got[i])
			}
			got[i].Reason = candidate.Reason{}
		}
		if diff := gocmp.Diff(want[:min(3, len(want))], got); len(want)+len(got) > 0 && diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTooManySetsAreRefused(t *testing.T) {
	basket := make([]int32, 40)
	for i := range basket {
		basket[i] = int32(i)
	}
	_, err := Mine(t.Context(), [][]int32{basket}, Options{MinSupport: 1, MaxLen: 40, MaxSets: 5000})
	if err == nil || !strings.Contains(err.Error(), "raise the support") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Mine(ctx, [][]int32{basket}, Options{MinSupport: 1, MaxLen: 40, MaxSets: 5000}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{{MinSupport: 0, MaxLen: 1, MaxSets: 1}, {MinSupport: 1.1, MaxLen: 1, MaxSets: 1}, {MinSupport: .1, MaxSets: 1}, {MinSupport: .1, MaxLen: 1}} {
		if _, err := Mine(t.Context(), nil, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, o := range []RuleOptions{{MinConfidence: 1.1}, {MinLift: -1}, {MaxThen: -1}} {
		if _, err := Rules(nil, 1, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, err := Rules([]Set{{Items: make([]int32, 31)}}, 1, RuleOptions{}); err == nil {
		t.Error("a set of 31 items was taken")
	}
}

// TestGroceries holds the whole file against known figures and a sample of its items against brute force.
func TestGroceries(t *testing.T) {
	l := interaction.NewLog()
	if err := l.Read(testkit.Data(t, "groceries_baskets.csv.gz"), interaction.Options{Shape: interaction.ShapeBaskets}); err != nil {
		t.Fatal(err)
	}
	var baskets [][]int32
	for _, s := range interaction.Sessions(l.Events, false) {
		baskets = append(baskets, s.Items)
	}
	if len(baskets) != 9835 || l.Items.Len() != 169 {
		t.Fatalf("%d baskets, %d items", len(baskets), l.Items.Len())
	}
	sets, err := Mine(t.Context(), baskets, Options{MinSupport: .001, MaxLen: 10, MaxSets: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := Rules(sets, len(baskets), RuleOptions{MinConfidence: .8})
	if err != nil {
		t.Fatal(err)
	}
	// Two figures that every tutorial of arules tells of this file.
	if len(rules) != 410 {
		t.Errorf("%d rules with support .001 and confidence .8, want 410", len(rules))
	}
	milk, _ := l.Items.Find("whole milk")
	at, _ := slices.BinarySearchFunc(sets, []int32{milk}, func(s Set, want []int32) int { return slices.Compare(s.Items, want) })
	if sets[at].Count != 2513 {
		t.Errorf("whole milk is in %d baskets", sets[at].Count)
	}
	for from := range int32(20) { // brute force over some items at a time
		sample(t, baskets, sets, []int32{milk, 7*from + 1, 7*from + 2, 7*from + 3, 7*from + 5, 7*from + 8, 7*from + 13}, Options{MinSupport: .001, MaxLen: 10})
	}
}

// sample holds the sets of some items against brute force.
func sample(t *testing.T, baskets [][]int32, sets []Set, some []int32, o Options) {
	t.Helper()
	slices.Sort(some)
	some = slices.Compact(some)
	var mine []Set
	for _, s := range sets {
		if !slices.ContainsFunc(s.Items, func(i int32) bool { return !slices.Contains(some, i) }) {
			mine = append(mine, s)
		}
	}
	if diff := gocmp.Diff(brute(narrow(baskets, some), some, o), mine); diff != "" {
		t.Errorf("items %v: %s", some, diff)
	}
}

// onlineRetail are the baskets of what was sold.
func onlineRetail(t testing.TB) [][]int32 {
	l := interaction.NewLog()
	o := interaction.Options{User: "InvoiceNo", Item: "StockCode", Value: "Quantity", MinValue: 1}
	if err := l.Read(testkit.Data(t, "online_retail.csv.gz"), o); err != nil {
		t.Fatal(err)
	}
	var baskets [][]int32
	for _, s := range interaction.Sessions(l.Events, true) {
		baskets = append(baskets, s.Items)
	}
	return baskets
}

func TestOnlineRetail(t *testing.T) {
	baskets := onlineRetail(t)
	o := Options{MinSupport: .005, MaxLen: 4, MaxSets: 100_000}
	sets, err := Mine(t.Context(), baskets, o)
	if err != nil {
		t.Fatal(err)
	}
	longer := slices.DeleteFunc(slices.Clone(sets), func(s Set) bool { return len(s.Items) < 3 })
	if len(longer) < 100 {
		t.Fatalf("%d of %d sets have 3 items or more", len(longer), len(sets))
	}
	for i := range 20 { // items that do go together, so that there is something to find
		a, b := longer[i*len(longer)/20], longer[(i*7+3)%len(longer)]
		sample(t, baskets, sets, slices.Concat(a.Items, b.Items), o)
	}
}

// BenchmarkOnlineRetail searches the baskets of the file for sets in half a percent of them.
func BenchmarkOnlineRetail(b *testing.B) {
	baskets := onlineRetail(b)
	for b.Loop() {
		sets, err := Mine(b.Context(), baskets, Default())
		if err != nil {
			b.Fatal(err)
		}
		rules, err := Rules(sets, len(baskets), RuleOptions{MinConfidence: .5})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(sets)), "sets")
		b.ReportMetric(float64(len(rules)), "rules")
		b.ReportMetric(float64(len(baskets)), "baskets")
	}
}
