package order

import (
	"cmp"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/wire"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

const (
	completed = eventv1.OrderKind_ORDER_KIND_COMPLETED
	refunded  = eventv1.OrderKind_ORDER_KIND_REFUNDED
	cancelled = eventv1.OrderKind_ORDER_KIND_CANCELLED
	adjusted  = eventv1.OrderKind_ORDER_KIND_ADJUSTED
	updated   = eventv1.OrderKind_ORDER_KIND_UPDATED
	inAll     = eventv1.OrderKind_ORDER_KIND_REFUNDED_IN_ALL
)

// kept is how many events of a kind are kept of one order: the earliest, of updates and of refunds in all the latest. A real order has a few; one that has
// hundreds is a fault of its sender, and must not grow without end.
var kept = map[eventv1.OrderKind]int{completed: 16, refunded: 100, inAll: 100, cancelled: 2, adjusted: 4, updated: 16}

// Key names an order among all workspaces: the key of orders.events.v1 and orders.v1. The workspace's length stands before it, so that
// ("a", "bc") and ("ab", "c") differ.
func Key(workspace, orderID string) []byte {
	return append(wire.AppendText(make([]byte, 0, len(workspace)+len(orderID)+2), workspace), orderID...)
}

// Of takes what is kept of a resolved event. It is nil for an event that has no say in any order: one that is no order event, that
// has no order number, or whose kind is not known here.
func Of(r *eventv1.ResolvedEvent) *orderv1.Event {
	e := r.GetEvent()
	o := e.GetOrder()
	if o.GetOrderId() == "" || kept[o.GetKind()] == 0 {
		return nil
	}
	return &orderv1.Event{
		EventId: e.GetEventId(), OccurredMs: e.GetOccurredMs(), ReceivedMs: e.GetReceivedMs(),
		CustomerId: r.GetCustomerId(), History: e.GetHistory(), Order: o, Identified: Identified(e),
	}
}

// Identified says that an event names a user id: somebody knows who the buyer is.
func Identified(e *eventv1.Event) bool {
	return slices.ContainsFunc(e.GetIdentifiers(), func(i *eventv1.Identifier) bool { return i.GetType() == customer.TypeUserID })
}

// Add puts an event into the book and reports whether the book changed. An event of an id that is there is a repeat. An update that
// says neither a value nor lines changes nothing, and is not kept: a hundred of them must not push out one that does.
func Add(b *orderv1.Book, e *orderv1.Event) bool {
	kind := e.GetOrder().GetKind()
	if kind == updated && e.GetOrder().TotalMicros == nil && len(e.GetOrder().GetItems()) == 0 {
		return false
	}
	if i := slices.IndexFunc(b.Events, func(x *orderv1.Event) bool { return x.GetEventId() == e.GetEventId() }); i >= 0 {
		// Long after its first copy an event may come again and not be known as a repeat upstream: the same one stays, whichever came first.
		if precedence(b.Events[i], e) <= 0 {
			return false
		}
		b.Events = slices.Delete(b.Events, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(b.Events, e, precedence)
	b.Events = slices.Insert(b.Events, at, e)
	first, _ := slices.BinarySearchFunc(b.Events, kind, func(x *orderv1.Event, k eventv1.OrderKind) int {
		return cmp.Compare(x.GetOrder().GetKind(), k)
	})
	last := first + kept[kind] // the first of the kind that is too many
	if last >= len(b.Events) || b.Events[last].GetOrder().GetKind() != kind {
		return true
	}
	evicted := b.Events[last]
	b.Events = slices.Delete(b.Events, last, last+1)
	changed := evicted != e || !b.Truncated
	b.Truncated = true
	return changed
}

// precedence sorts by kind and, within a kind, by what is kept first.
func precedence(a, b *orderv1.Event) int {
	sign := 1
	if kind := a.GetOrder().GetKind(); kind == updated || kind == inAll {
		sign = -1
	}
	return cmp.Or(
		cmp.Compare(a.GetOrder().GetKind(), b.GetOrder().GetKind()),
		sign*byTime(a, b),
		cmp.Compare(a.GetReceivedMs(), b.GetReceivedMs()),
		strings.Compare(a.GetCustomerId(), b.GetCustomerId()),
	)
}

// byTime sorts by time, then id.
func byTime(a, b *orderv1.Event) int {
	return cmp.Or(cmp.Compare(a.GetOccurredMs(), b.GetOccurredMs()), strings.Compare(a.GetEventId(), b.GetEventId()))
}
