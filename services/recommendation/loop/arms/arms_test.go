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
	return Config{HalfLife: 7 * 24 * time.Hour, Prior: 20, Others: 20, Most: 200_000}
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

// A context begins with what is known of the item, and goes its own way: others count for so many impressions and no more. Who has no context is drawn for from all.
func TestAContextBeginsAsItsItem(t *testing.T) {
	a, _ := learner(usually())
	tell(a, 1000, seen, "boot", "category:Shoes")
	tell(a, 400, clicked, "boot", "category:Shoes")
	tell(a, 1000, seen, "other", "")
	for what, test := range map[string]struct {
		context string
		n, c    float64 // what counts beside 20 of the scene's rate, .2
	}{
		"its own":               {"category:Shoes", 1000, 400},
		"a context without any": {"category:Toys", 20, 8},
		"nobody is known":       {"", 1000, 400},
	} {
		got, n := rate(a, test.context, Item{ID: "boot"})
		if math.Abs(got*n-20*.2-test.c) > .1 || math.Abs(n-20-test.n) > 1e-6 {
			t.Errorf("%s: %.3f of %.1f", what, got, n)
		}
	}
	tell(a, 300, seen, "boot", "category:Toys") // 300 of its own, and none clicked: it is not shown to those
	toys, _ := rate(a, "category:Toys", Item{ID: "boot"})
	if shoes, _ := rate(a, "category:Shoes", Item{ID: "boot"}); toys > .06 || shoes < .35 {
		t.Errorf("%.3f where none clicked and %.3f where many did", toys, shoes)
	}
}

// What nobody has seen begins as its category in this context, which begins as the category in all; a category that nobody has seen as the scene.
func TestAnItemBeginsAsItsLike(t *testing.T) {
	a, _ := learner(usually())
	for context, n := range map[string]int{"category:Shoes": 400, "category:Toys": 10} {
		for range 1000 {
			a.Take(&recommendationv1.Outcome{Workspace: "default", Scene: "home", ItemId: "old", Category: "Shoes", Context: context, Kind: seen, AtMs: startMs})
		}
		for range n {
			a.Take(&recommendationv1.Outcome{Workspace: "default", Scene: "home", ItemId: "old", Category: "Shoes", Context: context, Kind: clicked, AtMs: startMs})
		}
	}
	tell(a, 2000, seen, "other", "category:Toys")
	for what, test := range map[string]struct {
		context, category string
		want              float64
	}{
		"for who is after it":         {"category:Shoes", "Shoes", .4},
		"for who is not":              {"category:Toys", "Shoes", .01},
		"for who is not known":        {"", "Shoes", .2},
		"for who is after new things": {"category:Hats", "Shoes", .2},
		"of a category without past":  {"category:Shoes", "Hats", .1},
		"of none":                     {"category:Shoes", "", .1},
	} {
		if got, n := rate(a, test.context, Item{ID: "new", Category: test.category}); math.Abs(got-test.want) > .01 || n != 20 {
			t.Errorf("%s: %.3f of %v, want %v", what, got, n, test.want)
		}
	}
}

// What other contexts know never counts for more than Others, and never against what is so: clicks stay within what was seen.
func TestWhatCountsIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := usually()
		cfg.Others = rapid.SampledFrom([]float64{0, 5, 20}).Draw(t, "others")
		a, _ := learner(cfg)
		tell(a, 1, seen, "other", "")
		own := map[string][2]int{}
		for _, context := range []string{"", "a", "b"} {
			n := rapid.IntRange(0, 60).Draw(t, "seen")
			c := rapid.IntRange(0, n).Draw(t, "clicked")
			tell(a, n, seen, "x", context)
			tell(a, c, clicked, "x", context)
			own[context] = [2]int{n, c}
		}
		for _, context := range []string{"a", "b"} {
			n, c := a.believer(home(context)).counts("x")
			o := own[context]
			others := n - float64(o[0])
			if others < -1e-9 || others > cfg.Others+1e-9 || c < float64(o[1])-1e-9 || c-float64(o[1]) > others+1e-9 {
				t.Fatalf("%d of %d are its own, and %v of %v count", o[1], o[0], c, n)
			}
		}
	})
}

// After a half-life all counts half; the order in which outcomes come does not matter.
func TestCountsDecay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 10_000), 1, 20).Draw(t, "times")
		var a, b count
		want := 0.0
		for i := range times {
			a.add(times[i], 1000)
			b.add(times[len(times)-1-i], 1000)
			want += math.Exp2(-float64(20_000-times[i]) / 1000)
		}
		if x, y := a.at(20_000, 1000), b.at(20_000, 1000); math.Abs(x-want) > 1e-9*want || math.Abs(y-want) > 1e-9*want {
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
		tell(a, 20, seen, "x", "category:Shoes")
		tell(a, 8, clicked, "x", "category:Shoes")
	}
	if got, _ := rate(a, "category:Shoes", Item{ID: "x"}); got < .15 {
		t.Errorf("after three half-lives it is %.3f, and .4 click", got)
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
	for c := range a.scenes[place{"default", "home"}].items {
		if c.context == "" {
			items++
		} else {
			contexts++
		}
	}
	if items < 2*contexts {
		t.Errorf("%d items and %d of contexts: an item stands in for its contexts", items, contexts)
	}
}

// A copy counts once, however many come between, up to what is remembered; and that is bounded.
func TestACopyCountsOnce(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%016x%016x", n+1, 7) }
	var s Seen
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
		if s.Before(other) || s.Before(other) {
			t.Errorf("%q is no id, and is taken for a copy", other)
		}
	}
}
