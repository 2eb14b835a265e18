package verify

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/factsql"
)

func count(n int64) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: n}}
}

func decimal(s string) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: s}}
}

func list(keys ...string) *featurev1.FeatureValue {
	l := &featurev1.FeatureList{}
	for _, k := range keys {
		l.Entries = append(l.Entries, &featurev1.FeatureEntry{Key: k, Value: count(1)})
	}
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_List{List: l}}
}

func TestDifferences(t *testing.T) {
	type values = map[string]*featurev1.FeatureValue
	for name, test := range map[string]struct {
		served, computed values
		want             []string
	}{
		"equal values do not differ":                  {values{"a": count(3), "l": list("x", "y")}, values{"a": count(3), "l": list("x", "y")}, nil},
		"another number is a mismatch":                {values{"a": count(3)}, values{"a": count(4)}, []string{"a 1 0 0"}},
		"the same digits of another kind differ":      {values{"a": count(3)}, values{"a": decimal("3")}, []string{"a 1 0 0"}},
		"a list in another order is a mismatch":       {values{"l": list("x", "y")}, values{"l": list("y", "x")}, []string{"l 1 0 0"}},
		"what is not served is missing, zero as well": {values{}, values{"a": count(0)}, []string{"a 0 1 0"}},
		"what the facts do not make is extra":         {values{"a": count(0)}, values{}, []string{"a 0 0 1"}},
		"a tag that does not hold is extra":           {values{"lapsed": held}, values{}, []string{"lapsed 0 0 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Report{Customers: 1, Differences: differences("c", test.served, test.computed)}
			var got []string
			var out strings.Builder
			if err := r.WriteText(&out); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if f := strings.Fields(line); strings.Contains(line, "customer c:") {
					got = append(got, strings.Join(f[:4], " "))
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("%s\n%s", d, out.String())
			}
			if failed := r.Err() != nil; failed != (len(test.want) > 0) {
				t.Errorf("error %v with differences %v", r.Err(), test.want)
			}
		})
	}
}

// Nothing compared is not the same as nothing different, and who is not known is told.
func TestAnEmptyReportIsNoSuccess(t *testing.T) {
	if err := (&Report{}).Err(); err == nil || !strings.Contains(err.Error(), "no customer to verify") {
		t.Error(err)
	}
	if err := (&Report{Customers: 2, Unknown: []string{"x"}}).Err(); err == nil || !strings.Contains(err.Error(), "1 customers are not known") {
		t.Error(err)
	}
}

// The values of the facts have the names and forms of the API, and tags are decided by them.
func TestFactsAreNamedAsTheAPINamesThem(t *testing.T) {
	c, err := catalog.Parse(nil, []byte(`
features:
  - {name: events, description: All., level: basic, aggregate: count, windows: [30d]}
  - {name: worth, description: Worth., level: value, aggregate: sum, value: properties.worth}
  - {name: town, description: Town., level: basic, aggregate: last, value: city}
tags:
  - {name: lively, description: Lively., level: basic, when: events_30d > 2}
  - {name: quiet, description: Quiet., level: basic, when: events_30d <= 2}
`))
	if err != nil {
		t.Fatal(err)
	}
	tags, err := rule.Tags(c)
	if err != nil {
		t.Fatal(err)
	}
	got := named(c, tags, []catalog.Value{{Present: true, Int: 3}, {Present: true, Int: 1_250_000}, {}}, 1)
	var lines []string
	for name, v := range got {
		lines = append(lines, fmt.Sprint(name, " ", Text(v)))
	}
	if d := cmp.Diff([]string{"events_30d 3", "lively holds", "worth 1.25"}, slices.Sorted(slices.Values(lines))); d != "" {
		t.Error(d)
	}
	if got := named(c, tags, nil, 1); len(got) != 0 {
		t.Errorf("who has no facts has %v", got)
	}
}

// Facts as of a moment are used for an earlier one as long as no window begins elsewhere: the smallest step of the shipped windows is five minutes.
func TestFactsHoldWhereWindowsBeginAlike(t *testing.T) {
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	const second = int64(1000)
	at := int64(1_795_000_200_000) // a multiple of five minutes
	for name, test := range map[string]struct {
		asOf    int64
		moments []int64
		want    int
	}{
		"all within a step":            {at + 299*second, []int64{at, at + 1, at + 299*second}, 0},
		"one before the step":          {at + 3*second, []int64{at - 1, at, at + 3*second}, 1},
		"many before, some long":       {at, []int64{at - 86_400*second, at - 600*second, at - 1, at}, 3},
		"the moment itself, and alone": {at + 7, []int64{at + 7}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := factsql.Query{Workspace: "default", Customers: []string{"x"}, AsOfMs: test.asOf}
			s, err := factsql.Compile(c.Plan(), q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := (&facts{c: c, query: q, text: s.Text}).holdFrom(test.moments)
			if err != nil || got != test.want {
				t.Errorf("from %d on, want %d (%v)", got, test.want, err)
			}
		})
	}
}
