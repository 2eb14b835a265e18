package scene

import (
	"slices"
	"strings"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// budget is how many items one answer looks at: a filter that leaves nothing must not cost the whole of a large catalogue.
const budget = 100_000

// guard says which items may be shown in one answer.
type guard struct {
	a     *ask.Ask
	plan  *Plan
	parts *Parts
	marks *marks
	items int32 // numbers below it have a place in marks
	left  int
	// bought is what of plan.bought.By was bought; nil where items alone are hidden.
	bought map[string]bool
	// plain says that an item of which the shelf knows nothing against it may be shown: neither the scene nor the request asks for more.
	plain bool
	// except is let through whatever is known of it; -1: none.
	except int32
}

func newGuard(a *ask.Ask, plan *Plan, parts *Parts) *guard {
	n := a.Shelf.Len()
	g := &guard{a: a, plan: plan, parts: parts, marks: getMarks(n), items: int32(n), left: budget, except: -1}
	for _, item := range parts.Exclude {
		g.refuse(item, Excluded)
	}
	for _, item := range a.Context {
		g.refuse(item, OnPage)
	}
	for _, id := range plan.block {
		g.refuseID(id, Blocked)
	}
	if a.Visitor != nil {
		for _, id := range a.Visitor.Dismissed {
			g.refuseID(id, Dismissed)
		}
		g.past()
	}
	g.plain = g.bought == nil && plan.filter == nil && parts.Filter == nil && a.Skip == nil
	return g
}

func (g *guard) refuse(item int32, w Why) {
	if item >= 0 && item < g.items {
		g.marks.set(item, w)
	}
}

func (g *guard) refuseID(id string, w Why) {
	if item, ok := g.a.Shelf.Number(id); ok {
		g.refuse(item, w)
	}
}

// past refuses what was bought or looked at not long ago. It looks at the visitor's touches themselves: those of a visitor without consent are this visit's.
func (g *guard) past() {
	hide := g.plan.bought
	if hide == nil && g.plan.seenMs == 0 {
		return
	}
	for i := range g.a.Visitor.Touches {
		t := &g.a.Visitor.Touches[i]
		switch t.Kind {
		case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK:
			if t.AtMs+g.plan.seenMs > g.a.NowMs {
				g.refuseID(t.Item, Seen)
			}
		case recommendationv1.TouchKind_TOUCH_KIND_BUY:
			if hide != nil {
				g.boughtAt(hide, t.Item, t.AtMs)
			}
		}
	}
}

func (g *guard) boughtAt(hide *HideBoughtYAML, id string, atMs int64) {
	item, ok := g.a.Shelf.Number(id)
	if !ok {
		return
	}
	known := g.a.Shelf.Item(item)
	if g.a.NowMs >= g.hiddenUntil(hide, item, known, atMs) {
		return
	}
	g.refuse(item, Bought)
	by := By(hide.By)
	if by != Group && by != Category {
		return
	}
	if key := by.of(known); key != "" {
		if g.bought == nil {
			g.bought = map[string]bool{}
		}
		g.bought[key] = true
	}
}

// hiddenUntil is the item's own time to be bought again where that is known, else its category's, else the scene's.
func (g *guard) hiddenUntil(hide *HideBoughtYAML, item int32, known *catalogue.Item, atMs int64) int64 {
	if hide.Cycle && g.parts.HideUntil != nil {
		if until := g.parts.HideUntil(item, atMs); until > 0 {
			return until
		}
	}
	if len(hide.Categories) > 0 {
		categories := known.Proto.GetCategories()
		for i := len(categories) - 1; i >= 0; i-- {
			if s, ok := hide.Categories[categories[i]]; ok {
				return atMs + s.ms()
			}
		}
	}
	return atMs + hide.For.ms()
}

// refused implements ask.Ask.Skip.
func (g *guard) refused(item int32) bool { return item != g.except && g.why(item) != Allowed }

// why says whether an item may be shown. What was found out is remembered.
func (g *guard) why(item int32) Why {
	if item < 0 || item >= g.items {
		return Unknown // it came while the answer was made: the next one has it
	}
	if w := g.marks.get(item); w != 0 {
		return w
	}
	if g.left <= 0 {
		return NotLooked
	}
	g.left--
	w := Allowed
	if !g.plain || !g.a.Shelf.Plain(item) {
		w = g.look(item)
	}
	g.marks.set(item, w)
	return w
}

func (g *guard) look(n int32) Why {
	item := g.a.Shelf.Item(n)
	p := item.Proto
	switch {
	case p == nil:
		return Unknown
	case !item.Offered(g.a.NowMs):
		return gone(p)
	case p.GetAdult() && !g.plan.Adult:
		return ForAdults
	case len(g.plan.Languages) > 0 && len(p.GetLanguages()) > 0 && !speaks(p.GetLanguages(), g.plan.Languages):
		return OtherLanguage
	case g.bought != nil && g.bought[By(g.plan.bought.By).of(item)]:
		return Bought
	case g.plan.filter != nil && !g.plan.filter.Match(item, g.a.NowMs):
		return Filtered
	case g.parts.Filter != nil && !g.parts.Filter.Match(item, g.a.NowMs):
		return NotAsked
	case g.a.Skip != nil && g.a.Skip(n):
		return Excluded
	}
	return Allowed
}

// gone says why an item is not offered.
func gone(p *recommendationv1.Item) Why {
	switch {
	case p.GetRemoved():
		return Removed
	case p.Stock != nil && p.GetStock() <= 0:
		return OutOfStock
	}
	return OutOfTime
}

// speaks says that an item is for one of the languages that are wanted: en is for en-GB, and the other way round.
func speaks(has, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool {
		return slices.ContainsFunc(has, func(h string) bool { return begins(h, w) || begins(w, h) })
	})
}

func begins(tag, with string) bool {
	return len(tag) >= len(with) && strings.EqualFold(tag[:len(with)], with) && (len(tag) == len(with) || tag[len(with)] == '-')
}
