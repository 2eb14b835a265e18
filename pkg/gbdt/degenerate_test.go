package gbdt

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/table"
)

// Input from which nothing can be learned is refused by a sentence, or gives a model that predicts what can be known.
func TestDegenerateInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	x, y := []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{0, 0, 0, 0, 1, 1, 1, 1}
	steps := func(edit func(*Dataset)) *Dataset {
		d := &Dataset{Columns: []table.Column{one("x", x...)}, Label: append([]float64(nil), y...)}
		edit(d)
		return d
	}
	for name, c := range map[string]struct {
		data *Dataset
		o    Objective
		edit func(*Params)
		// fault is part of the error; without one, row is predicted as want within .01.
		fault string
		row   []float64
		want  float64
	}{
		"no rows":                   {data: &Dataset{Columns: []table.Column{{Name: "x", Values: []float64{}}}}, fault: "no rows"},
		"no columns":                {data: &Dataset{Label: y}, fault: "no columns"},
		"one class":                 {data: steps(func(d *Dataset) { d.Label = make([]float64, 8) }), fault: "both 0 and 1"},
		"one class by weight":       {data: steps(func(d *Dataset) { d.Weight = []float64{0, 0, 0, 0, 1, 1, 1, 1} }), fault: "both 0 and 1"},
		"one row":                   {data: &Dataset{Columns: []table.Column{one("x", 3)}, Label: []float64{7}}, o: Squared, row: []float64{0}, want: 7},
		"one row of two classes":    {data: &Dataset{Columns: []table.Column{one("x", 3)}, Label: []float64{1}}, fault: "both 0 and 1"},
		"two rows":                  {data: &Dataset{Columns: []table.Column{one("x", 1, 2)}, Label: []float64{0, 1}}, o: Squared, row: []float64{2}, want: 1},
		"one group of one":          {data: &Dataset{Columns: []table.Column{one("x", 3)}, Label: []float64{1}, Groups: []int{1}}, o: LambdaRank, row: []float64{0}, want: 0},
		"a constant column":         {data: steps(func(d *Dataset) { d.Columns[0] = one("x", 1, 1, 1, 1, 1, 1, 1, 1) }), row: []float64{1}, want: .5},
		"a duplicate column":        {data: steps(func(d *Dataset) { d.Columns = append(d.Columns, one("again", x...)) }), o: Squared, row: []float64{8, 8}, want: 1},
		"two columns of one name":   {data: steps(func(d *Dataset) { d.Columns = append(d.Columns, one("x", x...)) }), fault: `two columns are named "x"`},
		"all missing":               {data: steps(func(d *Dataset) { d.Columns[0] = one("x", nan, nan, nan, nan, nan, nan, nan, nan) }), row: []float64{nan}, want: .5},
		"all missing, then a value": {data: steps(func(d *Dataset) { d.Columns[0] = one("x", nan, nan, nan, nan, nan, nan, nan, nan) }), row: []float64{3}, want: .5},
		"all infinite":              {data: steps(func(d *Dataset) { d.Columns[0] = one("x", inf, inf, inf, inf, inf, inf, inf, inf) }), row: []float64{inf}, want: .5},
		"infinities tell":           {data: steps(func(d *Dataset) { d.Columns[0] = one("x", -inf, -inf, -inf, -inf, inf, inf, inf, inf) }), o: Squared, row: []float64{inf}, want: 1},
		"infinity above the finite": {data: steps(func(d *Dataset) { d.Columns[0] = one("x", 1, 2, 3, math.MaxFloat64, inf, inf, inf, inf) }), o: Squared, row: []float64{math.MaxFloat64}, want: 0},
		"the largest numbers": {data: steps(func(d *Dataset) {
			d.Columns[0] = one("x", -math.MaxFloat64, -1e308, -1e308, 0, 1e308, 1e308, math.MaxFloat64, inf)
		}), o: Squared, row: []float64{1e308}, want: 1},
		"the smallest difference":   {data: steps(func(d *Dataset) { z := math.Nextafter(1, 2); d.Columns[0] = one("x", 1, 1, 1, 1, z, z, z, z) }), o: Squared, row: []float64{1}, want: 0},
		"constant labels":           {data: steps(func(d *Dataset) { d.Label = []float64{.1, .1, .1, .1, .1, .1, .1, .1} }), o: Squared, row: []float64{1}, want: .1},
		"constant labels, poisson":  {data: steps(func(d *Dataset) { d.Label = []float64{3, 3, 3, 3, 3, 3, 3, 3} }), o: Poisson, row: []float64{1}, want: 3},
		"constant labels, quantile": {data: steps(func(d *Dataset) { d.Label = []float64{3, 3, 3, 3, 3, 3, 3, 3} }), o: Quantile, row: []float64{1}, want: 3},
		"no counts":                 {data: steps(func(d *Dataset) { d.Label = make([]float64, 8) }), o: Poisson, fault: "all labels are 0"},
		"a negative count":          {data: steps(func(d *Dataset) { d.Label[0] = -1 }), o: Poisson, fault: "row 0 has label -1"},
		"a label that is missing":   {data: steps(func(d *Dataset) { d.Label[3] = nan }), o: Squared, fault: "row 3 has label NaN"},
		"a label that is infinite":  {data: steps(func(d *Dataset) { d.Label[3] = inf }), o: Squared, fault: "row 3 has label +Inf"},
		"a label of a third class":  {data: steps(func(d *Dataset) { d.Label[3] = 2 }), fault: "row 3 has label 2"},
		"a grade that is too high":  {data: steps(func(d *Dataset) { d.Label[3], d.Groups = 31, []int{8} }), o: LambdaRank, fault: "row 3 has label 31"},
		"groups that do not add up": {data: steps(func(d *Dataset) { d.Groups = []int{3, 4} }), o: LambdaRank, fault: "the groups have 7 rows"},
		"a negative weight":         {data: steps(func(d *Dataset) { d.Weight = []float64{1, 1, 1, -1, 1, 1, 1, 1} }), fault: "row 3 has weight -1"},
		"no weight at all":          {data: steps(func(d *Dataset) { d.Weight = make([]float64, 8) }), fault: "the weights sum to 0"},
		"too few weights":           {data: steps(func(d *Dataset) { d.Weight = []float64{1} }), fault: "1 weights for 8 rows"},
		"a short column":            {data: steps(func(d *Dataset) { d.Columns[0].Values = x[:3] }), fault: `column "x": has 3 rows`},
		"a code without a name":     {data: steps(func(d *Dataset) { d.Columns[0] = table.Column{Name: "c", Codes: make([]int32, 8)} }), fault: "row 0 has code 0"},
		"all rows of one category": {data: steps(func(d *Dataset) {
			d.Columns[0] = table.Column{Name: "c", Codes: make([]int32, 8), Categories: names(2)}
		}), row: []float64{0}, want: .5},
		"a rising category": {data: steps(func(d *Dataset) {
			d.Columns[0] = table.Column{Name: "x", Codes: make([]int32, 8), Categories: names(2)}
		}), edit: func(p *Params) { p.Monotone = map[string]int{"x": 1} }, fault: "categorical"},
		"a direction of nothing":        {data: steps(func(*Dataset) {}), edit: func(p *Params) { p.Monotone = map[string]int{"z": 1} }, fault: "does not have"},
		"early stop without rows":       {data: steps(func(*Dataset) {}), edit: func(p *Params) { p.EarlyStop = 3 }, fault: "no validation rows"},
		"settings out of range":         {data: steps(func(*Dataset) {}), edit: func(p *Params) { p.Leaves, p.L2 = 1, -1 }, fault: "Leaves: 1 must be from 2"},
		"a sample of less than one row": {data: &Dataset{Columns: []table.Column{one("x", 3)}, Label: []float64{7}}, o: Squared, edit: func(p *Params) { p.RowShare = .01 }, row: []float64{1}, want: 7},
		"labels of 1e300":               {data: steps(func(d *Dataset) { d.Label[7] = 1e300 }), o: Squared, fault: "row 7 has label 1e+300"},
		"weights of 1e300":              {data: steps(func(d *Dataset) { d.Weight = []float64{1, 1, 1, 1, 1, 1, 1, 1e300} }), fault: "row 7 has weight 1e+300"},
		"labels of 1e50":                {data: steps(func(d *Dataset) { d.Label[7] = 1e50 }), o: Squared, row: []float64{8}, want: 1e50},
		"a count that surprises":        {data: steps(func(d *Dataset) { d.Label = []float64{0, 0, 0, 0, 0, 0, 0, 1e6} }), o: Poisson, edit: func(p *Params) { p.Rounds = 1000 }, row: []float64{8}, want: 1e6},
	} {
		t.Run(name, func(t *testing.T) {
			if c.o == 0 {
				c.o = Logistic
			}
			p := Default(c.o)
			p.MinRows, p.L2, p.Rounds = 1, 0, 60
			if c.edit != nil {
				c.edit(&p)
			}
			m, err := Train(context.Background(), p, c.data, Run{})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Fatalf("got %v, want an error with %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			near(t, "prediction", m.Predict(c.row), c.want, .01)
			if _, err := Decode(m.Encode()); err != nil {
				t.Errorf("the model is refused when read again: %v", err)
			}
		})
	}
}
