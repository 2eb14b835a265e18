package tier

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"pgregory.net/rapid"
)

const now = int64(1_700_000_000_000)

// bands are the sizes promised, in parts of all customers.
var bands = map[string][2]float64{HighValue: {.10, .15}, Medium: {.30, .35}, Potential: {.35, .40}, ChurnRisk: {.15, .20}}

func checkBands(t *testing.T, customers []Customer) {
	t.Helper()
	cuts, ok := compute(t, customers, now)
	if !ok {
		t.Fatal("no cut points")
	}
	sizes, total := Sizes(customers, cuts, now), 0
	for _, name := range Names {
		share := float64(sizes[name]) / float64(len(customers))
		if b := bands[name]; share < b[0] || share > b[1] {
			t.Errorf("%s: %.1f %% of %d, want %v (cuts %v)", name, 100*share, len(customers), b, cuts)
		}
		total += sizes[name]
	}
	if total != len(customers) {
		t.Errorf("%d of %d customers have a tier", total, len(customers))
	}
}

func TestSizesOfSkewedPopulations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	hour := int64(3_600_000)
	for name, draw := range map[string]func() Customer{
		"long-tailed spend": func() Customer {
			return Customer{Value: int64(math.Exp(r.NormFloat64()*2+5) * 1e6), LastSeenMs: now - int64(r.ExpFloat64()*60*24)*hour}
		},
		"nine in ten never bought, few events each": func() Customer {
			c := Customer{Value: Value(0, 0, 1+int64(r.ExpFloat64()*2)), LastSeenMs: now - int64(r.ExpFloat64()*1e9)}
			if r.IntN(10) == 0 {
				c.Value += int64(r.IntN(500)) * 1e6
			}
			return c
		},
		"everybody the same value": func() Customer { return Customer{LastSeenMs: now - r.Int64N(1e9)} },
		"refunds make a third negative": func() Customer {
			return Customer{Value: int64(r.IntN(300)-100) * 1e6, LastSeenMs: now - r.Int64N(1e10)}
		},
		"all seen within two minutes": func() Customer {
			return Customer{Value: Value(0, 0, int64(r.IntN(4))), LastSeenMs: now - r.Int64N(120_000)}
		},
		"one catalogue price": func() Customer {
			return Customer{Value: int64(1+r.IntN(3)) * 9_990_000, LastSeenMs: now - r.Int64N(1e10)}
		},
	} {
		for _, n := range []int{200, 5000} {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				var all []Customer
				for range n {
					all = append(all, draw())
				}
				checkBands(t, all)
			})
		}
	}
}

func TestTiesGoWholly(t *testing.T) {
	// 100 customers: 30 tie at the top, nearer to 12.5 is none of them; with 20 all of them.
	build := func(top int) []Customer {
		var all []Customer
		for i := range 100 {
			c := Customer{Value: int64(1000 - i), LastSeenMs: now - int64(i)}
			if i < top {
				c = Customer{Value: 5000, LastSeenMs: now}
			}
			all = append(all, c)
		}
		return all
	}
	for top, want := range map[int]int{30: 0, 20: 20, 25: 0, 24: 24} {
		all := build(top)
		cuts, _ := compute(t, all, now)
		if got := Sizes(all, cuts, now)[HighValue]; got != want {
			t.Errorf("%d tie at the top: %d high value, want %d", top, got, want)
		}
	}
}

func TestAllSeenAtOnceIsNoRisk(t *testing.T) {
	all := make([]Customer, 50)
	for i := range all {
		all[i] = Customer{Value: int64(i), LastSeenMs: now - 1000}
	}
	cuts, _ := compute(t, all, now)
	if n := Sizes(all, cuts, now+3_600_000)[ChurnRisk]; n != 0 {
		t.Errorf("%d at risk an hour later: a tie of all must not fall over the limit at once", n)
	}
}

func TestNoCutPoints(t *testing.T) {
	if _, ok := compute(t, make([]Customer, MinPopulation-1), now); ok {
		t.Error("cut points of too few customers")
	}
	if _, ok := NextFlip(Customer{}, nil, now); ok || Of(Customer{Value: 9e9}, nil, now) != Potential {
		t.Error("without cut points everybody is potential, for ever")
	}
}

