package reasons

import (
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
)

// ownYAML is a workspace's own file: one of each kind of value, and what is not to be told.
const ownYAML = `features:
  - {name: shoes, description: Shoes looked at., level: preference, unit: events, aggregate: count, where: event == "Product Viewed", windows: [1h, 7d, lifetime]}
  - {name: delivery, description: Mean fee of deliveries., level: value, unit: currency, aggregate: average, value: properties.fee, windows: [30d]}
  - {name: late_share, description: Share of late deliveries., level: service, unit: share, aggregate: average, value: properties.late, windows: [90d]}
  - {name: last_call, description: The last call., level: service, unit: moment, aggregate: last_time, where: event == "Called"}
  - {name: since_chat, description: Time since the last chat., level: service, unit: hours, aggregate: since_last, where: event == "Chatted"}
  - {name: call_rhythm, description: Mean time between two calls., level: service, unit: days, aggregate: gap_mean, where: event == "Called"}
  - {name: shop, description: The shop visited last., level: basic, unit: text, aggregate: last, value: properties.shop}
  - {name: diagnosis, description: What the doctor said., level: basic, unit: text, sensitivity: sensitive, aggregate: last, value: properties.icd}
  - {name: salary, description: Salary as told., level: basic, unit: currency, sensitivity: personal, aggregate: last_number, value: traits.salary}
  - {name: moved, description: When they moved., level: basic, unit: moment, sensitivity: personal, aggregate: last_time, where: event == "Moved"}
  - {name: wealth, description: Spend by salary., level: value, unit: share, aggregate: ratio, of: [spend, salary], windows: [lifetime]}
  - {name: coupons, description: Coupons of our own kind., level: value, unit: events, aggregate: count, where: event == "Voucher", windows: [90d]}
tags:
  - {name: runner, description: Buys shoes to run., level: preference, when: shoes_7d > 3}
  - {name: rich, description: Earns much., level: value, when: salary > 100000}
  - {name: just_moved, description: Moved lately., level: value, when: days_since_moved < 30}
`

func catalogue(t testing.TB, own string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(catalog.Shipped(), []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func book(t testing.TB, own, currency string) *Book {
	t.Helper()
	b, err := New(catalogue(t, own), currency)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var languages = []Language{English, Chinese}

// The shipped targets, as the sentences know them.
var (
	leaves = Target{Name: "churn_risk_60d", Counts: "orders_lifetime", Outcome: "none", Days: 60}
	buys   = Target{Name: "repurchase_30d", Counts: "orders_lifetime", Outcome: "any", Days: 30}
	spends = Target{Name: "spend_next_90d", Counts: "spend_lifetime", Outcome: "sum", Days: 90}
)
