package order

import (
	"cmp"
	"slices"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// fold is one order while its events are read.
type fold struct {
	out    *orderv1.Order
	byKind map[eventv1.OrderKind][]*orderv1.Event // each by time
	// rest are the units of each line that were not given back yet, in millionths.
	rest []int64
}

// Fold makes the order that the book's events tell, by the rule of the package comment. It reads nothing else of the book than its
// events and whether some were left out; version is the caller's. A book without events gives nil.
func Fold(workspace, orderID string, b *orderv1.Book) *orderv1.Order {
	if len(b.GetEvents()) == 0 {
		return nil
	}
	f := &fold{byKind: map[eventv1.OrderKind][]*orderv1.Event{}, out: &orderv1.Order{
		Workspace: workspace, OrderId: orderID, Truncated: b.GetTruncated(), History: true,
	}}
	for _, e := range b.GetEvents() {
		kind := e.GetOrder().GetKind()
		f.byKind[kind] = append(f.byKind[kind], e)
	}
	for _, list := range f.byKind {
		slices.SortFunc(list, byTime)
	}
	f.receipt(b.GetEvents())
	f.origin(b.GetEvents())
	f.contents()
	f.sell()
	f.refund()
	f.out.State = f.state()
	return f.out
}

// receipt notes when the order was heard of.
func (f *fold) receipt(events []*orderv1.Event) {
	o := f.out
	o.FirstReceivedMs = events[0].GetReceivedMs()
	for _, e := range events {
		o.FirstReceivedMs = min(o.FirstReceivedMs, e.GetReceivedMs())
		o.ReceivedMs = max(o.ReceivedMs, e.GetReceivedMs())
		o.History = o.History && e.GetHistory()
	}
}

// origin finds whose order it is and when it was sold: rules 2 and 4. Without a sale it is the first event's.
func (f *fold) origin(events []*orderv1.Event) {
	sales := f.byKind[completed]
	if len(sales) == 0 {
		sales = slices.SortedFunc(slices.Values(events), byTime)
	}
	f.out.OccurredMs, f.out.CustomerId = sales[0].GetOccurredMs(), sales[0].GetCustomerId()
	for _, e := range sales {
		if e.GetIdentified() {
			f.out.CustomerId = e.GetCustomerId()
			return
		}
	}
}

// contents takes value and lines from the last word that has them: rule 3.
func (f *fold) contents() {
	words := f.words()
	last := words[len(words)-1]
	f.out.EventId, f.out.Currency = last.GetEventId(), last.GetOrder().GetCurrency()
	for _, e := range words {
		said := e.GetOrder()
		if said.TotalMicros != nil {
			f.out.TotalMicros, f.out.Currency, f.out.Conversion = said.TotalMicros, said.GetCurrency(), said.GetConversion()
			f.out.EventId = e.GetEventId()
		}
		if len(said.GetItems()) > 0 {
			f.out.Items, f.out.ItemsEventId = said.GetItems(), e.GetEventId()
		}
	}
	f.out.QuantityMicros = Units(f.out.Items)
	for _, item := range f.out.Items {
		f.rest = append(f.rest, max(0, item.GetQuantityMicros()))
	}
	if v, ok := convert(f.out.GetTotalMicros(), f.out.Conversion); ok && f.out.TotalMicros != nil {
		f.out.ValueMicros = &v
	}
}

// words are the events that say what the order is, the last one counting most. An order without sale and update is what the first
// event of another kind says.
func (f *fold) words() []*orderv1.Event {
	sales, updates := slices.Clone(f.byKind[completed]), f.byKind[updated]
	if len(sales)+len(updates) == 0 {
		for _, kind := range []eventv1.OrderKind{refunded, inAll, cancelled, adjusted} {
			if list := f.byKind[kind]; len(list) > 0 {
				return list[:1]
			}
		}
	}
	after := len(updates)
	if len(sales) > 0 {
		after = slices.IndexFunc(updates, func(e *orderv1.Event) bool { return e.GetOccurredMs() >= f.out.OccurredMs })
		if after < 0 {
			after = len(updates)
		}
	}
	slices.SortFunc(sales, saysMore)
	return slices.Concat(updates[:after], sales, updates[after:])
}

// saysMore sorts copies of a sale, the one that says most last.
func saysMore(a, b *orderv1.Event) int {
	return cmp.Or(
		cmp.Compare(known(a), known(b)),
		cmp.Compare(priced(a.GetOrder().GetItems()), priced(b.GetOrder().GetItems())),
		cmp.Compare(len(a.GetOrder().GetItems()), len(b.GetOrder().GetItems())),
		cmp.Compare(number(a.GetIdentified()), number(b.GetIdentified())),
		-byTime(a, b),
	)
}

func known(e *orderv1.Event) int { return number(e.GetOrder().TotalMicros != nil) }

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// priced counts the lines whose value is said.
func priced(items []*eventv1.OrderItem) int {
	n := 0
	for _, item := range items {
		n += number(item.UnitPriceMicros != nil || item.TotalMicros != nil)
	}
	return n
}

// sold says whether there is a sale that stands.
func (f *fold) sold() bool { return len(f.byKind[completed]) > 0 && len(f.byKind[cancelled]) == 0 }

// sell posts the sale.
func (f *fold) sell() {
	if f.sold() {
		f.out.Postings = append(f.out.Postings, &orderv1.Posting{
			CustomerId: f.out.CustomerId, AtMs: f.out.OccurredMs,
			Orders: 1, QuantityMicros: f.out.QuantityMicros, SpendMicros: f.out.GetValueMicros(),
		})
	}
}

func (f *fold) state() orderv1.State {
	o := f.out
	switch {
	case len(f.byKind[cancelled]) > 0:
		return orderv1.State_STATE_CANCELLED
	case len(f.byKind[completed]) > 0 && len(o.Refunds) == 0:
		return orderv1.State_STATE_COMPLETED
	case len(f.byKind[completed]) > 0 && o.TotalMicros != nil && o.RefundedMicros >= o.GetTotalMicros():
		return orderv1.State_STATE_REFUNDED
	case len(f.byKind[completed]) > 0:
		return orderv1.State_STATE_PARTIALLY_REFUNDED
	case len(o.Refunds) > 0:
		return orderv1.State_STATE_CREDITED
	case len(f.byKind[updated])+len(f.byKind[refunded])+len(f.byKind[inAll]) > 0:
		return orderv1.State_STATE_WAITING
	}
	return orderv1.State_STATE_ADJUSTED
}
