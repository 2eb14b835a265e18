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
	// Places are those of the touches in the heap.
	Places []int32
}

func (g *Group) first() int64 { return g.At[0] }
func (g *Group) last() int64  { return g.At[len(g.At)-1] }

func (g *Group) put(t *touch, place int) {
	g.Items, g.At, g.Places = append(g.Items, t.item), append(g.At, t.at), append(g.Places, int32(place))
}

// Groups are what tastes and rules are fitted on, and what judges: of all touches before a time. What boards learn on is package learn's to group.
type Groups struct {
	// Visits have views, clicks, carts and wishes; in the order in which they end.
	Visits []Group
	// Customers have all that they touched but what they gave back or took out of a cart. Nobody anonymous is there.
	Customers []Group
	// Baskets are the lines of an order.
	Baskets []Group
}

// grouping makes groups of touches.
type grouping struct {
	out                      *Groups
	open, customers, baskets map[int32]int // place by number
}

// before groups what lies before a time, and nothing else.
func (h *heap) before(ms int64) *Groups {
	g := &grouping{out: &Groups{}, open: map[int32]int{}, customers: map[int32]int{}, baskets: map[int32]int{}}
	for i := range h.touches[:h.end(ms)] {
		g.take(&h.touches[i], i)
	}
	slices.SortStableFunc(g.out.Visits, func(a, b Group) int { return int(min(max(a.last()-b.last(), -1), 1)) })
	return g.out
}

func (g *grouping) take(t *touch, place int) {
	if t.kind.browsed() {
		g.browse(t, place)
	}
	if t.kind == bought && t.order >= 0 {
		put(&g.out.Baskets, g.baskets, t.order, t, place)
	}
	if !t.anonymous && t.kind.likes() {
		put(&g.out.Customers, g.customers, t.customer, t, place)
	}
}

func (g *grouping) browse(t *touch, place int) {
	if at, ok := g.open[t.customer]; ok && t.at-g.out.Visits[at].last() > visitor.Pause {
		delete(g.open, t.customer)
	}
	put(&g.out.Visits, g.open, t.customer, t, place)
}

// put adds a touch to the group of a number.
func put(groups *[]Group, places map[int32]int, number int32, t *touch, place int) {
	at, ok := places[number]
	if !ok {
		at = len(*groups)
		places[number] = at
		*groups = append(*groups, Group{})
	}
	(*groups)[at].put(t, place)
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
