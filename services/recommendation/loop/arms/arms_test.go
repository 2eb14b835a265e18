package arms

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	seen    = recommendationv1.FeedbackKind_FEEDBACK_KIND_IMPRESSION
	clicked = recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK
	startMs = int64(1_790_000_000_000)
)

// usually are the settings of these tests.
func usually() Config {
	return Config{HalfLife: 7 * 24 * time.Hour, Prior: 20, Others: 50, Most: 200_000}
}

// learner has a clock that stands until it is moved.
func learner(cfg Config) (a *Arms, move func(time.Duration)) {
	at := time.UnixMilli(startMs)
	return New(cfg, func() time.Time { return at }), func(d time.Duration) { at = at.Add(d) }
}

// tell takes some outcomes of one kind, now.
func tell(a *Arms, n int, kind recommendationv1.FeedbackKind, item, context string) {
	for range n {
		a.Take(&recommendationv1.Outcome{Workspace: "default", Scene: "home", ItemId: item, Context: context, Source: "taste", Kind: kind, AtMs: a.now().UnixMilli()})
	}
}

// home is the scene of these tests.
func home(context string) Slot {
	return Slot{Workspace: "default", Scene: "home", Context: context}
}

// rate is what an item's click rate is believed to be, and for how many impressions that counts.
func rate(a *Arms, context string, i Item) (mean, weight float64) {
	alpha, beta := a.believer(home(context)).of(&i)
	return alpha / (alpha + beta), alpha + beta
}

// Beliefs are what was seen, drawn to the scene's mean where little was. Each item is chosen as often as it may be the best; the same chance makes the same choice.
func TestDraw(t *testing.T) {
	a, _ := learner(usually())
	tell(a, 1000, seen, "good", "")
	tell(a, 1000, seen, "bad", "")
	tell(a, 300, clicked, "good", "")
	tell(a, 9, recommendationv1.FeedbackKind_FEEDBACK_KIND_PURCHASE, "bad", "") // teaches nothing here
	for item, want := range map[string]float64{"good": .3, "bad": 0, "new": .15} {
		if got, _ := rate(a, "", Item{ID: item}); math.Abs(got-want) > .015 {
			t.Errorf("%s: %v, want %v", item, got, want)
		}
	}
	if got, n := rate(a, "x", Item{ID: "x"}); math.Abs(got-.15) > .01 || n != 20 {
		t.Errorf("a context without a past: %v of %v", got, n)
	}
	chosen, src := map[int]int{}, rand.New(rand.NewPCG(1, 2))
	items := []Item{{ID: "bad"}, {ID: "new"}, {ID: "good"}}
	for range 2000 {
		chosen[a.Draw(home(""), items, src)]++
	}
	if chosen[0] > 0 || chosen[1] < 20 || chosen[1] > 200 || len(chosen) != 2 { // 20 impressions of .15 are above .3 in about one of twenty
		t.Errorf("chosen: %v", chosen)
	}
	for n := range uint64(20) {
		if x, y := a.Draw(home(""), items, rand.NewPCG(n, 7)), a.Draw(home(""), items, rand.NewPCG(n, 7)); x != y {
			t.Errorf("one chance, two draws: %v, %v", x, y)
		}
	}
	if n, c := a.Rate("default", "home", "taste"); n != 2000 || c != 300 {
		t.Errorf("the source: %v of %v", c, n)
	}
	if got, n := rate(New(usually(), time.Now), "category:Shoes", Item{ID: "x", Category: "Shoes"}); got != usual || n != 20 {
		t.Errorf("without any past: %v of %v", got, n)
	}
	if a.Draw(home(""), nil, src) != -1 {
		t.Error("something is chosen of nothing")
	}
}

// show tells that an item was shown so often, and that of every so many one was clicked.
func show(a *Arms, times, every int, item, category, context string) {
	for i := range times {
		o := &recommendationv1.Outcome{Workspace: "default", Scene: "home", ItemId: item, Category: category, Context: context, Source: "taste", Kind: seen, AtMs: a.now().UnixMilli()}
		a.Take(o)
		if i%every == every-1 {
			o.Kind = clicked
			a.Take(o)
		}
	}
}

