package history

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/warehouse/orderrows"
)

const (
	orderEvents = `SELECT {mine} AS mine, {present}, ` + orderrows.Events + `
FROM {dw}.order_events AS f LEFT JOIN moved AS m ON m.old = f.customer_id
WHERE f.workspace = {workspace:String} AND f.order_id != '' AND greatest(f.received_at, f.occurred_at) <= {until}` + ofOrders + `
ORDER BY f.order_id, f.customer_id, f.occurred_at, f.event_id`
	orderItems = `SELECT order_id, ` + orderrows.Items + `
FROM {dw}.order_event_items AS f
WHERE f.workspace = {workspace:String} AND f.order_id != '' AND greatest(f.received_at, f.occurred_at) <= {until}` + ofOrders + `
ORDER BY f.order_id, f.customer_id, f.occurred_at, f.event_id, f.line`
	// ofOrders takes the orders that a customer of the pass had a part in: all their events, whoever's these are.
	ofOrders = `
	AND f.order_id IN (SELECT f.order_id FROM {dw}.order_events AS f LEFT JOIN moved AS m ON m.old = f.customer_id
		WHERE f.workspace = {workspace:String} AND {mine}{only f.customer_id})`
)

// orderRow is an order event as read.
type orderRow struct {
	event   *orderv1.Event
	key     orderrows.Key
	present string
	mine    bool
}

type itemRow struct {
	item *eventv1.OrderItem
	key  orderrows.Key
}

// knownPostings are what orders added and took back, by present customer, and when that was known.
func (s *source) knownPostings(ctx context.Context) (map[string][]fact, error) {
	events, err := open(ctx, s, "order events", orderEvents, func(scan orderrows.Scan) (string, orderRow, error) {
		var r orderRow
		var err error
		r.event, r.key, err = orderrows.Event(scan, &r.mine, &r.present)
		return r.event.GetOrder().GetOrderId(), r, err
	})
	if err != nil {
		return nil, err
	}
	defer events.close()
	items, err := open(ctx, s, "order items", orderItems, func(scan orderrows.Scan) (string, itemRow, error) {
		var id string
		var r itemRow
		var err error
		r.item, r.key, err = orderrows.Item(scan, &id)
		return id, r, err
	})
	if err != nil {
		return nil, err
	}
	defer items.close()
	out := map[string][]fact{}
	for !events.done {
		var rows []orderRow
		lines := map[orderrows.Key][]*eventv1.OrderItem{}
		id := events.key
		if err := events.take(id, func(r orderRow) { rows = append(rows, r) }); err != nil {
			return nil, err
		}
		for !items.done && items.key < id {
			items.next() // of an event that is not there
		}
		if err := items.take(id, func(r itemRow) { lines[r.key] = append(lines[r.key], r.item) }); err != nil {
			return nil, err
		}
		for _, r := range rows {
			r.event.Order.Items = lines[r.key]
		}
		s.post(id, rows, out)
	}
	return out, nil
}

// post folds one order, event by event as they became known, and notes what each changed.
func (s *source) post(id string, rows []orderRow, out map[string][]fact) {
	slices.SortStableFunc(rows, func(a, b orderRow) int { return cmp.Compare(knownAt(a.event), knownAt(b.event)) })
	present := map[string]string{}
	for _, r := range rows {
		if r.mine {
			present[r.event.GetCustomerId()] = r.present
		}
	}
	var before []*orderv1.Posting
	book := &orderv1.Book{}
	for i, r := range rows {
		at := knownAt(r.event)
		order.Add(book, r.event)
		if i+1 < len(rows) && knownAt(rows[i+1].event) == at {
			continue // no moment lies between the two
		}
		after := order.Fold(s.request.Workspace, id, book).GetPostings()
		note := func(p *orderv1.Posting, taken bool) {
			if to, mine := present[p.GetCustomerId()]; mine {
				out[to] = append(out[to], fact{at: at, customer: p.GetCustomerId(), posting: p, taken: taken})
			}
		}
		for _, p := range without(before, after) {
			note(p, true)
		}
		for _, p := range without(after, before) {
			note(p, false)
		}
		before = after
	}
}

// knownAt is when an event had happened and been received.
func knownAt(e *orderv1.Event) int64 { return max(e.GetReceivedMs(), e.GetOccurredMs()) }

// without are the postings of a that b has not; one stands for one.
func without(a, b []*orderv1.Posting) []*orderv1.Posting {
	used := make([]bool, len(b))
	var out []*orderv1.Posting
	for _, p := range a {
		i := 0
		for i < len(b) && (used[i] || !proto.Equal(p, b[i])) {
			i++
		}
		if i < len(b) {
			used[i] = true
		} else {
			out = append(out, p)
		}
	}
	return out
}
