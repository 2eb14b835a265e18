package pipeline

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// moved draws predictions of two dates, and labels whose log-odds are those of the predictions and a step more, which each date has of its own.
func moved(r *rand.Rand, steps ...float64) (*Table, []float64) {
	t := &Table{}
	var p []float64
	for i, step := range steps {
		for range 3000 {
			q := .05 + .9*r.Float64()
			y := 0.0
			if r.Float64() < 1/(1+math.Exp(-logit(q)-step)) {
				y = 1
			}
			p, t.Y, t.Times = append(p, q), append(t.Y, y), append(t.Times, time.Unix(int64(i)*86400*30, 0))
		}
	}
	return t, p
}

// What mends the probabilities of an older date is kept only where it mends those of a newer one too. Without times nothing tells that it does not hold.
func TestCalibrationThatDoesNotHold(t *testing.T) {
	for name, c := range map[string]struct {
		steps []float64
		times bool
		none  bool
	}{
		"wrong at both dates, alike": {[]float64{1.2, 1.2}, true, false},
		"wrong at the older one":     {[]float64{1.2, 0}, true, true},
		"right at both":              {[]float64{0, 0}, true, true},
		"one date only":              {[]float64{1.2}, true, true},
		"wrong, and no times":        {[]float64{1.2, 0}, false, false},
	} {
		x, p := moved(rand.New(rand.NewPCG(1, 2)), c.steps...)
		if !c.times {
			x.Times = nil
		}
		got, err := chooseCalibration(x, "", p, 1)
		if err != nil || (got.Kind == asTheyAre) != c.none {
			t.Errorf("%s: %q, %v", name, got.Kind, err)
		}
	}
}
