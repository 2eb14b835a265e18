package order

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Diff gives the changes, one for each customer that has one, by customer id, between what an order told before (nil: nothing) and
// what it tells now. Postings that stay are in neither list. One that goes over to another customer is in the change of the one who had it.
// The caller numbers the changes and says what caused them.
func Diff(before, now *orderv1.Order) []*orderv1.Change {
	stays := make([]bool, len(now.GetPostings()))
	changes := map[string]*orderv1.Change{}
	of := func(p *orderv1.Posting) *orderv1.Change {
		c := changes[p.GetCustomerId()]
		if c == nil {
			c = &orderv1.Change{
				Workspace: now.GetWorkspace(), OrderId: now.GetOrderId(), CustomerId: p.GetCustomerId(), FirstReceivedMs: now.GetFirstReceivedMs(),
			}
			changes[p.GetCustomerId()] = c
		}
		return c
	}
	for _, p := range before.GetPostings() {
		i := 0
		for i < len(stays) && (stays[i] || !proto.Equal(p, now.GetPostings()[i])) {
			i++ // one posting stands for one: two that are equal stay each for themselves
		}
		if i < len(stays) {
			stays[i] = true
		} else {
			of(p).Taken = append(of(p).Taken, p)
		}
	}
	for _, c := range sorted(changes) { // a crash tells the same bytes again
		for _, p := range c.Taken {
			if i := successor(p, now, stays); i >= 0 {
				stays[i] = true
				c.Moved = append(c.Moved, now.GetPostings()[i])
			}
		}
	}
	for i, p := range now.GetPostings() {
		if !stays[i] {
			of(p).Added = append(of(p).Added, p)
		}
	}
	return sorted(changes)
}

func sorted(changes map[string]*orderv1.Change) []*orderv1.Change {
	return slices.SortedFunc(maps.Values(changes), func(a, b *orderv1.Change) int { return cmp.Compare(a.CustomerId, b.CustomerId) })
}

// successor finds what a posting became for the order's customer, who did not have it: the sale, or the refund of the same moment. -1 when
// there is none; told are those that have their place.
func successor(p *orderv1.Posting, now *orderv1.Order, told []bool) int {
	for i, q := range now.GetPostings() {
		like := q.Orders != 0 && p.Orders != 0 || q.Refunds != 0 && p.Refunds != 0 && q.AtMs == p.AtMs
		if !told[i] && like && q.CustomerId == now.GetCustomerId() && q.CustomerId != p.CustomerId {
			return i
		}
	}
	return -1
}