// Where nothing is known of an item in a context it does as much better or worse than its like as it did in others, and that counts for so many impressions and no more. What is known there counts in full.
// Who is not known is a context, too.
func TestAContextBeginsAsItsItem(t *testing.T) {
	a, _ := learner(usually())
	for _, context := range []string{"category:Shoes", "category:Toys"} {
		every := 10 // of shoes, for who is after them
		if context == "category:Toys" {
			every = 50
		}
		show(a, 20_000, every, "usual", "Shoes", context)
	}
	show(a, 2000, 5, "boot", "Shoes", "category:Shoes") // twice as good as others
	show(a, 4000, 4000, "slipper", "Shoes", "category:Shoes")
	for what, test := range map[string]struct {
		context, item string
		want, weight  float64
	}{
		"its own":                              {"category:Shoes", "boot", .2, 2020},
		"twice its like":                       {"category:Toys", "boot", .04, 70},
		"its own, which is bad":                {"category:Shoes", "slipper", .0005, 4020},
		"as good as nothing of its like":       {"category:Toys", "slipper", .0005, 70},
		"nobody is known: twice its like":      {"", "boot", .12, 70},
		"nothing is known of the item":         {"category:Toys", "new", .02, 20},
		"nothing is known of item and context": {"category:Hats", "new", .06, 20},
	} {
		got, n := rate(a, test.context, Item{ID: test.item, Category: "Shoes"})
		if math.Abs(got-test.want) > .15*test.want+.0005 || math.Abs(n-test.weight) > 1e-6 {
			t.Errorf("%s: %.4f of %.1f, want %v of %v", what, got, n, test.want, test.weight)
		}
	}
	show(a, 300, 301, "boot", "Shoes", "category:Toys") // 300 of its own, and none clicked: it is not shown to those
	if got, _ := rate(a, "category:Toys", Item{ID: "boot", Category: "Shoes"}); got > .01 {
		t.Errorf("%.3f where none clicked", got)
	}
	for range 20 { // far better than its like: no more than certain
		show(a, 20, 1, "hit", "Shoes", "category:Toys")
	}
	if got, n := rate(a, "category:Shoes", Item{ID: "hit", Category: "Shoes"}); got < .99 || n > 70.01 {
		t.Errorf("a hit: %v of %v", got, n)
	}
}

// What nobody has seen begins as its category in this context, which begins as the category in all; a category that nobody has seen as the scene.
func TestAnItemBeginsAsItsLike(t *testing.T) {
	a, _ := learner(usually())
	show(a, 1000, 5, "old", "Shoes", "category:Shoes")
	show(a, 1000, 100, "old", "Shoes", "category:Toys")
	show(a, 2000, 2001, "other", "", "category:Toys")
	for what, test := range map[string]struct {
		context, category string
		want              float64
	}{
		"for who is after it":         {"category:Shoes", "Shoes", .2},
		"for who is not":              {"category:Toys", "Shoes", .01},
		"for who is not known":        {"", "Shoes", .105},
		"for who is after new things": {"category:Hats", "Shoes", .105},
		"of a category without past":  {"category:Shoes", "Hats", .052},
		"of none":                     {"category:Shoes", "", .052},
	} {
		if got, n := rate(a, test.context, Item{ID: "new", Category: test.category}); math.Abs(got-test.want) > .006 || n != 20 {
			t.Errorf("%s: %.3f of %v, want %v", what, got, n, test.want)
		}
	}
}

// Whatever comes, in whatever order: a rate is within 0 and 1, it counts for no less than Prior, own impressions count in full, and what others know for no more than Others.
func TestWhatCountsIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := usually()
		cfg.Others = rapid.SampledFrom([]float64{0, 5, 50}).Draw(t, "others")
		a, move := learner(cfg)
		names := []string{"", "a", "b"}
		own := map[string]float64{}
		for range rapid.IntRange(0, 80).Draw(t, "outcomes") {
			kind := rapid.SampledFrom([]recommendationv1.FeedbackKind{seen, seen, clicked}).Draw(t, "kind")
			context := rapid.SampledFrom(names).Draw(t, "context")
			a.Take(&recommendationv1.Outcome{Workspace: "default", Scene: "home", ItemId: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "item"), Category: rapid.SampledFrom(names).Draw(t, "category"),
				Context: context, Kind: kind, AtMs: startMs - rapid.Int64Range(0, 100_000).Draw(t, "ago")})
			own[context]++
		}
		move(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
		for _, context := range names {
			for _, category := range names {
				got, n := rate(a, context, Item{ID: "x", Category: category})
				most := cfg.Prior + cfg.Others + own[context]
				if !(got >= 0 && got <= 1) || n < cfg.Prior-1e-6 || n > most+.01 {
					t.Fatalf("in %q: %v of %v, at most %v", context, got, n, most)
				}
			}
		}
	})
}

