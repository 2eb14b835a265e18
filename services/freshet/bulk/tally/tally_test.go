package tally

import (
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

func order(kind eventv1.OrderKind, who, currency string, at int64, lines int, micros ...int64) *eventv1.Event {
	o := &eventv1.Order{Kind: kind, Currency: currency}
	for range lines {
		o.Items = append(o.Items, &eventv1.OrderItem{})
	}
	if len(micros) > 0 {
		o.TotalMicros = &micros[0]
	}
	return &eventv1.Event{OccurredMs: at, OriginalMs: at, Order: o, Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: who}, {Type: "anonymous_id", Value: "a"}}}
}

func TestTheTally(t *testing.T) {
	const sold, given = eventv1.OrderKind_ORDER_KIND_COMPLETED, eventv1.OrderKind_ORDER_KIND_REFUNDED
	const day = 86_400_000
	for name, c := range map[string]struct {
		events []*eventv1.Event
		want   string
	}{
		"nothing":                         {nil, "0 events, 0 customers"},
		"events that are no orders":       {[]*eventv1.Event{{OccurredMs: day, OriginalMs: day}, {OccurredMs: day}}, "2 events, 1970-01-02, 1 dated at the import, 0 customers"},
		"orders of two people":            {[]*eventv1.Event{order(sold, "a", "USD", day, 2, 1_234_500_000), order(sold, "b", "USD", 3*day, 1, 10_000)}, "2 orders, 3 lines, 1,234.51 USD, 1970-01-02 to 1970-01-04, 2 customers"},
		"a person twice":                  {[]*eventv1.Event{order(sold, "a", "XXX", day, 0, 1_000_001), order(sold, "a", "XXX", day, 0, 1)}, "2 orders, 0 lines, 1.000002, 1970-01-02, 1 customer"},
		"refunds, with a sign or without": {[]*eventv1.Event{order(given, "a", "EUR", day, 1, -5_000_000), order(given, "a", "EUR", day, 1, 2_500_000)}, "0 orders, 2 lines, 2 refunds, 7.50 EUR given back, 1970-01-02, 1 customer"},
		"an order worth nothing":          {[]*eventv1.Event{order(sold, "a", "EUR", day, 1)}, "1 order, 1 line, 1 of them without an amount, 1970-01-02, 1 customer"},
		"a sum beyond 64 bits":            {[]*eventv1.Event{order(sold, "a", "EUR", day, 0, 1<<62), order(sold, "a", "EUR", day, 0, 1<<62), order(sold, "a", "EUR", day, 0, 1<<62)}, "3 orders, 0 lines, 13,835,058,055,282.163712 EUR, 1970-01-02, 1 customer"},
	} {
		var tally Tally
		for _, e := range c.events {
			tally.Add(e)
		}
		if got := tally.String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		for cut := range c.events { // of two parts the same
			var one, two Tally
			for i, e := range c.events {
				if i < cut {
					one.Add(e)
				} else {
					two.Add(e)
				}
			}
			if one.Plus(&two); one.String() != c.want {
				t.Errorf("%s, cut at %d: %s, want %s", name, cut, one.String(), c.want)
			}
		}
	}
}
