package oracle

import (
	"fmt"
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
	if e.Type == eventv1.EventType_EVENT_TYPE_TRACK && rapid.Bool().Draw(t, "is order") {
		e.Order = order(t)
	}
	return e
}

func order(t *rapid.T) *eventv1.Order {
	total := rapid.Int64Range(0, 1e12).Draw(t, "total")
	if rapid.Bool().Draw(t, "negative") {
		total = -total
	}
	o := &eventv1.Order{
		OrderId:     fmt.Sprintf("o%d", rapid.IntRange(0, 9).Draw(t, "order")),
		Kind:        eventv1.OrderKind(rapid.IntRange(1, 4).Draw(t, "kind")),
		Currency:    "EUR",
		TotalMicros: &total,
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "lines") {
		o.Items = append(o.Items, &eventv1.OrderItem{
			Line:            int32(i + 1),
			ProductId:       "p",
			QuantityMicros:  rapid.Int64Range(-50, 5000).Draw(t, "quantity") * 1e6,
			UnitPriceMicros: new(int64(rapid.Int64Range(-1e9, 1e9).Draw(t, "price"))),
		})
	}
	return o
}

// Epoch is a quiet moment for tests to live at: noon of 15 June 2026.
var Epoch = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
