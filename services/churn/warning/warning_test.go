package warning

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
)

const now = int64(1_800_000_000_000)

func shipped(t testing.TB) (*catalog.Catalog, *forecast.Set) {
	t.Helper()
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := forecast.Load("", c)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func compiled(t testing.TB, list ...forecast.Warning) (*Set, *catalog.Catalog) {
	t.Helper()
	c, f := shipped(t)
	if list == nil {
		list = f.Warnings
	}
	s, err := New(list, c)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// customer is a vector of some values by name.
func customer(c *catalog.Catalog, values map[string]int64) catalog.Vector {
	l := c.Layout()
	row := make([]catalog.Value, len(l.Fields))
	for name, x := range values {
		i, ok := l.Position(name)
		if !ok {
			panic(name)
		}
		row[i] = catalog.Value{Present: true, Int: x}
	}
	return catalog.NewVector(l, l.Encode(nil, row))
}

// told is what was found, in a line.
func told(list []Found) string {
	var out []string
	for _, f := range list {
		text := f.Name
		for _, e := range f.Evidence {
			text += fmt.Sprintf(" %s %.4g/%.4g", e.Feature, e.Value, e.Against)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

const day = int64(dayMs)

// The shipped rules at their limits.
func TestShippedRules(t *testing.T) {
	s, c := compiled(t)
	for name, x := range map[string]struct {
		values map[string]int64
		want   string
	}{
		"nothing is known": {},
		"bought four times before, and once since": {map[string]int64{"orders_90d": 1, "orders_365d": 8},
			"frequency_halved orders_90d 1/2.291 orders_365d 8/0"},
		"just above half":                        {map[string]int64{"orders_90d": 1, "orders_365d": 7}, ""},
		"one order in nine months is no rhythm":  {map[string]int64{"orders_90d": 0, "orders_365d": 1}, ""},
		"four orders in nine months are none":    {map[string]int64{"orders_90d": 0, "orders_365d": 4}, ""},
		"five are one":                           {map[string]int64{"orders_90d": 0, "orders_365d": 5}, "frequency_halved orders_90d 0/1.636 orders_365d 5/0"},
		"all orders are new":                     {map[string]int64{"orders_90d": 5, "orders_365d": 5}, ""},
		"at the limit of the rhythm":             {map[string]int64{"last_order": now - 90*day, "purchase_cycle": 30 * day}, ""},
		"a millisecond above":                    {map[string]int64{"last_order": now - 90*day - 1, "purchase_cycle": 30 * day}, "order_overdue last_order 90/90 purchase_cycle 30/0"},
		"a cycle of days counts as a fortnight":  {map[string]int64{"last_order": now - 42*day, "purchase_cycle": 3 * day}, ""},
		"and is over then":                       {map[string]int64{"last_order": now - 43*day, "purchase_cycle": 3 * day}, "order_overdue last_order 43/42 purchase_cycle 3/0"},
		"two orders at one time":                 {map[string]int64{"last_order": now - 75*day, "purchase_cycle": 0}, ""},
		"complained and did not buy":             {map[string]int64{"since_complaint": now - 60*day, "last_order": now - 61*day}, "complaint_without_order since_complaint 60/61 last_order 61/0"},
		"complained too long ago":                {map[string]int64{"since_complaint": now - 60*day - 1, "last_order": now - 61*day}, ""},
		"complained and bought at the same time": {map[string]int64{"since_complaint": now - day, "last_order": now - day}, ""},
		"complained and never bought":            {map[string]int64{"since_complaint": now - day}, ""},
		"came six times, and then once":          {map[string]int64{"sessions_30d": 1, "sessions_90d": 7}, "engagement_falling sessions_30d 1/3 sessions_90d 7/0"},
		"just above a third":                     {map[string]int64{"sessions_30d": 2, "sessions_90d": 13}, ""},
		"came five times: no habit":              {map[string]int64{"sessions_30d": 0, "sessions_90d": 5}, ""},
	} {
		if got := told(s.Look(customer(c, x.values), now)); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// A rule over money compares in its unit; what was sent back below zero is nothing.
func TestMoneyFalls(t *testing.T) {
	s, c := compiled(t, forecast.Warning{Name: "spends_less", Kind: forecast.Fell, Recent: "spend_90d", Past: "spend_365d", To: 0.5, Least: 100})
	for name, x := range map[string]struct {
		recent, past int64
		want         string
	}{
		"half of 100":    {50_000_000, 50_000_000 + 305_600_000, "spends_less spend_90d 50/100 spend_365d 355.6/0"},
		"a step more":    {50_010_000, 50_010_000 + 305_600_000, ""},
		"below a 100":    {0, 305_550_000, ""},
		"below zero now": {-20_000_000, 1000_000_000, "spends_less spend_90d 0/327.3 spend_365d 1000/0"},
		"below zero all": {-20_000_000, -10_000_000, ""},
		"the largest":    {1, math.MaxInt64, "spends_less spend_90d 1e-06/3.019e+12 spend_365d 9.223e+12/0"},
	} {
		if got := told(s.Look(customer(c, map[string]int64{"spend_90d": x.recent, "spend_365d": x.past}), now)); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// needs are the features of each shipped rule, with values for which it holds.
var needs = map[string]map[string]int64{
	"frequency_halved":        {"orders_90d": 1, "orders_365d": 20},
	"order_overdue":           {"last_order": now - 400*day, "purchase_cycle": 10 * day},
	"complaint_without_order": {"since_complaint": now - day, "last_order": now - 9*day},
	"engagement_falling":      {"sessions_30d": 1, "sessions_90d": 30},
}

// Of what is absent, or not in the customer's layout, there is no warning; also where an absent count would read as 0.
func TestAbsentIsNoWarning(t *testing.T) {
	s, c := compiled(t)
	for name, values := range needs {
		if got := s.Look(customer(c, values), now); len(got) != 1 || got[0].Name != name {
			t.Fatalf("%s: %v", name, got)
		}
		for gone := range values {
			var fields []catalog.Field
			for _, f := range c.Layout().Fields {
				if f.Name != gone {
					fields = append(fields, f)
				}
			}
			old := catalog.NewLayout(fields)
			row := make([]catalog.Value, len(fields))
			for n, x := range values {
				if i, ok := old.Position(n); ok {
					row[i] = catalog.Value{Present: true, Int: x}
				}
			}
			v := catalog.NewVector(old, old.Encode(nil, row)).Through(c.Layout().Onto(old))
			if got := s.Look(v, now); len(got) > 0 {
				t.Errorf("%s without %s: %v", name, gone, got)
			}
			if at, ok := s.Next(v, now); ok {
				t.Errorf("%s without %s changes at %d", name, gone, at)
			}
		}
	}
}

// FuzzLook: no bytes make it fail.
func FuzzLook(f *testing.F) {
	s, c := compiled(f)
	for _, values := range needs {
		l := c.Layout()
		row := make([]catalog.Value, len(l.Fields))
		for n, x := range values {
			i, _ := l.Position(n)
			row[i] = catalog.Value{Present: true, Int: x}
		}
		f.Add(l.Encode(nil, row))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := catalog.NewVector(c.Layout(), raw)
		for _, found := range s.Look(v, now) {
			for _, e := range found.Evidence {
				if math.IsNaN(e.Value) || math.IsNaN(e.Against) {
					t.Errorf("%+v", found)
				}
			}
		}
		s.Next(v, now)
	})
}

// What is not there is told by the warning's name.
func TestUnknownFeature(t *testing.T) {
	c, _ := shipped(t)
	for want, w := range map[string]forecast.Warning{
		`warning "w": "gone" is no feature of the catalogue`:          {Name: "w", Kind: forecast.Overdue, Since: "last_order", Cycle: "gone"},
		`warning "w": kind "rose" is not fell, overdue or unanswered`: {Name: "w", Kind: "rose"},
		`warning "w": "young_adult" is no feature of the catalogue`:   {Name: "w", Kind: forecast.Unanswered, Moment: "young_adult", Answer: "last_order", Within: time.Hour},
	} {
		if _, err := New([]forecast.Warning{w}, c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Most customers have no warning: looking at them makes nothing.
func TestLookingAllocatesNothing(t *testing.T) {
	s, c := compiled(t)
	v := customer(c, map[string]int64{"orders_90d": 5, "orders_365d": 9, "last_order": now - day, "purchase_cycle": 30 * day, "sessions_90d": 4, "sessions_30d": 2})
	if n := testing.AllocsPerRun(100, func() { s.Look(v, now); s.Next(v, now) }); n > 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkLook(b *testing.B) {
	s, c := compiled(b)
	v := customer(c, map[string]int64{"orders_90d": 5, "orders_365d": 9, "last_order": now - day, "purchase_cycle": 30 * day, "sessions_90d": 4, "sessions_30d": 2})
	for b.Loop() {
		s.Look(v, now)
		s.Next(v, now)
	}
}
