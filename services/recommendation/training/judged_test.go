package training

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/evaluate"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Whatever the touches and the cut, nothing at or behind it is learnt, no case tells what it is to find from what was learnt, and nobody anonymous is a customer.
func TestNothingBehindTheCutIsLearnt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h heap
		at := int64(0)
		for range rapid.IntRange(2, 200).Draw(t, "touches") {
			at += rapid.SampledFrom([]int64{0, 1, 1000, visitor.Pause, visitor.Pause + 1}).Draw(t, "gap")
			who := rapid.IntRange(0, 3).Draw(t, "who")
			h.add(Touch{Customer: fmt.Sprint(who), Item: fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "item")), AtMs: at, Anonymous: who == 0,
				Kind: rapid.SampledFrom([]string{"view", "buy", "return", "uncart", "rate"}).Draw(t, "kind"), Order: rapid.SampledFrom([]string{"", "o1", "o2"}).Draw(t, "order")})
		}
		cut := rapid.Int64Range(0, at+1).Draw(t, "cut")
		learnt, touches := h.before(cut), 0
		for _, all := range [][]Group{learnt.Visits, learnt.Customers, learnt.Baskets} {
			for _, g := range all {
				for i, ms := range g.At {
					if ms >= cut || i > 0 && ms < g.At[i-1] {
						t.Fatalf("a touch at %d is learnt, the cut is at %d: %v", ms, cut, g.At)
					}
				}
			}
		}
		for _, x := range h.touches {
			if !x.anonymous && x.at < cut && x.kind.likes() {
				touches++
			}
		}
		for _, g := range learnt.Customers {
			touches -= len(g.Items)
		}
		if touches != 0 {
			t.Fatalf("%d touches of customers are missing", touches)
		}
		for _, one := range h.trials(cut, rapid.Bool().Draw(t, "ranked")) {
			h.checks(t, one.teaching, cut)
			h.checks(t, one.set.Cases, cut)
			if n := len(one.teaching); n > 0 && one.teaching[n-1].AtMs >= one.set.Cases[0].AtMs {
				t.Fatalf("%s teaches at %d, and judges at %d", one.Protocol, one.teaching[n-1].AtMs, one.set.Cases[0].AtMs)
			}
		}
	})
}

// checks says that cases lie behind the cut, and that each is asked with nothing that came later.
func (h *heap) checks(t *rapid.T, cases []judge.Case, cut int64) {
	for i := range cases {
		c := &cases[i]
		if c.AtMs < cut || h.touches[c.Place].at < cut {
			t.Fatalf("a case asks for a touch at %d, the cut is at %d", c.AtMs, cut)
		}
		a := h.ask(c.Place, c.AtMs)
		for _, x := range a.Touches {
			if x.AtMs > c.AtMs {
				t.Fatalf("a case of %d is asked with a touch of %d", c.AtMs, x.AtMs)
			}
		}
		if len(a.Session) > c.Place || a.Personal() == h.touches[c.Place].anonymous {
			t.Fatalf("a case is asked with %d touches of %d, and is personal: %v", len(a.Session), c.Place, a.Personal())
		}
	}
}

