package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/evaluate"
)

// overconfident draws labels, and a model's probabilities: distort of the true ones.
func overconfident(n int, distort func(p float64) float64) (y, p []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		truth := r.Float64()
		label := 0.0
		if r.Float64() < truth {
			label = 1
		}
		y, p = append(y, label), append(p, distort(truth))
	}
	return y, p
}

func TestChoose(t *testing.T) {
	for name, c := range map[string]struct {
		rows    int
		distort func(p float64) float64
		want    Kind
	}{
		"right as they are":      {3000, func(p float64) float64 { return p }, None},
		"too sure of itself":     {3000, func(p float64) float64 { return 1 / (1 + math.Exp(-3*logit(p))) }, Platt},
		"bent":                   {20000, func(p float64) float64 { return p * p * p * p * p }, Isotonic},
		"too few rows for steps": {500, func(p float64) float64 { return p * p * p * p * p }, Platt},
	} {
		y, p := overconfident(c.rows, c.distort)
		m, err := Choose(y, p, 1)
		if err != nil || m.Kind != c.want {
			t.Errorf("%s: %s %v", name, m.Kind, err)
			continue
		}
		unseen, q := overconfident(20_000, c.distort)
		bins, err := evaluate.Reliability(unseen, m.All(q), nil, 10)
		if ece := evaluate.ECE(bins); err != nil || ece > .05 {
			t.Errorf("%s: ECE %v", name, ece)
		}
	}
}

func TestRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 50).Draw(t, "n")
		y, p := make([]float64, n), make([]float64, n)
		for i := range n {
			y[i], p[i] = float64(rapid.IntRange(0, 1).Draw(t, "y")), float64(rapid.IntRange(0, 20).Draw(t, "p"))/20
		}
		for _, k := range []Kind{None, Platt, Isotonic} {
			m, err := Fit(k, y, p)
			if err != nil {
				continue // one class, or scores that fall
			}
			last := -1.0
			for v := 0.0; v <= 1; v += .01 {
				x := m.Apply(v)
				if !(x >= last && x >= 0 && x <= 1) {
					t.Fatalf("%s: %v at %v, %v before", k, x, v, last)
				}
				last = x
			}
		}
	})
}

// The step function has the least squared error of all rising ones: no rising function through the same scores does better.
func TestIsotonicIsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		y, p := make([]float64, n), make([]float64, n)
		for i := range n {
			y[i], p[i] = float64(rapid.IntRange(0, 1).Draw(t, "y")), float64(rapid.IntRange(0, 6).Draw(t, "p"))/6
		}
		m, err := Fit(Isotonic, y, p)
		if err != nil {
			t.Fatal(err)
		}
		best, _ := evaluate.Brier(y, m.All(p), nil)
		level, steps := 0.0, map[int]float64{}
		for v := range 7 {
			level = min(1, level+rapid.Float64Range(0, .4).Draw(t, "step"))
			steps[v] = level
		}
		other := make([]float64, n)
		for i := range p {
			other[i] = steps[int(math.Round(p[i]*6))]
		}
		if b, _ := evaluate.Brier(y, other, nil); b < best-1e-12 {
			t.Fatalf("%v is better than %v", b, best)
		}
	})
}

func TestFaults(t *testing.T) {
	if _, err := Fit(Platt, []float64{1, 1}, []float64{.1, .2}); err == nil {
		t.Error("one class")
	}
	if _, err := Fit(Platt, []float64{1, 0, 1, 0}, []float64{.1, .9, .2, .8}); err == nil {
		t.Error("falling scores")
	}
	if _, err := Fit("other", []float64{1, 0}, []float64{.1, .9}); err == nil {
		t.Error("no such kind")
	}
	if _, err := Choose([]float64{1}, []float64{.5}, 1); err == nil {
		t.Error("one row")
	}
}
