package dataset

import (
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// since are the first moments of n customers, evenly over so many days before noon.
func since(n, days int) []int64 {
	var out []int64
	for i := range n {
		out = append(out, noon.Add(-time.Duration(days)*day+time.Duration(i)*time.Duration(days)*day/time.Duration(n)).UnixMilli())
	}
	return out
}

func TestTheGrid(t *testing.T) {
	c := Config{Step: 30 * day, Dates: 12, MinCustomers: 500}
	within := func(days int) *forecast.Target {
		return &forecast.Target{Name: "churn_risk", Counts: "orders_lifetime", Within: time.Duration(days) * day}
	}
	for what, x := range map[string]struct {
		target          *forecast.Target
		customers, days int
		dates           int
		newest, oldest  int // days before noon
		missing         string
	}{
		"a year and a half":                                     {within(60), 2000, 550, 12, 60, 390, ""},
		"half a year is just enough for 60 days":                {within(60), 20_000, 181, 5, 60, 180, ""},
		"a day less is not":                                     {within(60), 20_000, 178, 4, 60, 150, "history reaches 177 days back, churn_risk needs 180"},
		"few customers":                                         {within(60), 41, 550, 12, 60, 390, "41 of 500 customers who bought"},
		"few customers and a short history":                     {within(60), 41, 35, 0, 0, 0, "41 of 500 customers who bought; history reaches 32 days back, churn_risk needs 180"},
		"nobody":                                                {within(60), 0, 35, 0, 0, 0, "0 of 500 customers who bought; history reaches 0 days back, churn_risk needs 180"},
		"the oldest dates have nobody, and are left out":        {within(30), 1000, 100, 3, 30, 90, ""},
		"a long horizon stretches the steps":                    {within(365), 2000, 1300, 12, 365, 1095, ""},
		"a rhythm of their own is known after its longest time": {&forecast.Target{Name: "churn_risk", Counts: "orders_lifetime", Rhythm: &forecast.Rhythm{Least: 30 * day, Most: 90 * day}}, 5000, 400, 11, 90, 390, ""},
	} {
		o := &Outlook{End: noon, Customers: x.customers}
		o.grid(x.target, c, since(x.customers, x.days))
		if len(o.Dates) != x.dates || o.Missing != x.missing {
			t.Errorf("%s: %d dates, missing %q; want %d, %q", what, len(o.Dates), o.Missing, x.dates, x.missing)
			continue
		}
		if x.dates > 0 {
			newest, oldest := int(noon.Sub(o.Dates[len(o.Dates)-1])/day), int((noon.Sub(o.Dates[0])+time.Hour)/day)
			if newest != x.newest || oldest != x.oldest {
				t.Errorf("%s: dates from %d to %d days back, want %d to %d", what, oldest, newest, x.oldest, x.newest)
			}
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Step: time.Hour, Dates: 2, Rows: 1, MinCustomers: 3}.Validate()
	for _, want := range []string{"step: 1h0m0s", "dates: 2", "rows: 1 ", "min_customers: 3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