// judgedOf judges touches, and gives the card.
func judgedOf(t *testing.T, touches []Touch, cut int64) *attempt {
	t.Helper()
	a := &attempt{Service: &Service{cfg: quick(), deps: Deps{}}, tell: func(string, int, int) {}, cutMs: cut}
	a.deps.Now = func() time.Time { return base }
	for _, x := range touches {
		a.heap.add(x)
	}
	if err := func() error { a.prepare(cut); return a.fitTo(t.Context(), cut) }(); err != nil {
		t.Fatal(err)
	}
	if err := a.judge(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// Whoever plants, behind the cut, what the judged visits are about to do, raises no figure: the judged models are those without it.
func TestAPlantedFutureRaisesNothing(t *testing.T) {
	touches := shopTouches(1500)
	cut := touches[len(touches)*9/10].AtMs
	honest := judgedOf(t, touches, cut)
	var planted []Touch
	for i, x := range touches {
		planted = append(planted, x)
		if x.AtMs >= cut && x.Kind == "view" && i+1 < len(touches) { // a visitor of one touch each, who cannot judge, and an order that ties it to what comes next
			leak := Touch{Customer: fmt.Sprint("leak", i), Item: touches[i].Item, Kind: "buy", Order: fmt.Sprint("leak", i), AtMs: x.AtMs, Anonymous: true}
			planted = append(planted, leak)
			leak.Item = touches[i+1].Item
			planted = append(planted, leak)
		}
	}
	leaked := judgedOf(t, planted, cut)
	if n := len(leaked.heap.touches) - len(honest.heap.touches); n < 100 {
		t.Fatalf("%d touches were planted", n)
	}
	for i, r := range honest.card.Trials {
		for j, m := range r.Models {
			if got := leaked.card.Trials[i].Models[j]; got != m {
				t.Errorf("%s, %s: %+v with a planted future, %+v without", r.Protocol, m.Model, got, m)
			}
		}
	}
	// The same, learnt from, would have raised it: the plant is a real one.
	if err := leaked.fitTo(t.Context(), math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	before := honest.byPopularity[0].Recall
	leaked.byPopularity = nil
	if err := leaked.judge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := leaked.byPopularity[0].Recall; got <= before {
		t.Errorf("models that learnt the future find %.4f of it, those that did not %.4f: this test shows nothing", got, before)
	}
}

// The cut lies behind all that the champion has learnt from.
func TestTheChampionHasNotSeenTheCases(t *testing.T) {
	var h heap
	for _, x := range shopTouches(300) {
		h.add(x)
	}
	share, err := h.cut(.1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for champion, want := range map[int64]int64{0: share, share - 1: share, share + 5: share + 5} {
		if got, err := h.cut(.1, champion); err != nil || got != want {
			t.Errorf("a champion up to %d: the cut is at %d, want %d; %v", champion, got, want, err)
		}
	}
}

// Which of two serves, by how they compare.
func TestPromotion(t *testing.T) {
	up, down, same := evaluate.Interval{Value: .1, Low: .05, High: .15}, evaluate.Interval{Value: -.1, Low: -.15, High: -.05}, evaluate.Interval{Value: .01, Low: -.02, High: .04}
	of := func(all ...evaluate.Interval) (out []Verdict) {
		for _, d := range all {
			out = append(out, Verdict{Protocol: "next-item", Cases: 100, Difference: d})
		}
		return out
	}
	fresh, old := &modelv1.Version{MadeMs: base.UnixMilli() - 1000}, &modelv1.Version{MadeMs: base.Add(-8 * day24).UnixMilli()}
	for what, c := range map[string]struct {
		champion              *modelv1.Version
		byPopular, byChampion []Verdict
		unread                error
		unfit, serves         bool
		why                   string
	}{
		"the first that beats popularity serves":                      {byPopular: of(up), serves: true, why: "the first"},
		"one that does not is unfit":                                  {byPopular: of(same), unfit: true},
		"one that beats it here and loses there is unfit":             {byPopular: of(up, down), unfit: true},
		"one that beats it here and is no worse there serves":         {byPopular: of(up, same), serves: true, why: "the first"},
		"one that beats the champion serves":                          {champion: fresh, byPopular: of(up), byChampion: of(up), serves: true, why: "better than the champion"},
		"one that is as good stays beside it":                         {champion: fresh, byPopular: of(up), byChampion: of(same), why: "not better than the champion"},
		"one that is worse stays beside it":                           {champion: fresh, byPopular: of(up), byChampion: of(down), why: "not better than the champion"},
		"better at one thing and worse at another is not better":      {champion: fresh, byPopular: of(up), byChampion: of(up, down), why: "not better"},
		"one that is as good takes the place of an old one":           {champion: old, byPopular: of(up), byChampion: of(same), serves: true, why: "older than"},
		"one that is worse does not":                                  {champion: old, byPopular: of(up), byChampion: of(down), why: "not better"},
		"one that cannot be compared stays beside it":                 {champion: fresh, byPopular: of(up), unread: context.Canceled, why: "cannot be compared"},
		"one that cannot be compared takes the place of an old one":   {champion: old, byPopular: of(up), unread: context.Canceled, serves: true, why: "cannot be compared"},
		"one with no cases behind the champion's end stays beside it": {champion: fresh, byPopular: of(up), why: "fewer than 50 cases"},
	} {
		a := &attempt{Service: &Service{cfg: Default()}, champion: c.champion, byPopularity: c.byPopular, byChampion: c.byChampion, unread: c.unread}
		a.deps.Now = func() time.Time { return base }
		if got := a.unfit(); (got != "") != c.unfit {
			t.Errorf("%s: unfit: %q", what, got)
		}
		if c.unfit {
			continue
		}
		if serves, why := a.better(); serves != c.serves || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v, %q", what, serves, why)
		}
	}
}

// What is returned is not bought; what is taken out of a cart is nothing; visits end with a pause, those of the anonymous count.
func TestGroups(t *testing.T) {
	var h heap
	for _, x := range []Touch{
		{Customer: "a", Item: "x", Kind: "view", AtMs: 1}, {Customer: "p", Item: "y", Kind: "view", AtMs: 2, Anonymous: true}, {Customer: "a", Item: "y", Kind: "uncart", AtMs: 3},
		{Customer: "a", Item: "z", Kind: "buy", AtMs: 4, Order: "o"}, {Customer: "a", Item: "x", Kind: "buy", AtMs: 5, Order: "o"}, {Customer: "a", Item: "z", Kind: "return", AtMs: 6, Order: "o"},
		{Customer: "p", Item: "x", Kind: "click", AtMs: 7, Anonymous: true}, {Customer: "a", Item: "y", Kind: "cart", AtMs: 2 + visitor.Pause},
	} {
		h.add(x)
	}
	g := h.before(math.MaxInt64)
	ids := func(groups []Group) (out []string) {
		for _, one := range groups {
			text := ""
			for _, i := range one.Items {
				text += h.items.Text(i)
			}
			out = append(out, text)
		}
		return out
	}
	for what, c := range map[string]struct{ got, want []string }{
		"visits": {ids(g.Visits), []string{"x", "yx", "y"}}, "customers": {ids(g.Customers), []string{"xzxy"}},
		"baskets": {ids(g.Baskets), []string{"zx"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", what, c.got, c.want)
		}
	}
}
