package pipeline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/frame"
)

// mixed draws rows of numbers, with a long tail and with gaps, and of categories with gaps; the label follows them, and is 0 or 1, or an amount of which
// many are 0.
func mixed(rows int, kind Kind, seed uint64) *Table {
	r := rand.New(rand.NewPCG(seed, 7))
	level := []string{"basic", "plus", "pro", "team"}
	n := frame.Column{Name: "n", Kind: frame.Number}
	tail := frame.Column{Name: "tail", Kind: frame.Number}
	plan := frame.Column{Name: "plan", Kind: frame.Category, Levels: level}
	empty := frame.Column{Name: "empty", Kind: frame.Category}
	t := &Table{Kind: kind, X: &frame.Frame{Rows: rows}}
	for range rows {
		a, b, c := r.NormFloat64(), math.Exp(2*r.NormFloat64()), float64(r.IntN(len(level)))
		pull := a + .4*math.Log1p(b) - .5*c
		if r.IntN(8) == 0 {
			a = math.NaN()
		}
		if r.IntN(8) == 0 {
			c = math.NaN()
		}
		n.Values, tail.Values, plan.Values, empty.Values = append(n.Values, a), append(tail.Values, b), append(plan.Values, c), append(empty.Values, math.NaN())
		label := 0.0
		if r.Float64() < 1/(1+math.Exp(-pull)) {
			if label = 1; kind == Real {
				label = math.Exp(3 + .5*pull + .3*r.NormFloat64())
			}
		}
		t.Y = append(t.Y, label)
	}
	t.X.Columns = []frame.Column{n, tail, plan, empty}
	return t
}

// models are fitted to mixed rows: one of every family, with every calibration it may have.
func models(t testing.TB, kind Kind) map[string]*Trained {
	t.Helper()
	table := mixed(1500, kind, 1)
	half := mixed(1500, kind, 2)
	out := map[string]*Trained{}
	seen := map[string]bool{}
	for _, c := range candidates(table, Options{}) {
		if seen[c.family+c.scale] {
			continue
		}
		seen[c.family+c.scale] = true
		m, _, err := c.fit(t.Context(), quick(), table, nil, 7)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := m.predict(half.X)
		if err != nil {
			t.Fatal(err)
		}
		tried := []string{asTheyAre, platt, isotonic}
		if kind == Real {
			if tried = []string{ratio, power}; c.scale == plain {
				tried = []string{asTheyAre}
			}
		}
		for _, k := range tried {
			calibration, err := fitCalibration(k, c.scale, half.Y, raw)
			if err != nil && k == platt && c.family == "base rate" {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			out[strings.TrimSuffix(fmt.Sprintf("%s, %s, %s", c.family, k, c.scale), ", ")] = &Trained{Kind: kind, Family: c.family, Settings: c.settings, Calibration: calibration, fitted: m}
		}
	}
	return out
}

// same says that two lists are the same to the bit.
func same(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return true
}

func nan() float64 { return math.NaN() }
