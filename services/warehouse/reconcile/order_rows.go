package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// orderRow is a row of dw.orders in plain values; the tags name its columns.
type orderRow struct {
	Kind          string `column:"kind"`
	State         string `column:"state"`
	EventID       string `column:"event_id"`
	CustomerID    string `column:"customer_id"`
	Currency      string `column:"currency"`
	Total         string `column:"total_micros"` // "" for NULL
	Quantity      int64  `column:"quantity"`
	Items         uint32 `column:"items"`
	ItemsEventID  string `column:"items_event_id"`
	ValueCurrency string `column:"value_currency"`
	Value         string `column:"value_micros"` // "" for NULL
	Rate          int64  `column:"rate_e12"`
	RateDate      string `column:"rate_date"`
	Refunds       uint32 `column:"refunds"`
	Refunded      int64  `column:"refunded_micros"`
	OccurredMs    int64  `column:"occurred_at"`
	FirstMs       int64  `column:"first_received_at"`
	ReceivedMs    int64  `column:"received_at"`
	History       bool   `column:"history"`
	Truncated     bool   `column:"truncated"`
}

func readOrderRows(ctx context.Context, q query, where string) (map[orderKey]orderRow, error) {
	rows := map[orderKey]orderRow{}
	err := q.each(ctx, `SELECT workspace, order_id, kind, state, event_id, customer_id, currency, ifNull(toString(total_micros), ''), toInt64(quantity * 1000000),
		    items, items_event_id, value_currency, ifNull(toString(value_micros), ''), rate_e12, rate_date, refunds, refunded_micros,
		    toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(first_received_at), toUnixTimestamp64Milli(received_at), history, truncated
		FROM {dw}.orders WHERE `+where,
		func(scan func(...any) error) error {
			var key orderKey
			var x orderRow
			err := scan(&key.workspace, &key.id, &x.Kind, &x.State, &x.EventID, &x.CustomerID, &x.Currency, &x.Total, &x.Quantity,
				&x.Items, &x.ItemsEventID, &x.ValueCurrency, &x.Value, &x.Rate, &x.RateDate, &x.Refunds, &x.Refunded,
				&x.OccurredMs, &x.FirstMs, &x.ReceivedMs, &x.History, &x.Truncated)
			rows[key] = x
			return err
		})
	return rows, err
}

// rowOf is the row that an order should have.
func rowOf(o *orderv1.Order) orderRow {
	return orderRow{
		Kind: kindWord(o), State: stateWord(o), EventID: o.EventId, CustomerID: o.CustomerId, Currency: o.Currency,
		Total: text(o.TotalMicros), Quantity: o.QuantityMicros, Items: uint32(len(o.Items)), ItemsEventID: o.ItemsEventId,
		ValueCurrency: o.GetConversion().GetCurrency(), Value: text(o.ValueMicros), Rate: o.GetConversion().GetRateE12(), RateDate: o.GetConversion().GetRateDate(),
		Refunds: uint32(len(o.Refunds)), Refunded: o.RefundedMicros,
		OccurredMs: o.OccurredMs, FirstMs: o.FirstReceivedMs, ReceivedMs: o.ReceivedMs, History: o.History, Truncated: o.Truncated,
	}
}

func text(x *int64) string {
	if x == nil {
		return ""
	}
	return fmt.Sprint(*x)
}

// stateWord and kindWord are those of docs/warehouse.md, written down a second time.
func stateWord(o *orderv1.Order) string {
	return map[orderv1.State]string{
		orderv1.State_STATE_WAITING: "waiting", orderv1.State_STATE_COMPLETED: "completed", orderv1.State_STATE_PARTIALLY_REFUNDED: "partially_refunded",
		orderv1.State_STATE_REFUNDED: "refunded", orderv1.State_STATE_CANCELLED: "cancelled", orderv1.State_STATE_ADJUSTED: "adjusted",
		orderv1.State_STATE_CREDITED: "credited",
	}[o.State]
}

func kindWord(o *orderv1.Order) string {
	switch state := stateWord(o); state {
	case "partially_refunded", "refunded":
		return "completed"
	case "credited":
		return "refunded"
	default:
		return state
	}
}

// difference names the first column that two rows differ in; "" when they are equal.
func difference(stored, told orderRow) string {
	a, b := reflect.ValueOf(stored), reflect.ValueOf(told)
	for i := range a.NumField() {
		if x, y := a.Field(i).Interface(), b.Field(i).Interface(); x != y {
			return fmt.Sprintf("%s is %v in dw.orders and %v by its events", a.Type().Field(i).Tag.Get("column"), x, y)
		}
	}
	return ""
}

// postingKey is the place of a posting: whose, and when.
type postingKey struct {
	customer string
	at       int64
}

// posted are orders, quantity, spend, refunds and refunded of one place.
type posted map[postingKey][5]int64

func readPostings(ctx context.Context, q query, where string) (map[orderKey]posted, error) {
	all := map[orderKey]posted{}
	err := q.each(ctx, `SELECT workspace, order_id, customer_id, toUnixTimestamp64Milli(occurred_at) AS at, toInt64(sum(orders * sign)), toInt64(sum(quantity_micros * sign)),
		    toInt64(sum(spend_micros * sign)), toInt64(sum(refunds * sign)), toInt64(sum(refund_micros * sign))
		FROM {dw}.order_postings WHERE `+where+` GROUP BY workspace, order_id, customer_id, at`,
		func(scan func(...any) error) error {
			var of orderKey
			var key postingKey
			var v [5]int64
			err := scan(&of.workspace, &of.id, &key.customer, &key.at, &v[0], &v[1], &v[2], &v[3], &v[4])
			if v == ([5]int64{}) {
				return err
			}
			if all[of] == nil {
				all[of] = posted{}
			}
			all[of][key] = v
			return err
		})
	return all, err
}

func postingsOf(o *orderv1.Order) posted {
	out := posted{}
	for _, p := range o.Postings {
		key := postingKey{p.CustomerId, p.AtMs}
		v := out[key]
		for i, x := range []int64{p.Orders, p.QuantityMicros, p.SpendMicros, p.Refunds, p.RefundMicros} {
			v[i] += x // as ClickHouse sums: two of one order at one moment of one customer, near the ends of 64 bits, wrap on both sides
		}
		out[key] = v
	}
	return out
}

// postingDifference says what a customer got otherwise than an order tells; "" when nothing.
func postingDifference(stored, told posted) string {
	keys := slices.Collect(maps.Keys(told))
	for key := range stored {
		if _, ok := told[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b postingKey) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.customer, b.customer)) })
	for _, key := range keys {
		if stored[key] != told[key] {
			return fmt.Sprintf("dw.order_postings adds %v to customer %s at %d, its events tell %v (orders, units, spend, refunds, refunded)",
				stored[key], key.customer, key.at, told[key])
		}
	}
	return ""
}
