package linear

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/table"
)

// draw draws a table of two numeric columns, one with gaps, and a categorical one, with small whole weights.
func draw(t *rapid.T) (columns []table.Column, label, weight []float64) {
	n := rapid.IntRange(4, 40).Draw(t, "rows")
	a, b, c := table.Column{Name: "a"}, table.Column{Name: "b"}, table.Column{Name: "c", Categories: []string{"x", "y", "z"}}
	for i := range n {
		a.Values = append(a.Values, rapid.Float64Range(-5, 5).Draw(t, "a"))
		v := float64(rapid.IntRange(0, 4).Draw(t, "b"))
		if v == 0 {
			v = math.NaN()
		}
		b.Values = append(b.Values, v)
		c.Codes = append(c.Codes, int32(rapid.IntRange(-1, 2).Draw(t, "c")))
		label = append(label, float64(rapid.IntRange(0, 1).Draw(t, "label")))
		weight = append(weight, float64(rapid.IntRange(0, 3).Draw(t, "weight")))
		if i < 2 {
			label[i], weight[i] = float64(i), 1
		}
	}
	return []table.Column{a, b, c}, label, weight
}

func fit(t interface{ Fatalf(string, ...any) }, columns []table.Column, label, weight []float64) *Model {
	m, err := Fit(columns, label, weight, Params{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

func TestAWeightIsThatManyRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, label, weight := draw(t)
		var rows []int
		var labels []float64
		for i, w := range weight {
			for range int(w) {
				rows, labels = append(rows, i), append(labels, label[i])
			}
		}
		a, b := fit(t, columns, label, weight), fit(t, take(columns, rows), labels, nil)
		for _, i := range rows {
			if p, q := a.Probability(row(columns, i)), b.Probability(row(columns, i)); math.Abs(p-q) > 1e-6 {
				t.Fatalf("row %d: %v with weights, %v with rows", i, p, q)
			}
		}
	})
}

func TestUnitsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, label, _ := draw(t)
		other := append([]table.Column{}, columns...)
		factor, shift := rapid.Float64Range(1e-3, 1e6).Draw(t, "factor"), rapid.Float64Range(-100, 100).Draw(t, "shift")
		other[0].Values = nil
		for _, v := range columns[0].Values {
			other[0].Values = append(other[0].Values, (v+shift)*factor)
		}
		a, b := fit(t, columns, label, nil), fit(t, other, label, nil)
		for i := range label {
			if p, q := a.Probability(row(columns, i)), b.Probability(row(other, i)); math.Abs(p-q) > 1e-6 {
				t.Fatalf("row %d: %v, in another unit %v", i, p, q)
			}
		}
	})
}

// With a free intercept the mean probability is the base rate, and the explanation of every row adds up.
func TestExplanationsAddUpAndTheMeanIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, label, weight := draw(t)
		m := fit(t, columns, label, weight)
		said, came, all, largest := 0.0, 0.0, 0.0, 1.0
		sums, out := make([]float64, len(columns)), make([]float64, len(columns))
		for i, w := range weight {
			r := row(columns, i)
			said, came, all = said+w*m.Probability(r), came+w*label[i], all+w
			margin := m.Explain(r, out)
			for j, v := range out {
				margin += v
				sums[j] += w * v
			}
			largest = max(largest, math.Abs(margin))
			if math.Abs(margin-m.Margin(r)) > 1e-9*max(1, math.Abs(margin)) {
				t.Fatalf("row %d: base and effects are %v, the margin %v", i, margin, m.Margin(r))
			}
		}
		if math.Abs(said-came) > 1e-5*all {
			t.Fatalf("the mean probability is %v, the base rate %v", said/all, came/all)
		}
		for j, s := range sums {
			if math.Abs(s) > 1e-6*all*largest {
				t.Fatalf("column %d: effects average %v over the training rows, want 0", j, s/all)
			}
		}
	})
}

