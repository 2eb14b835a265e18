package trainset

import (
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// TestAmong asks conditions over values of every kind, as history tells them.
func TestAmong(t *testing.T) {
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	const day, now = int64(86_400_000), int64(1_700_000_000_000)
	var columns []column
	row := &featurev1.HistoricalFeatures{AtMs: now}
	add := func(name, kind string, v *featurev1.FeatureValue) {
		columns = append(columns, column{name, formOf(kind), kind})
		row.Values = append(row.Values, v)
	}
	moment := func(daysAgo int64) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_MomentMs{MomentMs: now - daysAgo*day}}
	}
	count := func(n int64) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: n}}
	}
	text := func(s string) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: s}}
	}
	add("spend_lifetime", "decimal", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: "499.99"}})
	add("orders_lifetime", "count", count(3))
	add("last_order", "moment", moment(40))
	add("tenure", "age", moment(100))
	add("session_length_30d", "duration", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_DurationMs{DurationMs: 90_000}})
	add("country", "text", text("DE"))
	add("gender", "text", &featurev1.FeatureValue{})
	add("lapsed", "tag", count(0))
	add("big_spender", "tag", count(1))
	add("last_events", "list", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_List{List: &featurev1.FeatureList{Entries: []*featurev1.FeatureEntry{{Key: "page", Value: moment(2)}}}}})
	add("traits", "list", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_List{List: &featurev1.FeatureList{Entries: []*featurev1.FeatureEntry{{Key: "plan", Value: text("gold")}}}}})
	for when, want := range map[string]bool{
		"spend_lifetime >= 499.99": true, "spend_lifetime > 499.99": false, "orders_lifetime == 3": true, "days_since_last_order <= 40": true, "days_since_last_order < 40": false,
		"tenure > 99 && tenure < 101": true, "session_length_30d == 1.5": true, `country in ["FR", "DE"]`: true, `gender != "female"`: false, "has(gender)": false, "has(country)": true,
		"lapsed": false, "!lapsed && big_spender": true, `ever("page")`: true, `days_since_event("page") > 3`: false, `traits.plan == "gold"`: true, "orders_30d >= 0": false,
	} {
		a, err := NewAmong(when, c)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.holds(columns, row); got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
	if a, err := NewAmong("orders_lifetime > 1 && lapsed", c); err != nil || strings.Join(a.uses, " ") != "orders_lifetime lapsed" {
		t.Errorf("%v %v", a.uses, err)
	}
	if _, err := NewAmong("orders_lifetime >", c); err == nil {
		t.Error("half a condition compiles")
	}
}
