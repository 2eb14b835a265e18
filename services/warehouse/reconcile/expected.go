package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/money"
)

// Expected are the numbers of a known set of orders.
type Expected struct {
	// EventPrefix picks the set: the events whose id begins with it. Letters, digits, "-", "_" and ".".
	EventPrefix string
	// Orders counts orders by the kind that dw.orders has: completed, refunded (credit notes), cancelled, adjusted, waiting.
	Orders map[string]int64
	// Lines, QuantityMicros and NetMicros are sums over all lines of all order events.
	Lines, QuantityMicros, NetMicros int64
	// Identified counts the customers with a user id.
	Identified int64
}

// OnlineRetail are the numbers of the whole Online Retail file, as freshet replay sends it. An invoice is one event and so one order: the
// credit notes (C...) have numbers of their own, and no sale in the file says which one they are of.
func OnlineRetail() Expected {
	return Expected{
		EventPrefix:    "online-retail-",
		Orders:         map[string]int64{"completed": 22_061, "refunded": 3_836, "adjusted": 3},
		Lines:          541_909,
		QuantityMicros: 5_176_450_000_000,
		NetMicros:      9_747_747_934_000,
		Identified:     4_372,
	}
}

// checkExpected reads the same numbers for the same events.
func (r *Report) checkExpected(ctx context.Context, o Options, q query) error {
	want := o.Expected
	if want == nil {
		return nil
	}
	if strings.Trim(want.EventPrefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		return fmt.Errorf("event prefix %q: want letters, digits, -, _ and . only", want.EventPrefix)
	}
	got := Expected{EventPrefix: want.EventPrefix, Orders: map[string]int64{}}
	picked := func(alias string) string {
		return fmt.Sprintf("startsWith(%s.event_id, '%s')", alias, want.EventPrefix)
	}
	err := q.each(ctx, fmt.Sprintf(ordersSQL, picked("o"), picked("i")), func(scan func(...any) error) error {
		var kind, currency string
		var events, saidLines, saidQuantity, lines, quantity, net int64
		if err := scan(&kind, &currency, &events, &saidLines, &saidQuantity, &lines, &quantity, &net); err != nil {
			return err
		}
		got.Lines += lines
		got.QuantityMicros += quantity
		got.NetMicros += net
		return nil
	})
	if err != nil {
		return err
	}
	err = q.each(ctx, `SELECT kind, toInt64(count()) FROM {dw}.orders AS o WHERE `+picked("o")+` GROUP BY kind`, func(scan func(...any) error) error {
		var kind string
		var orders int64
		err := scan(&kind, &orders)
		got.Orders[kind] = orders
		return err
	})
	if err != nil {
		return err
	}
	err = q.one(ctx, fmt.Sprintf(`SELECT toInt64(uniqExact(current_customer_id)) FROM {dw}.events_current AS e
		WHERE identifier_type = 'user_id' AND %s`, picked("e")), &got.Identified)
	if err != nil {
		return err
	}
	r.Expected = &got
	r.compare(got, *want)
	return nil
}

func (r *Report) compare(got, want Expected) {
	kinds := slices.Sorted(maps.Keys(want.Orders))
	for kind := range got.Orders {
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	check := func(what string, got, want int64, show func(int64) string) {
		if got != want {
			r.unequal("%s* has %s %s, expected %s", r.Expected.EventPrefix, show(got), what, show(want))
		}
	}
	count := func(n int64) string { return fmt.Sprint(n) }
	for _, kind := range kinds {
		check(kind+" orders", got.Orders[kind], want.Orders[kind], count)
	}
	check("lines", got.Lines, want.Lines, count)
	check("units", got.QuantityMicros, want.QuantityMicros, money.FormatQuantity)
	check("net", got.NetMicros, want.NetMicros, money.Format)
	check("identified customers", got.Identified, want.Identified, count)
}
