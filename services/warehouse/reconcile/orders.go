package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Book is what all order events together make, by the rule of package order, held against dw.orders and dw.order_postings.
type Book struct {
	// Orders counts the orders by state.
	Orders map[string]int64
	// Unvalued are the sales that are in no sum of money: nobody told their value, or there is no rate to the workspace's currency.
	Unvalued int64
	// Truncated are the orders that had more events than are kept.
	Truncated int64
	// Numberless are order events without a number: kept, and part of no order.
	Numberless int64
	// Different are the orders that dw.orders or dw.order_postings tells otherwise.
	Different int64
}

// shownDifferences bounds the sentences about orders; all are counted.
const shownDifferences = 20

// bucketOrders is about how many orders are held in memory at once.
const bucketOrders = 20_000

// orderKey names an order.
type orderKey struct{ workspace, id string }

// eventKey names a row of dw.order_events.
type eventKey struct {
	workspace, customer, id string
	at                      int64
}

// checkOrders folds every order once more, bucket by bucket.
func (r *Report) checkOrders(ctx context.Context, q query) error {
	r.Book.Orders = map[string]int64{}
	var all uint64
	err := q.one(ctx, `SELECT toInt64(countIf(order_id = '')), uniqExactIf((workspace, order_id), order_id != '') FROM {dw}.order_events`,
		&r.Book.Numberless, &all)
	if err != nil {
		return err
	}
	buckets := all/bucketOrders + 1
	for n := range buckets {
		if err := r.checkBucket(ctx, q, fmt.Sprintf("order_id != '' AND cityHash64(workspace, order_id) %% %d = %d", buckets, n)); err != nil {
			return err
		}
	}
	if hidden := r.Book.Different - shownDifferences; hidden > 0 {
		r.unequal("%d more orders are not what their events tell", hidden)
	}
	return nil
}

func (r *Report) checkBucket(ctx context.Context, q query, where string) error {
	books, err := readBooks(ctx, q, where)
	if err != nil {
		return err
	}
	rows, err := readOrderRows(ctx, q, where)
	if err != nil {
		return err
	}
	postings, err := readPostings(ctx, q, where)
	if err != nil {
		return err
	}
	for key := range rows {
		if books[key] == nil {
			r.differs(key, "it is in dw.orders, and none of its events in dw.order_events")
		}
	}
	byOrder := func(a, b orderKey) int { return strings.Compare(a.workspace+"\x00"+a.id, b.workspace+"\x00"+b.id) }
	for _, key := range slices.SortedFunc(maps.Keys(books), byOrder) {
		o := order.Fold(key.workspace, key.id, books[key])
		if o == nil {
			continue // updates that say nothing, and no sale: nobody tells of it
		}
		r.countOrder(o)
		if row, ok := rows[key]; !ok {
			r.differs(key, "it is not in dw.orders")
		} else if d := difference(row, rowOf(o)); d != "" {
			r.differs(key, d)
		}
		if d := postingDifference(postings[key], postingsOf(o)); d != "" {
			r.differs(key, d)
		}
	}
	return nil
}

func (r *Report) differs(key orderKey, what string) {
	if r.Book.Different++; r.Book.Different <= shownDifferences {
		r.unequal("order %s of workspace %s: %s", key.id, key.workspace, what)
	}
}

func (r *Report) countOrder(o *orderv1.Order) {
	r.Book.Orders[stateWord(o)]++
	if o.Truncated {
		r.Book.Truncated++
	}
	for _, p := range o.Postings {
		if p.Orders > 0 && o.ValueMicros == nil {
			r.Book.Unvalued++
		}
	}
}

// readBooks reads the events of some orders, as the order book keeps them.
func readBooks(ctx context.Context, q query, where string) (map[orderKey]*orderv1.Book, error) {
	items, err := readItems(ctx, q, where)
	if err != nil {
		return nil, err
	}
	books := map[orderKey]*orderv1.Book{}
	err = q.each(ctx, `SELECT workspace, event_id, customer_id, identified, order_id, kind, currency, value_currency, rate_e12, rate_date, total_micros,
		    toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(received_at), history
		FROM {dw}.order_events WHERE `+where,
		func(scan func(...any) error) error {
			var key eventKey
			var kind string
			e, o, c := &orderv1.Event{}, &eventv1.Order{}, &eventv1.Conversion{}
			err := scan(&key.workspace, &e.EventId, &e.CustomerId, &e.Identified, &o.OrderId, &kind, &o.Currency, &c.Currency, &c.RateE12, &c.RateDate,
				&o.TotalMicros, &e.OccurredMs, &e.ReceivedMs, &e.History)
			if err != nil {
				return err
			}
			if c.RateE12 != 0 {
				o.Conversion = c
			}
			key.customer, key.id, key.at = e.CustomerId, e.EventId, e.OccurredMs
			o.Kind = eventv1.OrderKind(eventv1.OrderKind_value["ORDER_KIND_"+strings.ToUpper(kind)])
			o.Items, e.Order = items[key], o
			of := orderKey{key.workspace, o.OrderId}
			if books[of] == nil {
				books[of] = &orderv1.Book{}
			}
			order.Add(books[of], e)
			return nil
		})
	return books, err
}

func readItems(ctx context.Context, q query, where string) (map[eventKey][]*eventv1.OrderItem, error) {
	items := map[eventKey][]*eventv1.OrderItem{}
	err := q.each(ctx, `SELECT workspace, customer_id, event_id, toUnixTimestamp64Milli(occurred_at), line, product_id, sku, name,
		    toInt64(quantity * 1000000), unit_price_micros, total_micros
		FROM {dw}.order_event_items WHERE `+where+` ORDER BY workspace, customer_id, occurred_at, event_id, line`,
		func(scan func(...any) error) error {
			var key eventKey
			x := &eventv1.OrderItem{}
			err := scan(&key.workspace, &key.customer, &key.id, &key.at, &x.Line, &x.ProductId, &x.Sku, &x.Name, &x.QuantityMicros, &x.UnitPriceMicros, &x.TotalMicros)
			items[key] = append(items[key], x)
			return err
		})
	return items, err
}