func TestOf(t *testing.T) {
	cuts := &segmentationv1.CutPoints{ChurnRiskRecencyMs: 1000, HighValueFrom: 50, HighValueSeenFromMs: now - 500, MediumFrom: 10, MediumSeenFromMs: now - 400}
	for c, want := range map[Customer]string{
		{Value: 51, LastSeenMs: now - 1000}: HighValue,
		{Value: 51, LastSeenMs: now - 1001}: ChurnRisk,
		{Value: 50, LastSeenMs: now - 500}:  HighValue,
		{Value: 50, LastSeenMs: now - 501}:  Medium,
		{Value: 10, LastSeenMs: now - 400}:  Medium,
		{Value: 10, LastSeenMs: now - 401}:  Potential,
		{Value: -5, LastSeenMs: now}:        Potential,
	} {
		if got := Of(c, cuts, now); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
		if at, ok := NextFlip(c, cuts, now); ok != (want != ChurnRisk) || (ok && (Of(c, cuts, at-1) != want || Of(c, cuts, at) != ChurnRisk)) {
			t.Errorf("%+v: flip now%+d %v is not the exact millisecond", c, at-now, ok)
		}
	}
}

func TestOfAVector(t *testing.T) {
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	values := make([]catalog.Value, len(c.Layout().Fields))
	for name, n := range map[string]int64{"last_seen": 7, "events_90d": 1_000_000, "spend_90d": 1, "events_365d": 9, "spend_365d": 30_000_000, "refund_365d": 10_000_000} {
		i, _ := c.Layout().Position(name)
		values[i] = catalog.Value{Present: true, Int: n}
	}
	places, err := In(c.Layout())
	if err != nil {
		t.Fatal(err)
	}
	if got := places.Of(catalog.NewVector(c.Layout(), c.Layout().Encode(nil, values))); got != (Customer{Value: 20_999_999, LastSeenMs: 7}) {
		t.Errorf("%+v", got)
	}
	if _, err := In(catalog.NewLayout(nil)); err == nil || !strings.Contains(err.Error(), `the feature "last_seen"`) {
		t.Errorf("a catalogue without what the tiers need: %v", err)
	}
}

// TestBoundaryIsNearest compares with trying every cut.
func TestBoundaryIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 40).Draw(t, "keys")
		slices.Sort(keys)
		n := len(keys)
		target := rapid.Float64Range(0, float64(n)).Draw(t, "target")
		b := newBoundary(n, target)
		walk := walker{find: []*boundary{b}, same: func(a, b Customer) bool { return a == b }}
		for _, k := range keys {
			walk.step(Customer{Value: int64(k)})
		}
		walk.end()
		got, last := b.best()
		if got > 0 && last.Value != int64(keys[got-1]) {
			t.Fatalf("%v target %v: the last of %d is said to be %d", keys, target, got, last.Value)
		}
		best := 0
		for k := range n + 1 {
			if (k == 0 || k == n || keys[k-1] != keys[k]) && math.Abs(float64(k)-target) < math.Abs(float64(best)-target) {
				best = k
			}
		}
		if got != best {
			t.Fatalf("%v target %v: %d, want %d", keys, target, got, best)
		}
	})
}

func TestDrift(t *testing.T) {
	if d := Drift(map[string]int{HighValue: 125, Medium: 325, Potential: 375, ChurnRisk: 175}, 1000); d > 1e-9 {
		t.Errorf("drift %v of exact sizes", d)
	}
	if d := Drift(map[string]int{Potential: 10}, 10); math.Abs(d-0.625) > 1e-9 {
		t.Errorf("drift %v, want 0.625", d)
	}
}

func TestTheValueIndexDoesNotWrap(t *testing.T) {
	cases := map[string]struct{ got, want int64 }{
		"spend less refunds plus events": {Value(10, 4, 3), 9},
		"at most 999,999 events":         {Value(0, 0, 1<<40), 999_999},
		"beyond the top":                 {Value(math.MaxInt64, 0, 1), math.MaxInt64},
		"beyond the bottom":              {Value(-math.MaxInt64, math.MaxInt64, 0), -math.MaxInt64},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", name, c.got, c.want)
		}
	}
}
