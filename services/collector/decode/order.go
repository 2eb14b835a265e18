package decode

import (
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// Nothing about an order refuses its event (TestNothingAboutAnOrderRefusesTheEvent): what can be read counts, what cannot is absent and
// named by a note, its neighbours stay (TestReadOrder). Amounts go from their digits to integers without a float between
// (TestMoneyIsExact, FuzzOrder); products and sums that do not fit end at the bounds of 64 bits and never wrap (TestLineValuesAgainstExactArithmetic).

// orderReader reads one order into w.event.Order. It is kept in its work, so that what it notes costs no memory.
type orderReader struct {
	w     *Work
	o     *Origin
	order *eventv1.Order
	// hint is the currency that amounts without one are in: the order's, else the workspace's.
	hint string
	// lines is the name of the list that the lines stand in; empty for a product beside the order's own members.
	lines string
	// odd says that the order names a currency that cannot be read.
	odd bool
	// fields are of the order, product of the line that is being read.
	fields  orderFields
	product productFields
	// room is where names are folded.
	room [16]byte
}

// readOrder takes the money out of an order event. The order's strings are views of the body: it must be marshalled before the body goes.
func (w *Work) readOrder(_ *Item, o *Origin) {
	e := &w.Event
	e.Order = nil
	if e.Type != eventv1.EventType_EVENT_TYPE_TRACK {
		return
	}
	kind := orderKind(e.Name)
	if kind == eventv1.OrderKind_ORDER_KIND_UNSPECIFIED {
		return
	}
	w.nameOrder(kind)
	e.Order = &eventv1.Order{Kind: kind}
	r := &w.orders
	*r = orderReader{w: w, o: o, order: e.Order}
	f := &r.fields
	if len(e.PropertiesJson) > 0 {
		r.members(e.PropertiesJson, f.member)
	}
	r.readID(f)
	r.readCurrency(f.currency)
	total, found := r.readTotal(f)
	r.readLines(f)
	if all, ok := r.readRefunded(f); ok {
		e.Order.Kind, total, found = eventv1.OrderKind_ORDER_KIND_REFUNDED_IN_ALL, all, true
	}
	if !found {
		total, found = r.sum()
	}
	if !found && len(e.Order.Items) == 0 && kind == eventv1.OrderKind_ORDER_KIND_REFUNDED && f.saysAmount() {
		found = true // 0: an amount that cannot be read is a note, and not the whole order
	}
	if found {
		e.Order.TotalMicros = new(total)
	}
	r.convert()
	*r = orderReader{} // it holds on to the body
}

// orderFields are the members of an order's properties as raw JSON.
type orderFields struct {
	orderID, id, number, currency, total, revenue, value []byte
	refunded                                             []byte
	products, items, lineItems                           []byte
	// one is the product of an order that has no list: its members beside those of the order.
	one productFields
}

// member is where a member goes by its name, which is folded; nil when nobody needs it.
// saysAmount says that there is a word on the order's value, readable or not.
func (f *orderFields) saysAmount() bool {
	return f.total != nil || f.revenue != nil || f.value != nil || f.refunded != nil
}

func (f *orderFields) member(name string) *[]byte {
	switch name {
	case "orderid":
		return &f.orderID
	case "id":
		return &f.id
	case "ordernumber":
		return &f.number
	case "currency", "currencycode":
		return &f.currency
	case "total":
		return &f.total
	case "revenue":
		return &f.revenue
	case "value":
		return &f.value
	case "totalrefunded":
		return &f.refunded
	case "products":
		return &f.products
	case "items":
		return &f.items
	case "lineitems":
		return &f.lineItems
	case "name", "title":
		return nil // of the order, or of who knows what
	}
	return f.one.member(name)
}

// members walks an object whose JSON was checked before, and notes its values by name. The name is folded: order_id, orderId and "Order ID"
// are one. Where several of them come with a value, the one in small letters and underscores counts, as the specification writes it.
func (r *orderReader) members(object []byte, place func(name string) *[]byte) {
	var s jsonscan.Scanner
	s.Reset(object, 0, jsonscan.Limits{})
	_ = s.Object(func(key []byte) error {
		raw, err := s.Skip()
		if err != nil {
			return err
		}
		name, ok := fold(r.room[:0], view(key))
		if !ok || !given(raw) {
			return nil
		}
		if to := place(view(name)); to != nil && (*to == nil || plainKey(key)) {
			*to = raw
		}
		return nil
	})
}

// plainKey says that a name is written in small letters and underscores.
func plainKey(key []byte) bool {
	for _, c := range key {
		if (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return true
}

// given says that a member was sent with a value: many forms send an empty text for a field that nobody filled.
func given(raw []byte) bool {
	if !present(raw) {
		return false
	}
	if raw[0] != '"' {
		return true
	}
	for _, c := range raw[1 : len(raw)-1] {
		if c != ' ' {
			return true
		}
	}
	return false
}
