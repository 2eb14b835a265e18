package warehouse

import (
	"github.com/shopspring/decimal"

	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// orderEventRows are rows of dw.order_events.
type orderEventRows struct {
	workspace, id, customer, order, kind, currency []string
	valueCurrency, rateDate                        []string
	rate                                           []int64
	identified                                     []bool
	total                                          []*int64
	quantity                                       []decimal.Decimal
	items                                          []uint32
	occurred, received                             []int64
	history                                        []bool
}

func (o *orderEventRows) add(r *eventv1.ResolvedEvent, kind string) {
	e, said := r.Event, r.Event.Order
	o.workspace = append(o.workspace, e.Workspace)
	o.id = append(o.id, e.EventId)
	o.customer = append(o.customer, r.CustomerId)
	o.identified = append(o.identified, order.Identified(e))
	o.order = append(o.order, said.OrderId)
	o.kind = append(o.kind, kind)
	o.currency = append(o.currency, said.Currency)
	o.valueCurrency = append(o.valueCurrency, said.GetConversion().GetCurrency())
	o.rate = append(o.rate, said.GetConversion().GetRateE12())
	o.rateDate = append(o.rateDate, said.GetConversion().GetRateDate())
	o.total = append(o.total, said.TotalMicros)
	o.quantity = append(o.quantity, units(order.Units(said.Items)))
	o.items = append(o.items, uint32(len(said.Items)))
	o.occurred = append(o.occurred, e.OccurredMs)
	o.received = append(o.received, e.ReceivedMs)
	o.history = append(o.history, e.History)
}

func (o *orderEventRows) table() table {
	return table{db: schema.DW, name: "order_events", rows: len(o.id), columns: []column{
		{"workspace", o.workspace}, {"event_id", o.id}, {"customer_id", o.customer}, {"identified", o.identified}, {"order_id", o.order},
		{"kind", o.kind}, {"currency", o.currency}, {"value_currency", o.valueCurrency}, {"rate_e12", o.rate}, {"rate_date", o.rateDate},
		{"total_micros", o.total}, {"quantity", o.quantity}, {"items", o.items},
		{"occurred_at", o.occurred}, {"received_at", o.received}, {"history", o.history},
	}}
}

// itemRows are rows of dw.order_event_items.
type itemRows struct {
	workspace, id, customer, order, kind []string
	line                                 []int32
	product, sku, name                   []string
	quantity                             []decimal.Decimal
	price, total                         []*int64
	currency                             []string
	occurred, received                   []int64
}

func (t *itemRows) add(r *eventv1.ResolvedEvent, kind string) {
	e, said := r.Event, r.Event.Order
	for i, item := range said.Items {
		t.workspace = append(t.workspace, e.Workspace)
		t.id = append(t.id, e.EventId)
		t.customer = append(t.customer, r.CustomerId)
		t.order = append(t.order, said.OrderId)
		t.kind = append(t.kind, kind)
		// The place in the list: two lines that carried the same number would fold into one row.
		t.line = append(t.line, int32(i+1))
		t.product = append(t.product, item.ProductId)
		t.sku = append(t.sku, item.Sku)
		t.name = append(t.name, item.Name)
		t.quantity = append(t.quantity, units(item.QuantityMicros))
		t.price = append(t.price, item.UnitPriceMicros)
		t.total = append(t.total, item.TotalMicros)
		t.currency = append(t.currency, said.Currency)
		t.occurred = append(t.occurred, e.OccurredMs)
		t.received = append(t.received, e.ReceivedMs)
	}
}

func (t *itemRows) table() table {
	return table{db: schema.DW, name: "order_event_items", rows: len(t.id), columns: []column{
		{"workspace", t.workspace}, {"event_id", t.id}, {"customer_id", t.customer}, {"order_id", t.order},
		{"kind", t.kind}, {"line", t.line}, {"product_id", t.product}, {"sku", t.sku}, {"name", t.name}, {"quantity", t.quantity},
		{"unit_price_micros", t.price}, {"total_micros", t.total}, {"currency", t.currency},
		{"occurred_at", t.occurred}, {"received_at", t.received},
	}}
}
