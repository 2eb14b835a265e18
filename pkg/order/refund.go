package order

import (
	"cmp"
	"slices"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// unit is one unit of goods or money in millionths.
const unit = 1_000_000

// refund takes back what the refunds say: rules 6 and 7. Those that say what was given back in all come behind the others, by what they say.
func (f *fold) refund() {
	if len(f.byKind[cancelled]) > 0 {
		return // nothing was sold, so nothing is left
	}
	all := f.byKind[inAll]
	slices.SortStableFunc(all, func(a, b *orderv1.Event) int { return cmp.Compare(f.inAll(a), f.inAll(b)) })
	for _, e := range slices.Concat(f.byKind[refunded], all) {
		if f.sold() && f.out.TotalMicros != nil {
			f.refundOf(e)
		} else {
			f.refundAlone(e)
		}
	}
	slices.SortStableFunc(f.out.Refunds, func(a, b *orderv1.Refund) int { return cmp.Compare(a.OccurredMs, b.OccurredMs) })
}

// inAll is what was given back of the order in all by the time of the event, in the order's currency.
func (f *fold) inAll(e *orderv1.Event) int64 {
	return f.inOrderCurrency(abs(e.GetOrder().GetTotalMicros()), e.GetOrder())
}

// refundOf gives back a part of an order whose value is known. One that finds nothing left is a copy of another, and does not count.
func (f *fold) refundOf(e *orderv1.Event) {
	o := f.out
	left := max(0, o.GetTotalMicros()) - o.RefundedMicros
	amount := min(left, f.asked(e, left))
	if amount <= 0 {
		return
	}
	// The rate is the order's, and rounding is of the sum so far: an order given back in parts gives back what it was worth.
	before, _ := convert(o.RefundedMicros, o.Conversion)
	after, _ := convert(o.RefundedMicros+amount, o.Conversion)
	f.book(e, o.CustomerId, amount, after-before)
}

// refundAlone counts a refund of an order whose sale, or whose value, is not known. With a sale it counts even when nobody can tell how
// much was given back; without one it waits until it can be told.
func (f *fold) refundAlone(e *orderv1.Event) {
	amount := f.asked(e, 0)
	value, _ := convert(amount, e.GetOrder().GetConversion())
	switch {
	case f.sold() && (amount > 0 || e.GetOrder().GetKind() == refunded):
		f.book(e, f.out.CustomerId, amount, value)
	case amount > 0:
		f.book(e, e.GetCustomerId(), amount, value)
	}
}

// book notes a refund that counts.
func (f *fold) book(e *orderv1.Event, customer string, amount, value int64) {
	o := f.out
	o.Refunds = append(o.Refunds, &orderv1.Refund{EventId: e.GetEventId(), OccurredMs: e.GetOccurredMs(), AmountMicros: amount})
	o.RefundedMicros = add(o.RefundedMicros, amount)
	o.Postings = append(o.Postings, &orderv1.Posting{CustomerId: customer, AtMs: e.GetOccurredMs(), Refunds: 1, RefundMicros: value})
}

// asked is what a refund wants back, in the order's currency; left is what there is for one that does not say.
func (f *fold) asked(e *orderv1.Event, left int64) int64 {
	said := e.GetOrder()
	if said.GetKind() == inAll {
		return max(0, f.inAll(e)-f.out.RefundedMicros)
	}
	if len(said.GetItems()) == 0 && said.TotalMicros == nil {
		clear(f.rest)
		return left
	}
	lines, own := f.lines(e), abs(said.GetTotalMicros())
	// A value that is but the sum of those lines that have a price says nothing of the others, and nothing that the lines do not say.
	if len(said.GetItems()) > 0 && (own == 0 || own == abs(sumOfPriced(said.GetItems()))) {
		return lines
	}
	return f.inOrderCurrency(own, said)
}

// inOrderCurrency turns a refund's amount into the order's currency. Where a rate is missing it is not known, and 0.
func (f *fold) inOrderCurrency(amount int64, said *eventv1.Order) int64 {
	const none = "XXX"
	from, to := said.GetCurrency(), f.out.GetCurrency()
	if from == to || from == none || to == none || from == "" || to == "" || !f.sold() {
		return amount
	}
	return exchange(amount, said.GetConversion(), f.out.GetConversion())
}

// lines adds up a refund line by line and takes its units off the order's lines. Some senders write what comes back with a minus, others
// without; where one refund has both, the one is taken from the other.
func (f *fold) lines(e *orderv1.Event) int64 {
	sum := int64(0)
	for _, line := range e.GetOrder().GetItems() {
		sum = add(sum, signed(line.GetQuantityMicros(), signed(line.GetUnitPriceMicros(), f.line(line, e.GetOrder()))))
	}
	return abs(sum)
}

// line is what one line of a refund gives back: its units as far as the order's lines of that product still have them.
func (f *fold) line(line *eventv1.OrderItem, said *eventv1.Order) int64 {
	wanted, sum, found := abs(line.GetQuantityMicros()), int64(0), false
	all := wanted == 0 // no quantity: all that is left of the line
	for i, sold := range f.out.GetItems() {
		if !f.sold() || sold.GetQuantityMicros() <= 0 || !same(line, sold) {
			continue
		}
		found = true
		units := f.rest[i]
		if !all {
			units = min(units, wanted)
		}
		f.rest[i] -= units
		wanted -= units
		sum = add(sum, f.worth(line, said, sold, units))
	}
	if found {
		return sum
	}
	if all {
		wanted = unit
	}
	return f.inOrderCurrency(valueOf(line, wanted), said)
}

// worth is the value of some units of a line that was sold: by the refund's own price, else by that of the order.
func (f *fold) worth(line *eventv1.OrderItem, said *eventv1.Order, sold *eventv1.OrderItem, units int64) int64 {
	switch {
	case units == 0:
		return 0
	case line.GetTotalMicros() != 0 && line.GetQuantityMicros() == 0:
		return f.inOrderCurrency(abs(line.GetTotalMicros()), said)
	case line.GetTotalMicros() != 0 || line.GetUnitPriceMicros() != 0:
		return f.inOrderCurrency(valueOf(line, units), said)
	case sold.TotalMicros != nil || sold.UnitPriceMicros != nil:
		return valueOf(sold, units)
	case len(f.out.GetItems()) == 1: // the only line is worth what the order is
		return portion(abs(f.out.GetTotalMicros()), units, sold.GetQuantityMicros())
	}
	return 0
}

// valueOf is what units of a line are worth by the line's own words, without sign; 0 when it does not say.
func valueOf(line *eventv1.OrderItem, units int64) int64 {
	if line.TotalMicros != nil && line.GetQuantityMicros() != 0 {
		return portion(abs(line.GetTotalMicros()), units, abs(line.GetQuantityMicros()))
	}
	if line.TotalMicros != nil {
		return abs(line.GetTotalMicros())
	}
	return portion(abs(line.GetUnitPriceMicros()), units, unit)
}

// sumOfPriced adds up the lines that say their value, as the collector does for an order that does not say its own.
func sumOfPriced(items []*eventv1.OrderItem) (sum int64) {
	for _, item := range items {
		v := item.GetTotalMicros()
		if item.TotalMicros == nil {
			v = signed(item.GetQuantityMicros(), portion(abs(item.GetUnitPriceMicros()), abs(item.GetQuantityMicros()), unit))
			v = signed(item.GetUnitPriceMicros(), v)
		}
		sum = add(sum, v)
	}
	return sum
}

// same says whether a refund's line is of a product that was sold: by product id, else by sku, else by name. A line that was sent with a sku
// alone has it as its product id.
func same(a, b *eventv1.OrderItem) bool {
	switch {
	case a.GetProductId() != "" && b.GetProductId() != "":
		return a.GetProductId() == b.GetProductId() ||
			a.GetSku() == "" && a.GetProductId() == b.GetSku() || b.GetSku() == "" && b.GetProductId() == a.GetSku()
	case a.GetSku() != "" && b.GetSku() != "":
		return a.GetSku() == b.GetSku()
	}
	return a.GetName() != "" && a.GetName() == b.GetName()
}
