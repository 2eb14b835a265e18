package linear

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/freshet/freshet/pkg/table"
)

// amounts are rows of numbers, one with gaps, and of a category, with an amount that follows them.
func amounts(rows int, unit float64) (columns []table.Column, label []float64) {
	r := rand.New(rand.NewPCG(4, 5))
	a, b, c := table.Column{Name: "a"}, table.Column{Name: "b"}, table.Column{Name: "c", Categories: []string{"x", "y", "z"}}
	for range rows {
		x, y, k := r.NormFloat64(), 5+3*r.NormFloat64(), int32(r.IntN(3))
		label = append(label, unit*(7+2*x-y+float64(k)+r.NormFloat64()))
		if r.IntN(5) == 0 {
			y = math.NaN()
		}
		a.Values, b.Values, c.Codes = append(a.Values, x), append(b.Values, y), append(c.Codes, k)
	}
	return []table.Column{a, b, c}, label
}

// The answer of least squares with L2 is that of a set of linear equations: (X'X + L2) w = X'y, the intercept free.
func TestRidgeSolvesTheNormalEquations(t *testing.T) {
	for _, unit := range []float64{1, 1e-6, 1e9} {
		columns, label := amounts(300, unit)
		m, err := FitRidge(columns, label, nil, Params{L2: 3})
		if err != nil {
			t.Fatal(err)
		}
		all, width, err := encode(columns, nil)
		if err != nil {
			t.Fatal(err)
		}
		x := mat.NewDense(len(label), width+1, nil)
		for i := range label {
			x.Set(i, width, 1)
			for _, e := range all {
				if e.z != nil {
					x.Set(i, e.slope, e.z[i])
				}
				if e.mark != nil && e.mark[i] >= 0 {
					x.Set(i, int(e.mark[i]), 1)
				}
			}
		}
		var xx, w mat.Dense
		xx.Mul(x.T(), x)
		for i := range width {
			xx.Set(i, i, xx.At(i, i)+3)
		}
		var xy mat.Dense
		xy.Mul(x.T(), mat.NewDense(len(label), 1, label))
		if err := w.Solve(&xx, &xy); err != nil {
			t.Fatal(err)
		}
		for i := range label {
			want := 0.0
			for j := range width + 1 {
				want += x.At(i, j) * w.At(j, 0)
			}
			row := make([]float64, len(columns))
			for j := range columns {
				row[j] = columns[j].At(i)
			}
			if got := m.Margin(row); math.Abs(got-want) > 1e-6*unit {
				t.Fatalf("unit %v, row %d: %v, want %v", unit, i, got, want)
			}
		}
	}
}

func TestAmountsThatCannotBeFitted(t *testing.T) {
	columns, label := amounts(10, 1)
	for name, c := range map[string]struct {
		edit func([]float64)
		want string
	}{
		"a NaN":       {func(y []float64) { y[3] = math.NaN() }, "row 3 has label NaN"},
		"an infinity": {func(y []float64) { y[3] = math.Inf(1) }, "row 3 has label +Inf"},
		"one amount": {func(y []float64) {
			for i := range y {
				y[i] = 2
			}
		}, ErrOneClass.Error()},
	} {
		y := append([]float64{}, label...)
		c.edit(y)
		if _, err := FitRidge(columns, y, nil, Params{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := FitRidge(columns, make([]float64, 10), nil, Params{}); !errors.Is(err, ErrOneClass) {
		t.Error(err)
	}
}

// At the peak of the likelihood, L2 taken off, all slopes are 0; the total is right; and what made the amounts is found back, many of which are 0.
func TestPoissonStandsOnThePeak(t *testing.T) {
	for _, unit := range []float64{1, 1e-6, 1e6} {
		columns, logs := amounts(4000, .3)
		r := rand.New(rand.NewPCG(8, 9))
		label := make([]float64, len(logs))
		for i, x := range logs {
			if r.IntN(2) == 0 {
				label[i] = 2 * unit * math.Exp(x+.3*r.NormFloat64()-.045)
			}
		}
		m, err := FitPoisson(columns, label, nil, Params{L2: 1e-3})
		if err != nil {
			t.Fatal(err)
		}
		came, said, slope := 0.0, 0.0, 0.0
		for i, y := range label {
			row := []float64{columns[0].At(i), columns[1].At(i), columns[2].At(i)}
			p := math.Exp(m.Margin(row))
			came, said, slope = came+y, said+p, slope+(p-y)*row[0]
		}
		if math.Abs(said/came-1) > 1e-5 || math.Abs(slope/came) > 1e-5 {
			t.Errorf("unit %v: %v of %v, slope %v", unit, said, came, slope)
		}
		if a := m.Columns[0]; math.Abs(a.Slope/a.Scale-.6) > .08 {
			t.Errorf("unit %v: the effect is %v", unit, a.Slope/a.Scale)
		}
	}
	columns, label := amounts(10, 1)
	label[2] = -1
	if _, err := FitPoisson(columns, label, nil, Params{}); err == nil || !strings.Contains(err.Error(), "want 0 or more") {
		t.Error(err)
	}
}
