package warehouse

import (
	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// orderRows are rows of dw.orders.
type orderRows struct {
	workspace, id, customer, order, kind, currency []string
	total, quantity                                []int64
	items                                          []uint32
	occurred, received                             []int64
	history                                        []bool
}

func (o *orderRows) add(r *eventv1.ResolvedEvent, kind string) {
	e, order := r.Event, r.Event.Order
	var quantity int64
	for _, item := range order.Items {
		quantity += item.QuantityMicros / money.Unit
	}
	o.workspace = append(o.workspace, e.Workspace)
	o.id = append(o.id, e.EventId)
	o.customer = append(o.customer, r.CustomerId)
	o.order = append(o.order, order.OrderId)
	o.kind = append(o.kind, kind)
	o.currency = append(o.currency, order.Currency)
	o.total = append(o.total, order.GetTotalMicros())
	o.quantity = append(o.quantity, quantity)
	o.items = append(o.items, uint32(len(order.Items)))
	o.occurred = append(o.occurred, e.OccurredMs)
	o.received = append(o.received, e.ReceivedMs)
	o.history = append(o.history, e.History)
}

func (o *orderRows) table() table {
	return table{db: schema.DW, name: "orders", rows: len(o.id), columns: []column{
		{"workspace", o.workspace}, {"event_id", o.id}, {"customer_id", o.customer}, {"order_id", o.order},
		{"kind", o.kind}, {"currency", o.currency}, {"total_micros", o.total}, {"quantity", o.quantity},
		{"items", o.items}, {"occurred_at", o.occurred}, {"received_at", o.received}, {"history", o.history},
	}}
}

// itemRows are rows of dw.order_items.
type itemRows struct {
	workspace, id, customer, order, kind []string
	line                                 []int32
	product, name                        []string
	quantity, price                      []int64
	currency                             []string
	occurred, received                   []int64
}

func (t *itemRows) add(r *eventv1.ResolvedEvent, kind string) {
	e, order := r.Event, r.Event.Order
	for i, item := range order.Items {
		t.workspace = append(t.workspace, e.Workspace)
		t.id = append(t.id, e.EventId)
		t.customer = append(t.customer, r.CustomerId)
		t.order = append(t.order, order.OrderId)
		t.kind = append(t.kind, kind)
		// The place in the list, which is what line holds too: two lines that
		// carried the same number would fold into one row.
		t.line = append(t.line, int32(i+1))
		t.product = append(t.product, item.ProductId)
		t.name = append(t.name, item.Name)
		t.quantity = append(t.quantity, item.QuantityMicros/money.Unit)
		t.price = append(t.price, item.GetUnitPriceMicros())
		t.currency = append(t.currency, order.Currency)
		t.occurred = append(t.occurred, e.OccurredMs)
		t.received = append(t.received, e.ReceivedMs)
	}
}

func (t *itemRows) table() table {
	return table{db: schema.DW, name: "order_items", rows: len(t.id), columns: []column{
		{"workspace", t.workspace}, {"event_id", t.id}, {"customer_id", t.customer}, {"order_id", t.order},
		{"kind", t.kind}, {"line", t.line}, {"product_id", t.product}, {"name", t.name}, {"quantity", t.quantity},
		{"unit_price_micros", t.price}, {"currency", t.currency}, {"occurred_at", t.occurred}, {"received_at", t.received},
	}}
}
