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
