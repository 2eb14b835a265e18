package lifetime

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Customers that are made as the model says, and of them those with one history: as many buy again as Buys says.
func TestBuysIsHowManyBuy(t *testing.T) {
	m := BGNBD{R: 1.2, Alpha: 2, A: .9, B: 2}
	source := rand.NewPCG(1, 2)
	r := rand.New(source)
	rate, leave := distuv.Gamma{Alpha: m.R, Beta: m.Alpha, Src: source}, distuv.Beta{Alpha: m.A, Beta: m.B, Src: source}
	const age, horizon = 3.0, 2.0
	var seen, bought [2]float64 // of those with no repeat, and of those with one, in the middle of the time
	for range 600_000 {
		l, p := rate.Rand(), leave.Rand()
		var at []float64
		for now, gone := r.ExpFloat64()/l, false; now < age+horizon && !gone; now += r.ExpFloat64() / l {
			at, gone = append(at, now), r.Float64() < p
		}
		before := 0
		for _, x := range at {
			if x < age {
				before++
			}
		}
		if before > 1 || before == 1 && math.Abs(at[0]-1.5) > .1 {
			continue
		}
		seen[before]++
		if len(at) > before {
			bought[before]++
		}
	}
	for repeats, h := range []History{{Age: age}, {Repeats: 1, Last: 1.5, Age: age}} {
		got, want := m.Buys(h, horizon), bought[repeats]/seen[repeats]
		if off := 4 * math.Sqrt(want*(1-want)/seen[repeats]); math.Abs(got-want) > off {
			t.Errorf("%d repeats: %v, of %v customers %v", repeats, got, seen[repeats], want)
		}
		if near := 1e-6; math.Abs(m.Buys(h, near)/m.Expected(h, near)-1) > 1e-3 {
			t.Errorf("%d repeats: in a moment nobody buys twice: %v, %v", repeats, m.Buys(h, near), m.Expected(h, near))
		}
		if all := m.Buys(h, 1e9); math.Abs(all-m.Alive(h)) > 1e-3 || m.Buys(h, 0) != 0 {
			t.Errorf("%d repeats: in the end %v buy, alive are %v", repeats, all, m.Alive(h))
		}
	}
}
