package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPSIOfKnownShares(t *testing.T) {
	for what, c := range map[string]struct {
		expected, actual []float64
		want             float64
	}{
		"a tenth moved": {[]float64{.5, .5}, []float64{.6, .4}, .04054651},
		"equal shares":  {[]float64{.2, .3, .5}, []float64{.2, .3, .5}, 0},
		"counts":        {[]float64{50, 50}, []float64{6, 4}, .04054651},
		"an empty bin":  {[]float64{.5, .5}, []float64{1, 0}, .5*math.Log(2) + (1e-4-.5)*math.Log(1e-4/.5)},
		"nothing live":  {[]float64{.5, .5}, []float64{0, 0}, math.NaN()},
		"nothing there": {[]float64{0, 0}, []float64{1, 0}, math.NaN()},
		"no bin at all": {nil, nil, math.NaN()},
	} {
		got := PSI(c.expected, c.actual)
		if math.IsNaN(got) != math.IsNaN(c.want) || math.Abs(got-c.want) > 1e-8 {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}

// shares are positive, with at least a thousandth each, so that the floor plays no part.
func shares(n int) *rapid.Generator[[]float64] {
	return rapid.SliceOfN(rapid.Float64Range(1, 50), n, n)
}

func TestPSIIsADistanceOfShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 15).Draw(t, "bins")
		e, a := shares(n).Draw(t, "expected"), shares(n).Draw(t, "actual")
		got := PSI(e, a)
		near := func(what string, other float64) {
			if math.Abs(got-other) > 1e-9*(1+got) {
				t.Errorf("%s: %v against %v", what, other, got)
			}
		}
		if got < 0 || math.IsInf(got, 0) {
			t.Errorf("the index is %v", got)
		}
		near("the other way round", PSI(a, e))
		times := make([]float64, n)
		for i := range a {
			times[i] = 7 * a[i]
		}
		near("seven times as many", PSI(e, times))
		if same := PSI(e, e); same != 0 {
			t.Errorf("of a set with itself it is %v", same)
		}
		slices.Reverse(e)
		slices.Reverse(a)
		near("the bins in another order", PSI(e, a))
		e[1], a[1] = e[1]+e[0], a[1]+a[0]
		if coarse := PSI(e[1:], a[1:]); coarse > got+1e-9 {
			t.Errorf("of coarser bins it is %v, more than %v", coarse, got)
		}
	})
}

// Two samples of one population stay below Chance in 999 of 1,000 draws.
func TestChanceIsWhatChanceGives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	weights := []float64{.05, .1, .1, .1, .15, .1, .1, .1, .1, .1}
	draw := func(n int) []float64 {
		counts := make([]float64, len(weights))
		for range n {
			u, i := rng.Float64(), 0
			for i < len(weights)-1 && u >= weights[i] {
				u -= weights[i]
				i++
			}
			counts[i]++
		}
		return counts
	}
	const draws = 4000
	for _, size := range [][2]int{{2000, 400}, {1000, 1000}, {400, 3000}} {
		limit, above, mean := Chance(len(weights), int64(size[0]), int64(size[1])), 0, 0.0
		for range draws {
			psi := PSI(draw(size[0]), draw(size[1]))
			mean += psi / draws
			if psi > limit {
				above++
			}
		}
		if above > 16 || mean < limit/5 { // 4 are expected; the mean of a chi-square of 9 is a third of that quantile
			t.Errorf("of %v: %d of %d above %.3f, mean %.4f", size, above, draws, limit, mean)
		}
	}
	if Chance(1, 5, 5) != 0 || !math.IsInf(Chance(3, 0, 5), 1) {
		t.Error("one bin cannot drift, and without rows anything may be chance")
	}
}
