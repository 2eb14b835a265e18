package oracle

import (
	"fmt"
	"math"
	"time"

	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Edges draws a moment within two years before nowMs, mostly within 2 ms of a
// moment at which some window at or near nowMs begins or ends: hops of 5 minutes,
// an hour and a day, shifted by every window's length.
func Edges(t *rapid.T, label string, nowMs int64) int64 {
	const minute, hour, day = int64(60_000), int64(3_600_000), int64(86_400_000)
	if rapid.IntRange(0, 4).Draw(t, label+" free") == 0 {
		return nowMs - rapid.Int64Range(0, 730*day).Draw(t, label+" age")
	}
	hop := rapid.SampledFrom([]int64{5 * minute, hour, day}).Draw(t, label+" hop")
	length := rapid.SampledFrom([]int64{0, hour, day, 30 * day, 90 * day, 365 * day}).Draw(t, label+" length")
	at := nowMs - length
	at -= at%hop - hop*rapid.Int64Range(-2, 1).Draw(t, label+" hops") - rapid.Int64Range(-2, 2).Draw(t, label+" ms")
	return min(at, nowMs)
}

// Event draws an event that happened at atMs and was received at once. Its id is
// made of n.
func Event(t *rapid.T, n int, atMs int64) *eventv1.Event {
	e := &eventv1.Event{
		EventId:    fmt.Sprintf("e%d", n),
		Workspace:  "default",
		Type:       eventv1.EventType(max(1, rapid.IntRange(-4, 6).Draw(t, "type"))), // half are track calls
		Name:       rapid.SampledFrom([]string{"Product Viewed", "Order Completed", "page", "Überraschung", "a", "b"}).Draw(t, "name"),
		OccurredMs: atMs,
		ReceivedMs: atMs,
		History:    rapid.Bool().Draw(t, "history"),
	}
	if rapid.Bool().Draw(t, "many names") {
		e.Name = fmt.Sprintf("name %d", rapid.IntRange(0, 99).Draw(t, "name number"))
	}
	if rapid.Bool().Draw(t, "known") {
		e.Identifiers = []*eventv1.Identifier{{Type: "user_id", Value: "somebody"}}
	}
	if e.Type == eventv1.EventType_EVENT_TYPE_TRACK && rapid.Bool().Draw(t, "is order") {
		e.Order = orderOf(t)
	}
	return e
}

// orderOf draws what an event says of one of ten orders: few, so that copies, updates, refunds and cancellations of one order meet.
func orderOf(t *rapid.T) *eventv1.Order {
	amount := rapid.OneOf(rapid.Int64Range(-1e9, 1e12), rapid.SampledFrom([]int64{0, math.MaxInt64, math.MinInt64}))
	o := &eventv1.Order{
		OrderId: fmt.Sprintf("o%d", rapid.IntRange(0, 9).Draw(t, "order")),
		Kind: rapid.SampledFrom([]eventv1.OrderKind{
			eventv1.OrderKind_ORDER_KIND_COMPLETED, eventv1.OrderKind_ORDER_KIND_COMPLETED, eventv1.OrderKind_ORDER_KIND_COMPLETED,
			eventv1.OrderKind_ORDER_KIND_REFUNDED, eventv1.OrderKind_ORDER_KIND_REFUNDED_IN_ALL, eventv1.OrderKind_ORDER_KIND_UPDATED,
			eventv1.OrderKind_ORDER_KIND_ADJUSTED, eventv1.OrderKind_ORDER_KIND_CANCELLED,
		}).Draw(t, "kind"),
		Currency: "EUR",
	}
	if rapid.IntRange(0, 9).Draw(t, "rate known") > 0 {
		o.Conversion = &eventv1.Conversion{Currency: "EUR", RateE12: rapid.SampledFrom([]int64{1e12, 1e12, 333_333_333_333, 17e12}).Draw(t, "rate")}
	}
	if rapid.IntRange(0, 3).Draw(t, "has total") > 0 {
		o.TotalMicros = new(amount.Draw(t, "total"))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "lines") {
		item := &eventv1.OrderItem{Line: int32(i + 1), ProductId: fmt.Sprint("p", i), QuantityMicros: rapid.Int64Range(-50, 5000).Draw(t, "quantity") * 250_000}
		if rapid.Bool().Draw(t, "has price") {
			item.UnitPriceMicros = new(amount.Draw(t, "price"))
		}
		o.Items = append(o.Items, item)
	}
	return o
}

// Epoch is a quiet moment for tests to live at: noon of 15 June 2026.
var Epoch = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
