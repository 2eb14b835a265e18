package past

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	buy    = recommendationv1.TouchKind_TOUCH_KIND_BUY
	giving = recommendationv1.TouchKind_TOUCH_KIND_RETURN
)

func deed(key string, at, quantity int64, order uint64, back bool) Deed[string] {
	return Deed[string]{Key: key, AtMs: at, Quantity: quantity, Order: order, Return: back}
}

func TestKept(t *testing.T) {
	for what, c := range map[string]struct {
		deeds []Deed[string]
		want  []int64 // times of what remains
	}{
		"a purchase stays":                             {[]Deed[string]{deed("a", 1, 1, 0, false)}, []int64{1}},
		"what is given back is gone":                   {[]Deed[string]{deed("a", 1, 1, 0, false), deed("a", 2, 1, 0, true)}, nil},
		"a return takes the newest":                    {[]Deed[string]{deed("a", 1, 1, 0, false), deed("a", 2, 1, 0, false), deed("a", 3, 1, 0, true)}, []int64{1}},
		"a return takes from its own order":            {[]Deed[string]{deed("a", 1, 1, 7, false), deed("a", 2, 1, 8, false), deed("a", 3, 1, 7, true)}, []int64{2}},
		"half of the units given back is no return":    {[]Deed[string]{deed("a", 1, 2, 0, false), deed("a", 2, 1, 0, true)}, []int64{1}},
		"a return of another item takes nothing":       {[]Deed[string]{deed("a", 1, 1, 0, false), deed("b", 2, 1, 0, true)}, []int64{1}},
		"a return before the purchase takes nothing":   {[]Deed[string]{deed("a", 1, 1, 0, true), deed("a", 2, 1, 0, false)}, []int64{2}},
		"a return of three takes three of one and two": {[]Deed[string]{deed("a", 1, 2, 0, false), deed("a", 2, 2, 0, false), deed("a", 3, 3, 0, true)}, []int64{1}},
	} {
		t.Run(what, func(t *testing.T) {
			got := Kept(c.deeds)
			if len(got) != len(c.want) {
				t.Fatalf("%d remain, want %v", len(got), c.want)
			}
			for i := range got {
				if got[i].AtMs != c.want[i] {
					t.Errorf("%d remains, want %d", got[i].AtMs, c.want[i])
				}
			}
		})
	}
}

func TestKeptNeverHasMoreThanWasBought(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deeds := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Deed[string] {
			return deed(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), 0, rapid.Int64Range(1, 4).Draw(t, "quantity"), rapid.Uint64Range(0, 2).Draw(t, "order"), rapid.Bool().Draw(t, "back"))
		})).Draw(t, "deeds")
		left := map[string]int64{} // without orders, units never go below 0: the plain account
		back := map[string]int64{}
		for i := range deeds {
			deeds[i].AtMs = int64(i)
			deeds[i].Order = 0
			d := deeds[i]
			if d.Return {
				took := min(left[d.Key], d.Quantity)
				left[d.Key] -= took
				back[d.Key] += took
			} else {
				left[d.Key] += d.Quantity
			}
		}
		for _, d := range Kept(deeds) {
			left[d.Key] -= d.Quantity
		}
		for key, n := range left {
			if n != 0 {
				t.Fatalf("%s: %d units too few or too many remain (%d given back)", key, n, back[key])
			}
		}
	})
}

func TestPurchases(t *testing.T) {
	touch := func(customer, order, event string, at int64, kind recommendationv1.TouchKind) *recommendationv1.Touch {
		return &recommendationv1.Touch{CustomerId: customer, ItemId: "i", Kind: kind, AtMs: at, OrderId: order, EventId: event, Line: 1, QuantityMicros: 1e6}
	}
	undone := touch("c", "1", "e9", 9, buy)
	undone.Undone = true
	anonymous := touch("x", "5", "e8", 8, buy)
	anonymous.Anonymous = true
	second := touch("c", "2", "e2", 2, buy)
	touches := []*recommendationv1.Touch{undone, touch("d", "4", "e5", 5, giving), touch("d", "4", "e4", 4, buy), second, proto.Clone(second).(*recommendationv1.Touch),
		touch("c", "1", "e1", 1, buy), anonymous, touch("c", "2", "e3", 3, recommendationv1.TouchKind_TOUCH_KIND_VIEW)}
	got := Purchases(touches)
	if len(got) != 1 || got[0].AtMs != 2 || got[0].Key != (Line{"c", "i"}) {
		t.Errorf("%+v: want the purchase of order 2 alone: the others were undone, given back, copies, looks, or of nobody who consents", got)
	}
}
