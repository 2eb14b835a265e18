package scene

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// world is a drawn question: a shop of which much may not be shown, sources of which some are careless, and a scene.
type world struct {
	body   string
	shelf  *catalogue.Shelf
	ask    *ask.Ask
	parts  Parts
	k      int
	refuse map[int32]string // what may not be shown, and why
}

func drawWorld(t *rapid.T) *world {
	w := &world{refuse: map[int32]string{}}
	n := rapid.IntRange(0, 40).Draw(t, "items")
	w.shelf = shop(n, func(i int, item *recommendationv1.Item) {
		refuse := func(why string) { w.refuse[int32(i)] = why }
		switch rapid.IntRange(0, 14).Draw(t, "state") {
		case 0:
			item.Removed = true
			refuse("removed")
		case 1:
			item.Stock = stocked(int64(rapid.IntRange(-1, 0).Draw(t, "stock")))
			refuse("out of stock")
		case 2:
			item.ValidFromMs = now + 1
			refuse("not yet")
		case 3:
			item.ValidUntilMs = now
			refuse("no more")
		case 4:
			item.Adult = true
			refuse("adult")
		case 5:
			item.Languages = []string{"fr"}
			refuse("language")
		case 6:
			item.Stock, item.ValidUntilMs, item.Languages = stocked(1), now+1, []string{"fr", "en-GB"}
		}
	})
	some := func(what string, most int) []int32 {
		if n == 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.Int32Range(0, int32(n-1)), 0, most).Draw(t, what)
	}
	w.ask = question(w.shelf)
	mark := func(why string, items []int32) []int32 {
		for _, i := range items {
			w.refuse[i] = why
		}
		return items
	}
	w.parts.Exclude = mark("excluded", some("excluded", 3))
	w.ask.Context = mark("on the page", some("context", 3))
	for _, i := range mark("dismissed", some("dismissed", 3)) {
		w.ask.Visitor.Dismissed = append(w.ask.Visitor.Dismissed, id(int(i)))
	}
	for _, i := range some("bought", 4) {
		ago := int64(rapid.IntRange(0, 60).Draw(t, "days ago"))
		w.ask.Visitor.Touches = append(w.ask.Visitor.Touches, bought(id(int(i)), ago))
		if ago < 30 {
			w.refuse[i] = "bought"
		}
	}
	blocked := mark("blocked", some("blocked", 3))
	of := map[string]ask.Source{"popular": list{candidate.Popular, rapid.Permutation(upTo(n)).Draw(t, "popular")}}
	for _, k := range []candidate.Kind{candidate.Taste, candidate.Session, candidate.Arrived} {
		l := list{k, distinct(some(k.String(), 30))}
		of[k.String()] = l
		if rapid.Bool().Draw(t, "careless") {
			of[k.String()] = careless{l}
		}
	}
	w.parts.Source, w.parts.Draw, w.parts.Seed = sources(of), flat{}, rapid.Uint64().Draw(t, "seed")
	w.parts.K = rapid.SampledFrom([]int{0, 1, 2, 5, 12, 1_000_000}).Draw(t, "k")
	w.k = map[bool]int{true: 8, false: min(w.parts.K, Most)}[w.parts.K == 0]
	w.body = fmt.Sprintf("limit: 8\nlanguages: [en]\nhide_bought: {for: 30d}\nsources: [{of: taste}, {of: session, weight: 2}, {of: arrived}]\nfallback: [trending, popular]\nlist: [%s]\nblock: [%s]",
		names(some("list", 5)), names(blocked))
	return w
}

