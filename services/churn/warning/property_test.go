package warning

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
)

// edges are values around which answers change, and the ends of the numbers.
func edges(around ...int64) *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) int64 {
			return rapid.SampledFrom(around).Draw(t, "around") + rapid.Int64Range(-2, 2).Draw(t, "off")
		}),
		rapid.Int64Range(-3, 40), rapid.Int64())
}

// drawn is a customer around the limits of the shipped rules.
func drawn(t *rapid.T, c *catalog.Catalog) (map[string]int64, catalog.Vector) {
	const far = 1 << 61 // 73 million years: between two moments within it are fewer milliseconds than an int64 has room for
	moments := rapid.Custom(func(t *rapid.T) int64 {
		return min(max(edges(now, now-60*day, now-61*day, now-90*day, now-42*day, now+day).Draw(t, "moment"), -far), far)
	})
	values := map[string]int64{}
	for _, g := range []struct {
		name string
		of   *rapid.Generator[int64]
	}{
		{"orders_90d", edges(0, 4)}, {"orders_365d", edges(5, 12)}, {"sessions_30d", edges(0, 2)}, {"sessions_90d", edges(6, 13)},
		{"last_order", moments}, {"since_complaint", moments}, {"purchase_cycle", edges(30*day, 14*day, 0, math.MaxInt64-2, math.MaxInt64/3)},
	} {
		if rapid.IntRange(0, 9).Draw(t, "has "+g.name) > 0 {
			values[g.name] = g.of.Draw(t, g.name)
		}
	}
	return values, customer(c, values)
}

// A naive reckoning with fractions finds the same rules.
func TestAgainstFractions(t *testing.T) {
	c, f := shipped(t)
	s, err := New(f.Warnings, c)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		values, v := drawn(t, c)
		var want []string
		for i := range f.Warnings {
			if naive(&f.Warnings[i], c, values) {
				want = append(want, f.Warnings[i].Name)
			}
		}
		var got []string
		for _, found := range s.Look(v, now) {
			got = append(got, found.Name)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func whole(x int64) *big.Rat { return new(big.Rat).SetInt64(x) }

func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// naive is a rule as the words of package forecast say it.
func naive(w *forecast.Warning, c *catalog.Catalog, values map[string]int64) bool {
	get := func(name string) (int64, bool) {
		x, ok := values[name]
		return x, ok || c.Layout().Fields[c.Feature(name).Position].Zero
	}
	decimal := func(x float64) *big.Rat { // as it is written: 0.34 is 34 hundredths
		r, _ := new(big.Rat).SetString(strconv.FormatFloat(x, 'f', -1, 64))
		return r
	}
	switch w.Kind {
	case forecast.Fell:
		r, _ := get(w.Recent)
		p, _ := get(w.Past)
		recent := whole(max(r, 0))
		before := new(big.Rat).Sub(whole(p), recent)
		lr, lp := int64(c.Feature(w.Recent).Window.Length), int64(c.Feature(w.Past).Window.Length)
		usual := times(before, big.NewRat(lr, lp-lr))
		return usual.Sign() > 0 && usual.Cmp(decimal(w.Least)) >= 0 && recent.Cmp(times(usual, decimal(w.To))) <= 0
	case forecast.Overdue:
		since, has := get(w.Since)
		cycle, had := get(w.Cycle)
		passed := new(big.Rat).Sub(whole(now), whole(since))
		length := whole(cycle)
		if least := times(decimal(w.Least), whole(day)); length.Cmp(least) < 0 {
			length = least
		}
		return has && had && cycle > 0 && passed.Cmp(times(length, decimal(w.Times))) > 0
	}
	moment, has := get(w.Moment)
	answer, had := get(w.Answer)
	passed := new(big.Rat).Sub(whole(now), whole(moment))
	return has && had && answer < moment && passed.Sign() >= 0 && passed.Cmp(whole(w.Within.Milliseconds())) <= 0
}

// Up to the millisecond before Next nothing changes, at it something does; and when there is none, nothing ever does.
func TestNextIsExact(t *testing.T) {
	s, c := compiled(t)
	names := func(v catalog.Vector, at int64) string {
		var out []string
		for _, f := range s.Look(v, at) {
			out = append(out, f.Name)
		}
		return strings.Join(out, " ")
	}
	rapid.Check(t, func(t *rapid.T) {
		values, v := drawn(t, c)
		start := edges(now, values["last_order"]+3*values["purchase_cycle"], values["last_order"]+42*day, values["since_complaint"], values["since_complaint"]+60*day).Draw(t, "start")
		start = min(start, never-1)
		at, ok := s.Next(v, start)
		if !ok {
			at = never
		}
		if at <= start {
			t.Fatalf("Next is %d, not behind %d", at, start)
		}
		for _, ms := range []int64{at - 1, rapid.Int64Range(start, at-1).Draw(t, "between")} {
			if names(v, ms) != names(v, start) {
				t.Fatalf("%q at %d, %q at %d, and Next is %d", names(v, start), start, names(v, ms), ms, at)
			}
		}
		if ok && names(v, at) == names(v, start) {
			t.Fatalf("%q at %d and at Next, %d", names(v, at), start, at)
		}
	})
}

// The next change by the rules' limits: the earliest of them, and none when nothing changes with time.
func TestNext(t *testing.T) {
	s, c := compiled(t)
	for name, x := range map[string]struct {
		values map[string]int64
		want   int64 // behind now; -1 for never
	}{
		"nothing is known":                 {map[string]int64{}, -1},
		"fell does not change with time":   {needs["frequency_halved"], -1},
		"overdue already":                  {needs["order_overdue"], -1},
		"overdue in a millisecond":         {map[string]int64{"last_order": now - 90*day, "purchase_cycle": 30 * day}, 1},
		"overdue in ten days":              {map[string]int64{"last_order": now - 80*day, "purchase_cycle": 30 * day}, 10*day + 1},
		"the complaint will be old":        {needs["complaint_without_order"], 59*day + 1},
		"the complaint is old":             {map[string]int64{"since_complaint": now - 60*day - 1, "last_order": now - 70*day}, -1},
		"the complaint is yet to come":     {map[string]int64{"since_complaint": now + 5, "last_order": now}, 5},
		"the complaint before the order":   {map[string]int64{"since_complaint": now - 50*day, "last_order": now - 60*day, "purchase_cycle": 40 * day}, 10*day + 1},
		"the order before the complaint":   {map[string]int64{"since_complaint": now - 20*day, "last_order": now - 80*day, "purchase_cycle": 30 * day}, 10*day + 1},
		"answered: only the rhythm counts": {map[string]int64{"since_complaint": now - 20*day, "last_order": now - 10*day, "purchase_cycle": 30 * day}, 80*day + 1},
	} {
		at, ok := s.Next(customer(c, x.values), now)
		if ok != (x.want >= 0) || ok && at != now+x.want {
			t.Errorf("%s: now%+d %v, want now%+d", name, at-now, ok, x.want)
		}
	}
	if at, ok := s.Next(customer(c, map[string]int64{"since_complaint": now - 60*day - 1, "last_order": now - 70*day}), now-1); !ok || at != now {
		t.Errorf("a millisecond before the end of the complaint: %d %v", at-now, ok)
	}
}
