package lifetime

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestHistoriesThatCannotBe(t *testing.T) {
	cases := map[string]struct {
		in   []History
		want string
		is   error
	}{
		"nobody":                         {nil, "there are no customers", nil},
		"nobody came back":               {[]History{{0, 0, 10}, {0, 0, 20}}, "no customer bought again", ErrNoRepeats},
		"fewer than no repeats":          {[]History{{-1, 0, 10}}, "customer 0: -1 repeats", nil},
		"the last one in the future":     {[]History{{1, 11, 10}}, "last one at 11 of 10", nil},
		"two purchases at one moment":    {[]History{{1, 0, 10}}, "purchases of one moment are one purchase", nil},
		"a last one without repeats":     {[]History{{0, 3, 10}}, "no repeats and the last one at 3", nil},
		"an age that is a NaN":           {[]History{{1, 1, 2}, {0, 0, math.NaN()}}, "customer 1: age NaN", nil},
		"an infinite age":                {[]History{{0, 0, math.Inf(1)}}, "age +Inf", nil},
		"a last one that is a NaN":       {[]History{{1, math.NaN(), 10}}, "last one at NaN", nil},
		"a customer from the future too": {[]History{{0, 0, -1}}, "age -1", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for model, f := range fitAll(c.in) {
				if f.err == nil || !strings.Contains(f.err.Error(), c.want) || !strings.HasPrefix(f.err.Error(), "fit "+model) || c.is != nil && !errors.Is(f.err, c.is) {
					t.Errorf("%s: got %v; want an error with %q", model, f.err, c.want)
				}
			}
		})
	}
}

// Too few or too equal customers: an error, or parameters that say so and forecasts that are still sane.
func TestFitsToLittleAreSaneOrSaySo(t *testing.T) {
	alike := make([]History, 200)
	for i := range alike {
		alike[i] = History{4, 32, 40}
	}
	cases := map[string][]History{
		"one customer":           {{3, 20, 30}},
		"two customers":          {{3, 20, 30}, {0, 0, 30}},
		"two hundred twins":      alike,
		"ages from hour to year": {{1, 0.01, 0.02}, {5, 300, 365}, {0, 0, 365}, {2, 100, 200}},
		"one who buys always":    {{5000, 39, 40}, {0, 0, 40}, {0, 0, 30}, {1, 2, 35}},
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			for model, f := range fitAll(in) {
				if f.err != nil {
					if !strings.HasPrefix(f.err.Error(), "fit "+model+": ") {
						t.Errorf("%v", f.err)
					}
					continue
				}
				for _, h := range in {
					if e := f.model.Expected(h, 10); !(e >= 0) || e > 3000 {
						t.Errorf("%s expects %v of %+v", model, e, h)
					}
				}
			}
		})
	}
	for model, f := range fitAll(alike) {
		bound := false
		for _, p := range f.report.Parameters {
			bound = bound || p.Bound
		}
		if f.err == nil && !bound {
			t.Errorf("%s: two hundred twins tell nothing of how customers differ, and no parameter says so: %+v", model, f.report)
		}
	}
}

func TestSpendsThatCannotBe(t *testing.T) {
	var endless []Spend // a tail so heavy that a larger sample has a larger mean
	for i := range 200 {
		endless = append(endless, Spend{20, math.Pow(200/float64(i+1), 2)})
	}
	cases := map[string]struct {
		in   []Spend
		want string
	}{
		"nobody":                 {nil, "fewer than two customers"},
		"one customer":           {[]Spend{{3, 10}, {0, 0}}, "fewer than two customers"},
		"a free purchase":        {[]Spend{{3, 10}, {1, 0}}, "customer 1 has a mean spend of 0"},
		"a NaN":                  {[]Spend{{3, math.NaN()}}, "mean spend of NaN"},
		"an infinity":            {[]Spend{{3, math.Inf(1)}}, "mean spend of +Inf"},
		"fewer than no purchase": {[]Spend{{-1, 5}}, "-1 purchases"},
		"amounts without a mean": {endless, "cap them"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if m, _, err := FitGammaGamma(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v; want an error with %q", m, err, c.want)
			}
		})
	}
}

// Micros or dollars, days or weeks: the unit changes the numbers that carry it and nothing else.
func TestTheUnitChangesOnlyWhatCarriesIt(t *testing.T) {
	all := cdnow(t)
	var weeks, days []History
	var dollars, micros []Spend
	for _, s := range all {
		weeks, days = append(weeks, s.History), append(days, History{s.Repeats, s.Last * 7, s.Age * 7})
		dollars, micros = append(dollars, s.Spend), append(micros, Spend{s.Count, s.Mean * 1e6})
	}
	a, _, err := FitBGNBD(weeks)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := FitBGNBD(days)
	if err != nil {
		t.Fatal(err)
	}
	if !near(b.R, a.R, 1e-5) || !near(b.Alpha, 7*a.Alpha, 1e-5) || !near(b.A, a.A, 1e-4) || !near(b.B, a.B, 1e-4) {
		t.Errorf("weeks %+v, days %+v", a, b)
	}
	c, _, err := FitGammaGamma(dollars)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := FitGammaGamma(micros)
	if err != nil {
		t.Fatal(err)
	}
	if !near(d.P, c.P, 1e-4) || !near(d.V, 1e6*c.V, 1e-4) {
		t.Errorf("dollars %+v, micros %+v", c, d)
	}
}

func TestValueIsDiscountedSpend(t *testing.T) {
	m, h := BGNBD{.243, 4.414, .793, 2.426}, History{2, 30.43, 38.86}
	plain, err := Value(m, h, 20, 52, 12, 0)
	if err != nil || !near(plain, 20*m.Expected(h, 52), 1e-12) {
		t.Errorf("%v, %v; without a discount it is spend times purchases, %v", plain, err, 20*m.Expected(h, 52))
	}
	less, err := Value(m, h, 20, 52, 12, 0.01)
	if err != nil || !(less < plain && less > plain/math.Pow(1.01, 12)) {
		t.Errorf("%v, %v, undiscounted %v", less, err, plain)
	}
	for _, bad := range []func() (float64, error){
		func() (float64, error) { return Value(m, h, 20, 52, 0, 0) },
		func() (float64, error) { return Value(m, h, -1, 52, 1, 0) },
		func() (float64, error) { return Value(m, h, 20, 0, 1, 0) },
		func() (float64, error) { return Value(m, h, 20, 52, 1, -1) },
		func() (float64, error) { return Value(m, History{1, 5, 2}, 20, 52, 1, 0) },
	} {
		if got, err := bad(); err == nil {
			t.Errorf("got %v, want an error", got)
		}
	}
}