// After a half-life all counts half; the order in which outcomes come does not matter.
func TestCountsDecay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 10_000), 1, 20).Draw(t, "times")
		var a, b arm
		want := 0.0
		for i := range times {
			a.add(tally{seen: 2, clicked: 1}, times[i], 1000)
			b.add(tally{seen: 2, clicked: 1}, times[len(times)-1-i], 1000)
			want += math.Exp2(-float64(20_000-times[i]) / 1000)
		}
		if x, y := a.at(20_000, 1000).clicked, b.at(20_000, 1000).seen/2; math.Abs(x-want) > 1e-9*want || math.Abs(y-want) > 1e-9*want {
			t.Fatalf("%v and %v, want %v", x, y, want)
		}
	})
}

// An item that nobody wanted, and that everybody wants now, is found out within some half-lives.
func TestADrawRecovers(t *testing.T) {
	a, move := learner(usually())
	tell(a, 2000, seen, "x", "category:Shoes")
	if got, _ := rate(a, "category:Shoes", Item{ID: "x"}); got > .01 {
		t.Fatalf("nobody wanted it: %v", got)
	}
	for range 21 {
		move(24 * time.Hour)
		show(a, 20, 3, "x", "", "category:Shoes")
	}
	if got, _ := rate(a, "category:Shoes", Item{ID: "x"}); got < .12 {
		t.Errorf("after three half-lives it is %.3f, and .3 click", got)
	}
}

// The memory is bounded; who was seen often stays, and an item stays longer than its contexts.
func TestArmsAreBounded(t *testing.T) {
	cfg := usually()
	cfg.Most = 1000
	a, _ := learner(cfg)
	tell(a, 50, seen, "often", "category:Shoes")
	for i := range 5000 {
		tell(a, 1, seen, fmt.Sprint(i), "category:Shoes")
		if n := a.Len(); n > 1002 {
			t.Fatalf("%d arms, more than 1000", n)
		}
	}
	if _, n := rate(a, "category:Shoes", Item{ID: "often"}); n < 70-1e-6 {
		t.Errorf("an item that was seen often is forgotten: %v", n)
	}
	items, contexts := 0, 0
	s := a.scenes[place{"default", "home"}]
	for _, of := range []map[string]*kin{s.items, s.categories} {
		for _, k := range of {
			items++
			contexts += len(k.in)
		}
	}
	if n := a.Len(); n != items+contexts {
		t.Errorf("%d arms are counted, and there are %d", n, items+contexts)
	}
	if items < 2*contexts {
		t.Errorf("%d items and %d of contexts: an item stands in for its contexts", items, contexts)
	}
}

// A copy counts once, however many come between, up to what is remembered; and that is bounded.
func TestACopyCountsOnce(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%016x%016x", n+1, 7) }
	var s Seen
	for n := range 100 { // what came before
		s.Before(id(10*atLeast + n))
	}
	for round := range 3 {
		for n := range atLeast {
			if s.Before(id(n)) != (round > 0) {
				t.Fatalf("round %d, id %d", round, n)
			}
		}
	}
	for n := range 5 * atLeast {
		s.Before(id(atLeast + n))
		if m := len(s.young) + len(s.old); m > 2*atLeast {
			t.Fatalf("%d are remembered", m)
		}
	}
	for _, other := range []string{"", "x", id(1)[:31], id(1) + "0", "zz" + id(1)[2:]} {
		for range 2 {
			if s.Before(other) {
				t.Errorf("%q is no id, and is taken for a copy", other)
			}
		}
	}
}
