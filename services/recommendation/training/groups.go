package training

import (
	"slices"

	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Group is what one visit, customer or order touched, oldest first. Items are numbers.
type Group struct {
	Items []int32
	At    []int64
}

func (g *Group) first() int64 { return g.At[0] }
func (g *Group) last() int64  { return g.At[len(g.At)-1] }

// Groups are what models are fitted on, of all touches before a time.
type Groups struct {
	// Visits have views, clicks, carts and wishes; in the order in which they end.
	Visits []Group
	// Customers have all that they touched, Bought what they bought and did not return; Customers[i] and Bought[i] are of one. Nobody anonymous is there.
	Customers, Bought []Group
	// Baskets are the lines of an order.
	Baskets []Group
	// Popular counts the touches of each item, also of the anonymous.
	Popular []int64
	// Touches is how many there were.
	Touches int64
}

// heap is all that was read, in the order of time.
type heap struct {
	items, customers, orders interaction.Names
	touches                  []touch
}

// touch is a Touch in numbers. order is -1 where there is none.
type touch struct {
	at, quantity          int64
	customer, item, order int32
	kind                  kind
	anonymous             bool
}

type kind uint8

const (
	browsed kind = iota + 1
	bought
	returned
	told // rated: it says what the customer knows, and is no visit
)

// kinds are what is learnt from; the others, such as what was taken out of a cart, are not.
var kinds = map[string]kind{"view": browsed, "click": browsed, "cart": browsed, "wish": browsed, "buy": bought, "return": returned, "rate": told}

func (h *heap) add(t Touch) {
	k := kinds[t.Kind]
	if k == 0 {
		return
	}
	x := touch{at: t.AtMs, quantity: t.Quantity, customer: h.customers.ID(t.Customer), item: h.items.ID(t.Item), order: -1, kind: k, anonymous: t.Anonymous}
	if t.Order != "" {
		x.order = h.orders.ID(t.Order)
	}
	h.touches = append(h.touches, x)
}

// grouping makes groups of touches.
type grouping struct {
	out                      *Groups
	open, customers, baskets map[int32]int // place by number
}

// before groups what lies before a time, and nothing else.
func (h *heap) before(ms int64) *Groups {
	end, _ := slices.BinarySearchFunc(h.touches, ms, func(t touch, ms int64) int {
		if t.at < ms {
			return -1
		}
		return 1
	})
	g := &grouping{out: &Groups{Popular: make([]int64, h.items.Len()), Touches: int64(end)}, open: map[int32]int{}, customers: map[int32]int{}, baskets: map[int32]int{}}
	for _, t := range h.touches[:end] {
		g.take(t)
	}
	slices.SortStableFunc(g.out.Visits, func(a, b Group) int { return int(min(max(a.last()-b.last(), -1), 1)) })
	return g.out
}

func (g *grouping) take(t touch) {
	if t.kind != returned {
		g.out.Popular[t.item]++
	}
	if t.kind == browsed {
		g.browse(t)
	}
	if t.kind == bought && t.order >= 0 {
		put(&g.out.Baskets, g.baskets, t.order, t)
	}
	if !t.anonymous {
		g.customer(t)
	}
}

func (g *grouping) browse(t touch) {
	at, ok := g.open[t.customer]
	if !ok || t.at-g.out.Visits[at].last() > visitor.Pause {
		at = len(g.out.Visits)
		g.open[t.customer] = at
		g.out.Visits = append(g.out.Visits, Group{})
	}
	v := &g.out.Visits[at]
	v.Items, v.At = append(v.Items, t.item), append(v.At, t.at)
}

// put adds a touch to the group of a number.
func put(groups *[]Group, places map[int32]int, number int32, t touch) {
	at, ok := places[number]
	if !ok {
		at = len(*groups)
		places[number] = at
		*groups = append(*groups, Group{})
	}
	g := &(*groups)[at]
	g.Items, g.At = append(g.Items, t.item), append(g.At, t.at)
}

// customer gives a touch to its customer. What is returned is as if it had not been bought.
func (g *grouping) customer(t touch) {
	at, known := g.customers[t.customer]
	if t.kind == returned {
		if known {
			drop(&g.out.Bought[at], t.item)
		}
		return
	}
	if !known {
		g.out.Bought = append(g.out.Bought, Group{})
	}
	put(&g.out.Customers, g.customers, t.customer, t)
	if t.kind == bought {
		b := &g.out.Bought[g.customers[t.customer]]
		b.Items, b.At = append(b.Items, t.item), append(b.At, t.at)
	}
}

// drop takes the newest of an item out.
func drop(g *Group, item int32) {
	for i := len(g.Items) - 1; i >= 0; i-- {
		if g.Items[i] == item {
			g.Items, g.At = slices.Delete(g.Items, i, i+1), slices.Delete(g.At, i, i+1)
			return
		}
	}
}

// several counts groups with two different items.
func several(groups []Group) (n int) {
	for i := range groups {
		if len(interaction.Distinct(groups[i].Items)) > 1 {
			n++
		}
	}
	return n
}
