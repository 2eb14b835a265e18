package rule

import (
	"slices"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for when, want := range map[string]bool{
		"spend_30d >= 499.99":                               true,
		"spend_30d > 499.99":                                false,
		"spend_30d == 499.99":                               true,
		"spend_30d != 499.990001":                           true,
		"499.99 <= spend_30d":                               true,
		"500 > spend_30d":                                   true,
		"spend_30d >= 500":                                  false,
		"spend_30d <= 499.990000":                           true,
		"orders_30d == 3.0":                                 true,
		"orders_24h == 0":                                   true,
		"quantity_30d > -1":                                 true,
		"quantity_30d == 7.25":                              true,
		"quantity_30d > 7.2":                                true,
		"quantity_30d >= 7.5":                               false,
		"events_1h < 2":                                     true,
		"refunds_30d == 1 && refund_30d > 10":               true,
		"average_basket_30d < 166.663334":                   true,
		"refund_365d == 0":                                  true,
		"days_since_last_order >= 30":                       true,
		"days_since_last_order > 30":                        false,
		"days_since_last_order <= 30":                       true,
		"days_since_last_order < 30":                        false,
		"hours_since_last_seen < 1.5":                       true,
		"days_since_first_order < 41":                       true,
		"days_since_first_seen > 59.5":                      true,
		`hours_since_event("Product Viewed")<3`:             true,
		`days_since_event("Product Viewed")<1`:              true,
		`hours_since_event("Never") > 0`:                    false,
		`hours_since_event("Never") < 9999999`:              false,
		`!(hours_since_event("Never") < 1)`:                 true,
		`ever("Order Completed")`:                           true,
		`!ever("Complaint Filed")`:                          true,
		`ever("Never") || orders_30d > 2`:                   true,
		`ever("Never") && orders_30d > 2`:                   false,
		`plan == "gold"`:                                    true,
		`"gold" == plan`:                                    true,
		`plan != "gold"`:                                    false,
		`plan in ["silver", "gold"]`:                        true,
		`plan.startsWith("go") && plan.endsWith("ld")`:      true,
		`plan.contains("x")`:                                false,
		`has(plan) && has(last_order) && has(traits.level)`: true,
		`has(traits.nothing)`:                               false,
		`orders_30d in [1, 3]`:                              true,
		`orders_30d in [1, 2]`:                              false,
		"purchase_cycle <= 5":                               true,
		"purchase_cycle == 5":                               true,
		"purchase_cycle < 4.5":                              false,
		"tenure >= 60":                                      true,
		"days_since_tenure > 61":                            false,
		"bargain_hunter":                                    true,
		"!night_owl && bargain_hunter":                      true,
		"days_since_bargain_hunter >= 2":                    true,
		"days_since_night_owl >= 0":                         false,
		`"shoes" in categories`:                             true,
		`"hats" in categories`:                              false,
		`categories["shoes"] >= 0.6`:                        true,
		`categories["hats"] < 0.6`:                          false,
		`hours["23"] > 3`:                                   true,
		`traits.level == "silver"`:                          true,
		`traits.level != "gold"`:                            true,
		`traits.nothing != "gold"`:                          false,
		`!(traits.nothing == "gold")`:                       true,
		`traits.age >= 30.5`:                                true,
		`traits.level >= 30`:                                false,
		`traits.vip == true`:                                true,
		`traits["pet name"] == "Rex"`:                       true,
		"churn_risk_90d > 0.7":                              true,
		"churn_risk_90d > 0.8":                              false,
		"churn_risk_90d > 0.7 && spend_30d > 499":           true,
		"churn_risk_90d > 0.7 && spend_30d > 500":           false,
		`churn_risk_90d_band == "high"`:                     true,
		`churn_risk_90d_band in ["low", "medium"]`:          false,
		"has(churn_risk_90d) && !has(spend_next_90d)":       true,
		"spend_next_90d >= 0":                               false,
		"spend_next_90d <= 0":                               false,
		"spend_next_90d != 3":                               false,
		"!(spend_next_90d > 3)":                             true,
		"warning_frequency_halved":                          true,
		"days_since_warning_frequency_halved < 7":           true,
		"days_since_warning_frequency_halved > 1":           false,
		"!churn_holdout":                                    true,
		"days_since_churn_holdout >= 0":                     false,
		`days_since_event("Product Viewed") < 1 && ever("Order Completed")`:           true,
		`!(ever("Never") || orders_30d > 2) || (events_1h == 1 && !(events_1h == 2))`: true,
	} {
		if got := one(t, when).Look(customer(), nil).Match(now)[0]; got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for when, want := range map[string]string{
		"":                                  "1:1: the condition is empty",
		"orders_30d >":                      "1:13: Syntax error",
		"orders_31d > 1":                    `1:1: "orders_31d" is no feature of the catalogue and no score (there are orders_1h, orders_24h`,
		"churn_risk_60d > 0.7":              `1:1: "churn_risk_60d" is no feature of the catalogue and no score (there are churn_holdout, churn_risk_90d, churn_risk_90d_band)`,
		"churn_risk_90d":                    "1:1: a feature alone is no condition",
		"churn_risk_90d > 0.0000001":        "too fine",
		"churn_risk_90d_band > 0.7":         "churn_risk_90d_band is a text",
		"warning_frequency_halved == true":  `"warning_frequency_halved" is a tag`,
		"orders_30d > 1 &&\n  foo_30d > 1":  `2:3: "foo_30d" is no feature`,
		"orders_30d":                        "1:1: a feature alone is no condition",
		`days_since_event("A")`:             "a feature alone is no condition",
		"true":                              "1:1: this form is not supported",
		"orders_30d + 1 > 2":                "1:12: not a feature",
		"orders_30d > orders_90d":           "1:12: a comparison needs one feature and one constant",
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
		`orders_30d in []`:                  "in takes a list of constants",
		`orders_30d in [orders_90d]`:        "a list holds constants only",
		`plan in [1]`:                       "plan is a text",
		`plan > "a"`:                        "texts are compared with ==",
		`plan.startsWith(plan)`:             "in quotes",
		`orders_30d.startsWith("a")`:        "startsWith takes a text",
		`categories > 1`:                    `"categories" is a list`,
		`bargain_hunter > 1`:                `"bargain_hunter" is a tag`,
		`"a" in plan`:                       "a feature that is a list",
		`categories["shoes"] > 0.0000001`:   "too fine",
		`traits.email == "a@b.example"`:     "names a person",
		`traits.email.x == "a"`:             "not a feature",
		`has("x")`:                          "not a feature",
		`has(days_since_last_order)`:        "the name of a feature itself",
		"spend.d > 1":                       "not a feature",
		strings.Repeat("(", 200) + "orders_30d > 1" + strings.Repeat(")", 200): "recursion",
		strings.Repeat("orders_30d > 1 && ", 1000) + "orders_30d > 1":          "size exceeds",
	} {
		faults := NewSet(shop).Add(Rule{When: when})
		if len(faults) == 0 {
			t.Errorf("%s: accepted", when)
		} else if !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%.60s: %v\nwant %s", when, faults, want)
		}
	}
	if faults := NewSet(shop).Add(Rule{When: "foo > 1 || bar < orders_30d || baz"}); len(faults) != 3 {
		t.Errorf("want all three faults at once, got %v", faults)
	}
}

