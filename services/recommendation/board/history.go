package board

import (
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
)

const (
	// look is how many of the newest items a source is asked with: more cost time and say little.
	look = 50
	// cartMs is how long something lies in a cart.
	cartMs = 7 * 24 * 60 * 60 * 1000
)

// with appends what the page is about, as the newest.
func with(items, context []int32) []int32 {
	out := slices.Clone(items[max(0, len(items)-look):])
	for _, item := range context {
		if n := len(out); n == 0 || out[n-1] != item {
			out = append(out, item)
		}
	}
	return out
}

// browsed is this visit, and what the page is about.
func browsed(a *ask.Ask) []int32 { return with(a.Session, a.Context) }

// whole is all that is known of the visitor; of whom nothing is known, this visit.
func whole(a *ask.Ask) []int32 {
	if len(a.History) == 0 {
		return browsed(a)
	}
	return with(a.History, nil)
}

// wanted is what was bought or lies in the cart, and what the page is about; where there is none of it, this visit.
func wanted(a *ask.Ask) []int32 {
	out := with(touched(a, a.NowMs-cartMs, true), a.Context)
	if len(out) == 0 {
		return browsed(a)
	}
	return out
}

// carted is what lies in the cart, and what the page is about; where there is none of it, the last of this visit.
func carted(a *ask.Ask) []int32 {
	out := with(touched(a, a.NowMs-cartMs, false), a.Context)
	if len(out) == 0 {
		return slices.Clone(a.Session[max(0, len(a.Session)-1):])
	}
	return out
}

// taken is what was bought, as often as it was; of whom nothing was bought, all that was touched.
func taken(a *ask.Ask) []int32 {
	var out []int32
	for i := range a.Touches {
		if a.Touches[i].Kind == recommendationv1.TouchKind_TOUCH_KIND_BUY {
			out = append(out, a.History[i])
		}
	}
	if len(out) == 0 {
		return whole(a)
	}
	return out
}

// touched are the items that lie in the cart since a moment, and with bought those that were bought, oldest first, the way they stand: what was taken out, given back, or
// bought when only the cart is asked for, is not among them.
func touched(a *ask.Ask, cartSinceMs int64, bought bool) []int32 {
	var out []int32
	drop := func(item int32) { out = slices.DeleteFunc(out, func(other int32) bool { return other == item }) }
	for i := range a.Touches {
		t, item := &a.Touches[i], a.History[i]
		switch t.Kind {
		case recommendationv1.TouchKind_TOUCH_KIND_CART:
			if t.AtMs >= cartSinceMs {
				drop(item)
				out = append(out, item)
			}
		case recommendationv1.TouchKind_TOUCH_KIND_BUY:
			drop(item)
			if bought {
				out = append(out, item)
			}
		case recommendationv1.TouchKind_TOUCH_KIND_UNCART, recommendationv1.TouchKind_TOUCH_KIND_RETURN:
			drop(item)
		}
	}
	return out
}
