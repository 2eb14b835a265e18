package rule

import (
	"strings"
	"testing"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// one compiles a single condition.
func one(t *testing.T, when string) *Set {
	t.Helper()
	s := &Set{}
	if faults := s.add(Rule{Name: "x", When: when}); len(faults) > 0 {
		t.Fatalf("%s: %v", when, faults)
	}
	return s
}

const now = int64(1_700_000_000_000)

// customer has spent 499.99 in three orders in 30 days and ordered 30 days ago to the millisecond.
func customer() *Facts {
	return NewFacts(&featurev1.FeatureSet{
		Windows: []*featurev1.WindowFeatures{
			{Window: "1h", Events: 1},
			{Window: "30d", Events: 12, Orders: 3, QuantityMicros: 7_250_000, SpendMicros: 499_990_000, Refunds: 1, RefundMicros: 10_500_000, AverageBasketMicros: 166_663_333},
			{Window: "lifetime", Events: 40, Orders: 3, SpendMicros: 499_990_000},
			{Window: "7d", Events: 99},
		},
		FirstSeenMs: now - 60*dayMs, LastSeenMs: now - hourMs,
		FirstOrderMs: now - 40*dayMs, LastOrderMs: now - 30*dayMs,
		LastEventMs: map[string]int64{"Product Viewed": now - 2*hourMs, "Order Completed": now - 30*dayMs},
	})
}

func TestMatch(t *testing.T) {
	for when, want := range map[string]bool{
		"spend_30d >= 499.99":                   true,
		"spend_30d > 499.99":                    false,
		"spend_30d == 499.99":                   true,
		"spend_30d != 499.990001":               true,
		"499.99 <= spend_30d":                   true,
		"500 > spend_30d":                       true,
		"spend_30d >= 500":                      false,
		"spend_30d <= 499.990000":               true,
		"orders_30d == 3.0":                     true,
		"orders_24h == 0":                       true,
		"quantity_30d > -1":                     true,
		"quantity_30d == 7.25":                  true,
		"quantity_30d > 7.2":                    true,
		"quantity_30d >= 7.5":                   false,
		"events_1h < 2":                         true,
		"refunds_30d == 1 && refund_30d > 10":   true,
		"average_basket_30d < 166.663334":       true,
		"refund_365d == 0":                      true,
		"days_since_last_order >= 30":           true,
		"days_since_last_order > 30":            false,
		"days_since_last_order <= 30":           true,
		"days_since_last_order < 30":            false,
		"hours_since_last_seen < 1.5":           true,
		"days_since_first_order < 41":           true,
		"days_since_first_seen > 59.5":          true,
		`hours_since_event("Product Viewed")<3`: true,
		`days_since_event("Product Viewed")<1`:  true,
		`hours_since_event("Never") > 0`:        false,
		`hours_since_event("Never") < 9999999`:  false,
		`!(hours_since_event("Never") < 1)`:     true,
		`ever("Order Completed")`:               true,
		`!ever("Complaint Filed")`:              true,
		`ever("Never") || orders_30d > 2`:       true,
		`ever("Never") && orders_30d > 2`:       false,
		`!(ever("Never") || orders_30d > 2) || (events_1h == 1 && !(events_1h == 2))`: true,
	} {
		if got := one(t, when).Match(customer(), now)[0]; got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
}

func TestEveryNameCanBeUsed(t *testing.T) {
	variables, functions := Names()
	if len(variables) != 6*7+8 {
		t.Errorf("%d variables", len(variables))
	}
	for _, v := range variables {
		one(t, v+" > 1")
	}
	for _, f := range functions {
		when := f + `("A")`
		if f != "ever" {
			when += " < 1"
		}
		one(t, when)
	}
}

func TestRefusals(t *testing.T) {
	for when, want := range map[string]string{
		"":                                  "1:1: the condition is empty",
		"orders_30d >":                      "1:13: Syntax error",
		"orders_31d > 1":                    `1:1: "orders_31d" is no feature: there are events, orders`,
		"orders_30d > 1 &&\n  foo_30d > 1":  `2:3: "foo_30d" is no feature`,
		"orders_30d":                        "1:1: a feature alone is no condition",
		`days_since_event("A")`:             "a feature alone is no condition",
		"true":                              "1:1: this form is not supported",
		"orders_30d + 1 > 2":                "1:12: not a feature",
		"orders_30d > orders_90d":           "1:12: a comparison needs one feature and one number",
		"1 < 2":                             "not a feature",
		"1 < orders_30d < 3":                "not a feature",
		`orders_30d == "3"`:                 "1:15: compare with a number",
		"orders_30d == 3u":                  "compare with a number",
		"orders_30d == true":                "compare with a number",
		"orders_30d > 1.5":                  "1:14: the number is too fine",
		"spend_30d > 0.0000001":             "too fine",
		"spend_30d > 1e300":                 "too large",
		"spend_30d > 123456789012.34567":    "at most 15 digits",
		"orders_30d > 9223372036854775807":  "too large",
		"hours_since_last_seen > 0.0000001": "too fine",
		"days_since_last_order == 3":        "1:23: elapsed time equals a number for one millisecond only",
		`ever(orders_30d)`:                  "takes one event name in quotes",
		`ever("")`:                          "takes one event name in quotes",
		`ever("A", "B")`:                    "takes one event name in quotes",
		`"A".ever()`:                        "takes one event name in quotes",
		`ever("A") == true`:                 "not a feature",
		`orders_30d > 1 ? ever("A") : true`: "not supported",
		`[1, 2].exists(x, x > 1)`:           "not supported",
		`orders_30d in [1, 2]`:              "not supported",
		"spend.d > 1":                       "not a feature",
		strings.Repeat("(", 200) + "orders_30d > 1" + strings.Repeat(")", 200): "recursion",
		strings.Repeat("orders_30d > 1 && ", 1000) + "orders_30d > 1":          "size exceeds",
	} {
		faults := (&Set{}).add(Rule{When: when})
		if len(faults) == 0 {
			t.Errorf("%s: accepted", when)
		} else if !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%.60s: %v\nwant %s", when, faults, want)
		}
	}
	if faults := (&Set{}).add(Rule{When: "foo > 1 || bar < orders_30d || baz"}); len(faults) != 3 {
		t.Errorf("want all three faults at once, got %v", faults)
	}
}

func TestEqualLeavesAreShared(t *testing.T) {
	s := &Set{}
	for _, when := range []string{
		"spend_30d >= 500 && orders_30d > 1", "500.0 <= spend_30d || !(orders_30d > 1)",
		"days_since_last_order > 1", "hours_since_last_order > 24", "unknown > 3 && orders_1h > 77",
	} {
		s.add(Rule{When: when})
	}
	if s.Leaves() != 3 || len(s.Rules) != 4 {
		t.Errorf("%d leaves of %d rules, want 3 of 4", s.Leaves(), len(s.Rules))
	}
}

func TestVersionNamesTheMeaning(t *testing.T) {
	base := one(t, "spend_30d >= 500 && (orders_30d > 1 || ever('A'))").Rules[0].Version
	if base <= 0 || base >= 1<<48 {
		t.Errorf("version %d is outside 1 to 2^48", base)
	}
	if base != 94967100584164 {
		t.Errorf("version %d: a stored version lost its meaning", base)
	}
	for _, same := range []string{"500.00<=spend_30d&&((orders_30d>1)||ever(\"A\"))"} {
		if v := one(t, same).Rules[0].Version; v != base {
			t.Errorf("%s: version %d, want %d", same, v, base)
		}
	}
	for _, other := range []string{
		"spend_30d > 500 && (orders_30d > 1 || ever('A'))", "spend_30d >= 500.01 && (orders_30d > 1 || ever('A'))",
		"spend_90d >= 500 && (orders_30d > 1 || ever('A'))", "spend_30d >= 500 && orders_30d > 1 || ever('A')",
		"spend_30d >= 500 && (orders_30d > 1 || ever('B'))", "spend_30d >= 500 && !(orders_30d > 1 || ever('A'))",
	} {
		if v := one(t, other).Rules[0].Version; v == base {
			t.Errorf("%s: has the version of another condition", other)
		}
	}
}

func TestNextFlipIsExact(t *testing.T) {
	f := customer() // ordered 30 days ago, viewed 2 hours ago
	for _, c := range []struct {
		when string
		want int64 // after now; -1 for never
	}{
		{"days_since_last_order > 30", 1},
		{"days_since_last_order >= 30", -1},
		{"days_since_last_order <= 30", 1},
		{"days_since_last_order < 30", -1},
		{"days_since_last_order >= 31", dayMs},
		{"days_since_last_order > 31", dayMs + 1},
		{`hours_since_event("Product Viewed") < 3`, hourMs},
		{`hours_since_event("Never") < 3`, -1},
		{"orders_30d > 100", -1},
		{"orders_30d > 100 && days_since_last_order > 31", -1}, // the flip changes nothing
		{"orders_30d > 2 && days_since_last_order > 31", dayMs + 1},
		{"orders_30d > 2 || days_since_last_order > 31", -1},
		{`days_since_last_order > 31 && hours_since_event("Product Viewed") < 3`, -1}, // the second is over before the first begins
		{`days_since_last_order > 31 && hours_since_event("Product Viewed") < 30`, dayMs + 1},
		{`hours_since_event("Product Viewed") >= 3 && days_since_last_order > 31`, dayMs + 1}, // the first flip alone is not enough
	} {
		s := one(t, c.when)
		at, ok := s.NextFlip(0, f, now)
		if ok != (c.want >= 0) || (ok && at != now+c.want) {
			t.Errorf("%s: now%+d %v, want now%+d", c.when, at-now, ok, c.want)
			continue
		}
		if ok && (s.Match(f, at-1)[0] != s.Match(f, now)[0] || s.Match(f, at)[0] == s.Match(f, now)[0]) {
			t.Errorf("%s: the answer does not change exactly at the flip", c.when)
		}
	}
}