func TestEqualLeavesAreShared(t *testing.T) {
	s := NewSet(shop)
	for _, when := range []string{
		"spend_30d >= 500 && orders_30d > 1", "500.0 <= spend_30d || !(orders_30d > 1)",
		"days_since_last_order > 1", "hours_since_last_order > 24", "unknown > 3 && orders_1h > 77",
	} {
		s.Add(Rule{When: when})
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
	if base != 184239094881435 {
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

func TestBecauseNamesWhatMakesItTrue(t *testing.T) {
	for when, want := range map[string][]string{
		"spend_30d >= 100 && (orders_1h > 0 || purchase_cycle < 6) && !night_owl": {
			"spend_30d >= 100.00 (is 499.99)", "purchase_cycle < 6 days (is 5 days)", "not: has(night_owl)"},
		`!(orders_30d > 5) && traits.level == "silver" && plan == "gold"`: {
			"not: orders_30d > 5 (is 3)", `traits.level == "silver" (is "silver")`, `plan == "gold" (is "gold")`},
		`hours_since_event("Product Viewed") < 3`: {`time since last_events["Product Viewed"] < 3h0m0s (is 2h0m0s)`},
		"churn_risk_90d > 0.7 && churn_risk_90d_band == \"high\" && days_since_warning_frequency_halved < 7 && !churn_holdout": {
			"churn_risk_90d > 0.70 (is 0.80)", `churn_risk_90d_band == "high" (is "high")`,
			"time since warning_frequency_halved < 7 days (is 24h0m0s)", "not: has(churn_holdout)"},
		"!(spend_next_90d > 3)": {"not: spend_next_90d > 3.00 (there is none)"},
		"orders_30d > 5":        nil,
	} {
		if got := one(t, when).Because(0, customer(), now); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
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
		{"days_since_warning_frequency_halved < 7", 6 * dayMs},
		{"churn_risk_90d > 0.7 && days_since_warning_frequency_halved < 7", 6 * dayMs},
		{"churn_risk_90d > 0.9 && days_since_warning_frequency_halved < 7", -1},
		{"days_since_churn_holdout < 7", -1},
		{"orders_30d > 100", -1},
		{"orders_30d > 100 && days_since_last_order > 31", -1}, // the flip changes nothing
		{"orders_30d > 2 && days_since_last_order > 31", dayMs + 1},
		{"orders_30d > 2 || days_since_last_order > 31", -1},
		{`days_since_last_order > 31 && hours_since_event("Product Viewed") < 3`, -1}, // the second is over before the first begins
		{`days_since_last_order > 31 && hours_since_event("Product Viewed") < 30`, dayMs + 1},
		{`hours_since_event("Product Viewed") >= 3 && days_since_last_order > 31`, dayMs + 1}, // the first flip alone is not enough
	} {
		s := one(t, c.when)
		at, ok := s.Look(f, nil).NextFlip(0, now)
		if ok != (c.want >= 0) || (ok && at != now+c.want) {
			t.Errorf("%s: now%+d %v, want now%+d", c.when, at-now, ok, c.want)
			continue
		}
		if ok && (s.Look(f, nil).Match(at - 1)[0] != s.Look(f, nil).Match(now)[0] || s.Look(f, nil).Match(at)[0] == s.Look(f, nil).Match(now)[0]) {
			t.Errorf("%s: the answer does not change exactly at the flip", c.when)
		}
	}
}

// FuzzCompile: no text makes the compiler fail otherwise than by an error, and what
// compiles can be evaluated.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{"orders_30d > 1", "ever('A') && !(spend_1h < 1.5)", "1 <", "days_since_event('x') >= -0.0", "(((", "a[0].b(c)?d:e", "plan in ['a']", "traits.x > 3"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, when string) {
		s := NewSet(shop)
		if len(s.Add(Rule{When: when})) == 0 {
			s.Look(customer(), nil).Match(now)
			s.Look(customer(), nil).NextFlip(0, now)
			s.Because(0, customer(), now)
		}
	})
}
