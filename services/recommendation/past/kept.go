// Package past reads purchases out of touches: what was bought and kept. Orders that were undone and things that were given back are no purchases, neither where
// cycles are learned nor where a visitor is asked about.
//
// A return takes from purchases of the same item by the same customer that came before it: those of its order where it names one, the newest first; a purchase is gone when
// all of its units are. A return that finds no purchase changes nothing (TestKept, TestKeptNeverHasMoreThanWasBought).
package past

import (
	"cmp"
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
)

// Deed is a purchase or a return. Key says who and what.
type Deed[K comparable] struct {
	Key      K
	AtMs     int64
	Quantity int64 // in millionths of a unit
	Order    uint64
	Return   bool
}

// Kept gives the purchases that remain, in the order in which they come; deeds must be oldest first.
func Kept[K comparable](deeds []Deed[K]) []Deed[K] {
	out := make([]Deed[K], 0, len(deeds))
	var places map[K][]int // made at the first return: most have none
	for i, d := range deeds {
		if !d.Return {
			d.Quantity = max(d.Quantity, 1)
			out = append(out, d)
			if places != nil {
				places[d.Key] = append(places[d.Key], len(out)-1)
			}
			continue
		}
		if places == nil {
			places = map[K][]int{}
			for j := range deeds[:i] {
				places[out[j].Key] = append(places[out[j].Key], j)
			}
		}
		giveBack(out, places[d.Key], d.Order, d.Quantity)
	}
	return slices.DeleteFunc(out, func(d Deed[K]) bool { return d.Quantity <= 0 })
}

func giveBack[K comparable](out []Deed[K], at []int, order uint64, quantity int64) {
	for i := len(at) - 1; i >= 0 && quantity > 0; i-- {
		d := &out[at[i]]
		if order != 0 && d.Order != order {
			continue
		}
		took := min(d.Quantity, quantity)
		d.Quantity -= took
		quantity -= took
	}
}

// Bought gives what the visitor of a question bought and kept, oldest first.
func Bought(a *ask.Ask) []Deed[int32] {
	var deeds []Deed[int32]
	for i := range a.Touches {
		t := &a.Touches[i]
		if t.Kind == recommendationv1.TouchKind_TOUCH_KIND_BUY || t.Kind == recommendationv1.TouchKind_TOUCH_KIND_RETURN {
			deeds = append(deeds, Deed[int32]{Key: a.History[i], AtMs: t.AtMs, Quantity: t.Quantity, Order: t.Order,
				Return: t.Kind == recommendationv1.TouchKind_TOUCH_KIND_RETURN})
		}
	}
	return Kept(deeds)
}

// Line is who bought what.
type Line struct{ Customer, Item string }

// event tells copies of a touch.
type event struct {
	id   string
	line int32
}

type undoing struct {
	Line
	order string
	kind  recommendationv1.TouchKind
}

// Purchases gives what customers bought and kept, by customer and then by time, whatever order the touches come in. Copies count once; who allows no profile is left out.
func Purchases(touches []*recommendationv1.Touch) []Deed[Line] {
	undone, seen := map[undoing]bool{}, map[event]bool{}
	var mine []*recommendationv1.Touch
	for _, t := range touches {
		if t.GetAnonymous() || t.GetKind() != recommendationv1.TouchKind_TOUCH_KIND_BUY && t.GetKind() != recommendationv1.TouchKind_TOUCH_KIND_RETURN {
			continue
		}
		if t.GetUndone() {
			undone[undoing{Line{t.GetCustomerId(), t.GetItemId()}, t.GetOrderId(), t.GetKind()}] = true
			continue
		}
		mine = append(mine, t)
	}
	slices.SortFunc(mine, func(a, b *recommendationv1.Touch) int {
		return cmp.Or(cmp.Compare(a.GetCustomerId(), b.GetCustomerId()), cmp.Compare(a.GetAtMs(), b.GetAtMs()),
			cmp.Compare(a.GetKind(), b.GetKind()), cmp.Compare(a.GetEventId(), b.GetEventId()), cmp.Compare(a.GetLine(), b.GetLine()))
	})
	orders := map[string]uint64{"": 0}
	var deeds []Deed[Line]
	for _, t := range mine {
		line := Line{t.GetCustomerId(), t.GetItemId()}
		if e := (event{t.GetEventId(), t.GetLine()}); undone[undoing{line, t.GetOrderId(), t.GetKind()}] || e.id != "" && seen[e] {
			continue
		} else {
			seen[e] = true
		}
		if _, ok := orders[t.GetOrderId()]; !ok {
			orders[t.GetOrderId()] = uint64(len(orders))
		}
		deeds = append(deeds, Deed[Line]{Key: line, AtMs: t.GetAtMs(), Quantity: t.GetQuantityMicros(), Order: orders[t.GetOrderId()],
			Return: t.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_RETURN})
	}
	return Kept(deeds)
}