func TestOddTablesGiveSaneModels(t *testing.T) {
	nan := math.NaN()
	label := []float64{0, 1, 0, 1}
	cases := map[string]struct {
		columns []table.Column
		row     []float64
		low     float64
		high    float64
	}{
		"a constant column":                     {[]table.Column{{Name: "a", Values: []float64{7, 7, 7, 7}}}, []float64{7}, .5, .5},
		"a constant column, another value":      {[]table.Column{{Name: "a", Values: []float64{7, 7, 7, 7}}}, []float64{1e9}, .5, .5},
		"all missing":                           {[]table.Column{{Name: "a", Values: []float64{nan, nan, nan, nan}}}, []float64{3}, .5, .5},
		"all missing, and missing":              {[]table.Column{{Name: "a", Values: []float64{nan, nan, nan, nan}}}, []float64{nan}, .5, .5},
		"missing tells it, the value does not":  {[]table.Column{{Name: "a", Values: []float64{3, nan, 3, nan}}}, []float64{nan}, .55, .9},
		"one category only":                     {[]table.Column{{Name: "a", Codes: []int32{0, 0, 0, 0}, Categories: []string{"x"}}}, []float64{0}, .5, .5},
		"no category at all":                    {[]table.Column{{Name: "a", Codes: []int32{-1, -1, -1, -1}}}, []float64{nan}, .5, .5},
		"a category never seen":                 {[]table.Column{{Name: "a", Codes: []int32{0, 1, 0, 1}, Categories: []string{"x", "y", "z"}}}, []float64{2}, .45, .55},
		"a category beyond the list":            {[]table.Column{{Name: "a", Codes: []int32{0, 1, 0, 1}, Categories: []string{"x", "y"}}}, []float64{9}, .45, .55},
		"separable rows stay finite":            {[]table.Column{{Name: "a", Values: []float64{-1, 1, -1, 1}}}, []float64{1}, .6, .95},
		"an infinite value is the largest seen": {[]table.Column{{Name: "a", Values: []float64{-1, 1, -1, 1}}}, []float64{math.Inf(1)}, .6, .95},
		"the same column twice":                 {[]table.Column{{Name: "a", Values: []float64{-1, 1, -1, 1}}, {Name: "b", Values: []float64{-1, 1, -1, 1}}}, []float64{1, 1}, .6, .95},
		"values near the largest there is":      {[]table.Column{{Name: "a", Values: []float64{-8e307, 8e307, -8e307, 8e307}}}, []float64{8e307}, .6, .95},
		"values near the least there is":        {[]table.Column{{Name: "a", Values: []float64{0, 5e-300, 0, 5e-300}}}, []float64{5e-300}, .6, .95},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if p := fit(t, c.columns, label, nil).Probability(c.row); !(p >= c.low-1e-9 && p <= c.high+1e-9) {
				t.Errorf("got %v, want %v to %v", p, c.low, c.high)
			}
		})
	}
}

// A category that training had not seen says nothing, whatever the others' sizes are.
func TestWhatTrainingHasNotSeenMovesNothing(t *testing.T) {
	columns := []table.Column{{Name: "a", Codes: []int32{0, 1, 0, 0}, Categories: []string{"x", "y", "z"}}}
	m, out := fit(t, columns, []float64{0, 1, 0, 1}, nil), make([]float64, 1)
	if m.Columns[0].Average == 0 {
		t.Fatal("the average effect is 0, so this test could not fail")
	}
	for name, v := range map[string]float64{"listed": 2, "beyond the list": 9, "missing": math.NaN()} {
		if m.Explain([]float64{v}, out); out[0] != 0 {
			t.Errorf("%s: moves the log-odds by %v", name, out[0])
		}
	}
}

func TestTablesThatCannotBeFitted(t *testing.T) {
	label := []float64{0, 1}
	a := table.Column{Name: "a", Values: []float64{1, 2}}
	one := []table.Column{a}
	cases := map[string]struct {
		columns       []table.Column
		label, weight []float64
		l2            float64
		want          string
		is            error
	}{
		"nothing":                     {one, nil, nil, 0, "same label", ErrOneClass},
		"one row":                     {one, []float64{1}, nil, 0, "same label", ErrOneClass},
		"one class":                   {one, []float64{1, 1}, nil, 0, "same label", ErrOneClass},
		"the other class weighs 0":    {one, label, []float64{1, 0}, 0, "same label", ErrOneClass},
		"no columns":                  {nil, label, nil, 0, "there are no columns", nil},
		"an infinity":                 {[]table.Column{{Name: "a", Values: []float64{1, math.Inf(1)}}}, label, nil, 0, `column "a": row 1 is +Inf`, nil},
		"two columns of one name":     {[]table.Column{a, a}, label, nil, 0, `two columns are named "a"`, nil},
		"a column too short":          {[]table.Column{{Name: "a", Values: []float64{1}}}, label, nil, 0, "has 1 rows and the label 2", nil},
		"a column of both kinds":      {[]table.Column{{Name: "a", Values: []float64{1, 2}, Codes: []int32{0, 0}}}, label, nil, 0, "either Values or Codes", nil},
		"a code beyond its list":      {[]table.Column{{Name: "a", Codes: []int32{0, 1}, Categories: []string{"x"}}}, label, nil, 0, "row 1 has code 1: want -1 (missing) to 0", nil},
		"a label that is none":        {one, []float64{0, math.NaN()}, nil, 0, "row 1 has label NaN", nil},
		"a negative weight":           {one, label, []float64{1, -1}, 0, "row 1 has weight -1", nil},
		"fewer weights than rows":     {one, label, []float64{1}, 0, "1 weights for 2 rows", nil},
		"a negative L2":               {one, label, nil, -1, "L2 is -1", nil},
		"an L2 that is a NaN":         {one, label, nil, math.NaN(), "L2 is NaN", nil},
		"values infinitely far apart": {[]table.Column{{Name: "a", Values: []float64{-1.7e308, 1.7e308}}}, label, nil, 0, "distance is infinite", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Fit(c.columns, c.label, c.weight, Params{L2: c.l2})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "fit logistic regression: ") || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v; want an error with %q", err, c.want)
			}
		})
	}
}

func TestModelsSurviveJSON(t *testing.T) {
	g := oracle(t)
	m := fit(t, g.columns(), g.Label, nil)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	for i := range g.Label {
		if r := row(g.columns(), i); back.Margin(r) != m.Margin(r) {
			t.Fatalf("row %d: %v, after JSON %v", i, m.Margin(r), back.Margin(r))
		}
	}
}
