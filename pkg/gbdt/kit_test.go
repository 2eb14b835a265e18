package gbdt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/testkit"
)

var nan = math.NaN()

func train(t testing.TB, p Params, d Data) *Model {
	t.Helper()
	m, err := Train(t.Context(), p, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func predict(t testing.TB, m *Model, x *frame.Frame) []float64 {
	t.Helper()
	out, err := m.Predict(x, 1)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// numbers is a frame of columns a, b, ...
func numbers(columns ...[]float64) *frame.Frame {
	f := &frame.Frame{Rows: len(columns[0])}
	for i, c := range columns {
		f.Columns = append(f.Columns, frame.Column{Name: string(rune('a' + i)), Kind: frame.Number, Values: c})
	}
	return f
}

// telco is the churn table.
func telco(t testing.TB) Data {
	t.Helper()
	raw, err := frame.Read(testkit.Data(t, "telco_churn.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	y, _, err := raw.Label("Churn", "")
	if err != nil {
		t.Fatal(err)
	}
	return Data{X: raw.Frame("Churn", "customerID"), Y: y}
}

// take is some rows of data.
func (d Data) take(rows []int) Data {
	out := Data{X: d.X.Take(rows)}
	for _, r := range rows {
		out.Y = append(out.Y, d.Y[r])
		if d.Weight != nil {
			out.Weight = append(out.Weight, d.Weight[r])
		}
	}
	return out
}

// made draws a table with interactions, missing values and categories, and labels of an objective.
func made(rows int, seed uint64, o Objective) Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := Data{X: &frame.Frame{Rows: rows}}
	columns := make([][]float64, 5)
	for i := range rows {
		for j := range columns {
			v := r.NormFloat64()
			switch {
			case r.IntN(10) == 0:
				v = nan
			case j == 3:
				v = float64(r.IntN(8))
			case j == 4:
				v = float64(r.IntN(3))
			}
			columns[j] = append(columns[j], v)
		}
		at := func(j int) float64 {
			if v := columns[j][i]; v == v {
				return v
			}
			return 0.5
		}
		s := at(0)*at(1) + math.Abs(at(2)) - float64(int(at(3))%3) + at(4)/2
		switch o {
		case Logistic:
			d.Y = append(d.Y, float64(min(1, int(r.Float64()+sigmoid(s)))))
		case Poisson:
			d.Y = append(d.Y, math.Floor(math.Exp(s/2)*r.ExpFloat64()))
		case LambdaRank:
			d.Y = append(d.Y, float64(max(0, min(4, int(s+r.NormFloat64()+1)))))
		default:
			d.Y = append(d.Y, s+r.NormFloat64()/2)
		}
	}
	for j, values := range columns {
		c := frame.Column{Name: string(rune('a' + j)), Kind: frame.Number, Values: values}
		if j >= 3 {
			c.Kind = frame.Category
			for l := range []int{8, 3}[j-3] {
				c.Levels = append(c.Levels, fmt.Sprint("level ", l))
			}
		}
		d.X.Columns = append(d.X.Columns, c)
	}
	if o == LambdaRank {
		for left := rows; left > 0; {
			n := min(left, 1+r.IntN(20))
			d.Groups = append(d.Groups, n)
			left -= n
		}
	}
	return d
}

// drawn are parameters of a small model.
func drawn(t *rapid.T, o Objective) Params {
	return Params{
		Objective: o, Trees: rapid.IntRange(1, 12).Draw(t, "trees"), Leaves: rapid.IntRange(2, 20).Draw(t, "leaves"), MinLeafRows: rapid.IntRange(1, 30).Draw(t, "rows"),
		MaxDepth: rapid.IntRange(0, 4).Draw(t, "depth"), L1: rapid.SampledFrom([]float64{0, .5}).Draw(t, "l1"), L2: rapid.SampledFrom([]float64{0, 1}).Draw(t, "l2"),
		RowShare: rapid.SampledFrom([]float64{1, .6}).Draw(t, "row share"), ColumnShare: rapid.SampledFrom([]float64{1, .6}).Draw(t, "column share"), NodeShare: rapid.SampledFrom([]float64{1, .6}).Draw(t, "node share"),
		Bins: rapid.SampledFrom([]int{2, 16, 254}).Draw(t, "bins"), Forest: rapid.Bool().Draw(t, "forest"), Seed: rapid.Uint64Max(5).Draw(t, "seed"),
	}
}

var objectives = []Objective{Logistic, Squared, Poisson, Quantile, LambdaRank}
