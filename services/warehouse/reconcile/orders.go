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
	"github.com/freshet/freshet/services/warehouse/orderrows"
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
	workspace string
	orderrows.Key
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
	err = q.each(ctx, `SELECT workspace, `+orderrows.Events+` FROM {dw}.order_events WHERE `+where,
		func(scan func(...any) error) error {
			var key eventKey
			e, row, err := orderrows.Event(scan, &key.workspace)
			if err != nil {
				return err
			}
			key.Key = row
			e.Order.Items = items[key]
			of := orderKey{key.workspace, e.Order.OrderId}
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
	err := q.each(ctx, `SELECT workspace, `+orderrows.Items+`
		FROM {dw}.order_event_items WHERE `+where+` ORDER BY workspace, customer_id, occurred_at, event_id, line`,
		func(scan func(...any) error) error {
			var key eventKey
			x, row, err := orderrows.Item(scan, &key.workspace)
			key.Key = row
			items[key] = append(items[key], x)
			return err
		})
	return items, err
}
