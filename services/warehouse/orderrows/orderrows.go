// Package orderrows reads the rows of dw.order_events and dw.order_event_items back as what package order folds. It is for those who make orders of
// the facts once more: reconcile, and the histories of package history.
package orderrows

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Events are the columns of dw.order_events that Event scans, Items those of dw.order_event_items that Item scans. A statement may have others before
// them.
const (
	Events = `customer_id, event_id, identified, order_id, kind, currency, value_currency, rate_e12, rate_date, total_micros,
		toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(received_at), history`
	Items = `customer_id, event_id, toUnixTimestamp64Milli(occurred_at), line, product_id, sku, name, toInt64(quantity * 1000000), unit_price_micros, total_micros`
)

// Key says which row of dw.order_events a row of items belongs to, within a workspace.
type Key struct {
	Customer, Event string
	At              int64
}

// Scan reads the columns of one row.
type Scan func(dest ...any) error

// Event reads a row of order events, without its items; before takes the columns that stand before Events.
func Event(scan Scan, before ...any) (*orderv1.Event, Key, error) {
	var kind string
	e, o, c := &orderv1.Event{}, &eventv1.Order{}, &eventv1.Conversion{}
	err := scan(append(before, &e.CustomerId, &e.EventId, &e.Identified, &o.OrderId, &kind, &o.Currency, &c.Currency, &c.RateE12, &c.RateDate,
		&o.TotalMicros, &e.OccurredMs, &e.ReceivedMs, &e.History)...)
	if err != nil {
		return nil, Key{}, err
	}
	if c.RateE12 != 0 {
		o.Conversion = c
	}
	o.Kind = eventv1.OrderKind(eventv1.OrderKind_value["ORDER_KIND_"+strings.ToUpper(kind)])
	e.Order = o
	return e, Key{e.CustomerId, e.EventId, e.OccurredMs}, nil
}

// Item reads a row of items; before takes the columns that stand before Items.
func Item(scan Scan, before ...any) (*eventv1.OrderItem, Key, error) {
	var key Key
	x := &eventv1.OrderItem{}
	err := scan(append(before, &key.Customer, &key.Event, &key.At, &x.Line, &x.ProductId, &x.Sku, &x.Name, &x.QuantityMicros, &x.UnitPriceMicros, &x.TotalMicros)...)
	return x, key, err
}
