package order

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Diff gives the changes, one for each customer that has one, by customer id, between what an order told before (nil: nothing) and
// what it tells now. Postings that stay are in neither list. The caller numbers the changes and says what caused them.
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
	for i, p := range now.GetPostings() {
		if !stays[i] {
			of(p).Added = append(of(p).Added, p)
		}
	}
	return slices.SortedFunc(maps.Values(changes), func(a, b *orderv1.Change) int { return cmp.Compare(a.CustomerId, b.CustomerId) })
}