func distinct(items []int32) []int32 {
	var out []int32
	for _, i := range items {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

func names(items []int32) string {
	var out []string
	for _, i := range items {
		out = append(out, id(int(i)))
	}
	return strings.Join(out, ", ")
}

// extras are rules that move items, drawn.
func extras(t *rapid.T, n int) string {
	out := ""
	if rapid.Bool().Draw(t, "diverse") {
		out += fmt.Sprintf("\ndiversity: {lambda: %.1f, by: category}", rapid.Float64Range(0, 1).Draw(t, "lambda"))
	}
	if rapid.Bool().Draw(t, "explores") {
		out += "\nexplore: {slots: [2, 5]}"
	}
	if rapid.Bool().Draw(t, "boosts") {
		out += "\nboost: [{when: 'brand == b1', by: 3}]"
	}
	if rapid.Bool().Draw(t, "pins") {
		out += fmt.Sprintf("\npin: [{item: i%d, position: 2}, {item: i%d, position: 2}, {item: i%d, position: 7}]",
			rapid.IntRange(0, n).Draw(t, "pin"), rapid.IntRange(0, n).Draw(t, "pin"), rapid.IntRange(0, n).Draw(t, "pin"))
	}
	return out
}

func TestNothingRefusedIsShown(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		got := of(t, w.body+extras(rt, 40)).Answer(w.ask, w.parts)
		seen := map[int32]bool{}
		for place, e := range got.Entries {
			if e.Item < 0 || int(e.Item) >= w.shelf.Len() {
				rt.Fatalf("place %d: item %d is none", place+1, e.Item)
			}
			if why := w.refuse[e.Item]; why != "" || seen[e.Item] {
				rt.Fatalf("place %d: item %d, %s, there before: %t", place+1, e.Item, why, seen[e.Item])
			}
			seen[e.Item] = true
		}
		if len(got.Entries) > w.k {
			rt.Fatalf("%d places of %d", len(got.Entries), w.k)
		}
		// Popular has everything that may be shown: a list is short only when that is used up, and says so.
		if want := min(w.k, w.shelf.Len()-len(w.refuse)); len(got.Entries) != want {
			rt.Fatalf("%d places, want %d", len(got.Entries), want)
		}
		if (len(got.Entries) < w.k) != slices.ContainsFunc(got.Missing, func(s string) bool {
			return strings.Contains(s, " places: ") || strings.Contains(s, "catalogue is empty")
		}) {
			rt.Fatalf("%d places of %d: %q", len(got.Entries), w.k, got.Missing)
		}
	})
}

func TestTheSameQuestionGivesTheSameList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		plan := of(t, w.body+extras(rt, 40))
		if d := gocmp.Diff(plan.Answer(w.ask, w.parts), plan.Answer(w.ask, w.parts)); d != "" {
			rt.Fatal(d)
		}
	})
}

func TestCapsHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		by := By(rapid.SampledFrom([]string{"category", "brand", "group_id"}).Draw(rt, "by"))
		most := rapid.IntRange(1, 3).Draw(rt, "most")
		in := rapid.SampledFrom([]int{0, most + 1, most + 3}).Draw(rt, "in")
		got := of(t, w.body+extras(rt, 40)+fmt.Sprintf("\ncaps: [{by: %s, most: %d, in: %d}]", by, most, in)).Answer(w.ask, w.parts)
		run := in
		if run == 0 {
			run = max(len(got.Entries), 1)
		}
		for from := 0; from+run <= max(len(got.Entries), run); from++ {
			count, pins := map[string]int{}, map[string]int{}
			for _, e := range got.Entries[from:min(from+run, len(got.Entries))] {
				key := by.of(w.shelf.Item(e.Item))
				count[key]++
				if e.Reason.Kind == candidate.Pinned {
					pins[key]++
				}
			}
			for key, n := range count {
				// What pins break alone is the shop's own will; and a list too short for its pins has them at its end, where nothing was kept free for them.
				if n > most && pins[key] == 0 {
					rt.Fatalf("%s %s: %d of %d in places %d to %d", by, key, n, most, from+1, from+run)
				}
			}
		}
	})
}

func TestQuotasHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		body := w.body + extras(rt, 40)
		if strings.Contains(body, "\npin") {
			body = body[:strings.Index(body, "\npin")]
		}
		first, second := rapid.IntRange(1, 3).Draw(rt, "arrived"), rapid.IntRange(1, 3).Draw(rt, "b2")
		got := of(t, body+fmt.Sprintf("\nquotas: [{source: arrived, least: %d}, {when: 'brand == b2', least: %d}]", first, second)).Answer(w.ask, w.parts)
		may := func(fills func(int32) bool, items []int32) (n int) {
			for _, i := range items {
				if w.refuse[i] == "" && fills(i) {
					n++
				}
			}
			return n
		}
		var shown, arrived, pool []int32
		for _, e := range got.Entries {
			shown = append(shown, e.Item)
		}
		for _, s := range []string{"arrived", "taste", "session"} {
			var l list
			switch x := w.parts.Source(s).(type) {
			case list:
				l = x
			case careless:
				l = x.list
			}
			if s == "arrived" {
				arrived = l.items
			}
			pool = distinct(append(pool, l.items...))
		}
		if first+second > w.k {
			return
		}
		isArrived := func(i int32) bool { return slices.Contains(arrived, i) }
		isB2 := func(i int32) bool { return w.shelf.Item(i).Proto.GetBrand() == "b2" }
		if have, want := may(isArrived, shown), min(first, may(isArrived, pool)); have < want {
			rt.Fatalf("arrived: %d of %d in %v", have, want, shown)
		}
		if have, want := may(isB2, shown), min(second, may(isB2, pool)); have < want {
			rt.Fatalf("b2: %d of %d in %v", have, want, shown)
		}
	})
}

func TestPinsStand(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		first, second := rapid.Int32Range(0, 40).Draw(rt, "first"), rapid.Int32Range(0, 40).Draw(rt, "second")
		place := rapid.IntRange(1, 9).Draw(rt, "place")
		got := of(t, w.body+fmt.Sprintf("\nexplore: {slots: [1, 2, 3]}\npin: [{item: i%d, position: 3}, {item: i%d, position: %d}]", first, second, place)).Answer(w.ask, w.parts)
		at := func(item int32) int {
			return 1 + slices.IndexFunc(got.Entries, func(e Entry) bool { return e.Item == item })
		}
		pinnable := func(item int32) bool { return int(item) < w.shelf.Len() && w.refuse[item] == "" }
		wanted := 3
		if pinnable(first) && wanted <= w.k && at(first) != min(wanted, len(got.Entries)) && at(first) < len(got.Entries)-1 {
			rt.Fatalf("item %d stands at %d of %d, not at %d", first, at(first), len(got.Entries), wanted)
		}
		if first == second || !pinnable(second) {
			return
		}
		if place == 3 && pinnable(first) {
			place = 4
		}
		others, before := len(got.Entries)-1, place-1 // what is there beside it, and what it needs to stand behind
		if pinnable(first) && wanted <= w.k {
			if others--; wanted < place {
				before--
			}
		}
		if place <= w.k && at(second) != place && (others >= before || at(second) == 0) {
			rt.Fatalf("item %d stands at %d of %d, not at %d", second, at(second), len(got.Entries), place)
		}
	})
}

// Whatever is missing, there is a list or words why there is none.
func TestItDegrades(t *testing.T) {
	set, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set.Scenes {
		empty := s.Base().Answer(&ask.Ask{Workspace: "default", Shelf: catalogue.NewShelf("default", 10), NowMs: now}, Parts{})
		if len(empty.Entries) != 0 || !strings.Contains(strings.Join(empty.Missing, "; "), "the catalogue is empty") {
			t.Errorf("%s of an empty catalogue: %v", s.Name, empty)
		}
		popular := sources(map[string]ask.Source{"popular": list{candidate.Popular, upTo(200)}})
		got := s.Base().Answer(&ask.Ask{Workspace: "default", Shelf: shop(200, nil), NowMs: now}, Parts{Source: popular})
		if len(got.Entries) != s.Base().Limit || len(got.Missing) == 0 {
			t.Errorf("%s with popularity alone: %s, %q", s.Name, ids(got), got.Missing)
		}
	}
}
