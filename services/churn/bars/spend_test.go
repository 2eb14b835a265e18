package bars

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/lifetime"
	cells "github.com/freshet/freshet/pkg/table"
)

// judgeSpend asks what customers will spend, at the newest dates.
func judgeSpend(t *testing.T, x *table) *outcome {
	t.Helper()
	out := &outcome{}
	value := x.value(t)
	all, simple := x.numbers(func(string) bool { return true }), x.numbers(func(name string) bool {
		return slices.Contains([]string{"orders_lifetime", "spend_lifetime", "last_order", "first_order"}, name)
	})
	for _, f := range x.cuts(t, judged) {
		y := at(x.Y, f.Test)
		out.y, out.rows, out.group = append(out.y, y...), append(out.rows, f.Test...), append(out.group, at(x.group, f.Test)...)
		out.add("boosted trees, Poisson", x.grown(t, all, f))
		out.add("boosted trees on RFM", x.grown(t, simple, f))
		out.add("BG/NBD x Gamma-Gamma", at(value, f.Test))
		if c := x.X.Find("spend_90d"); c != nil {
			out.add("the last 90 days again", at(c.Values, f.Test))
		}
		rate := make([]float64, len(y))
		for i := range rate {
			rate[i] = mean(at(x.Y, f.Train))
		}
		out.add("the mean", rate)
	}
	return out
}

// numbers are the columns of numbers that are wanted.
func (x *table) numbers(want func(string) bool) []cells.Column {
	var out []cells.Column
	for _, c := range x.X.Columns {
		if c.Kind == frame.Number && want(c.Name) {
			out = append(out, cells.Column{Name: c.Name, Values: c.Values})
		}
	}
	return out
}

// grown are predictions of trees whose number the newest date with known labels chose.
func (x *table) grown(t *testing.T, columns []cells.Column, f evaluate.Fold) []float64 {
	t.Helper()
	newest := x.Times[slices.MaxFunc(f.Train, func(a, b int) int { return x.Times[a].Compare(x.Times[b]) })]
	var older, held []int
	for _, i := range f.Train {
		if x.Times[i].Before(newest) {
			older = append(older, i)
		} else {
			held = append(held, i)
		}
	}
	take := func(rows []int) *gbdt.Dataset {
		d := &gbdt.Dataset{Label: at(x.Y, rows)}
		for _, c := range columns {
			d.Columns = append(d.Columns, cells.Column{Name: c.Name, Values: at(c.Values, rows)})
		}
		return d
	}
	p := gbdt.Default(gbdt.Poisson)
	p.LearningRate, p.Leaves, p.MinRows, p.L2, p.RowShare, p.ColumnShare, p.Seed = .05, 8, 40, 1, .8, .6, 1
	p.Rounds, p.EarlyStop = 1000, 50
	m, err := gbdt.Train(t.Context(), p, take(older), gbdt.Run{Valid: take(held), Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	p.Rounds, p.EarlyStop = max(1, m.Trees()), 0
	if m, err = gbdt.Train(t.Context(), p, take(f.Train), gbdt.Run{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	test := take(f.Test)
	said := make([]float64, len(f.Test))
	if err := m.Predictions(test.Matrix(), said); err != nil {
		t.Fatal(err)
	}
	return said
}

// value is what BG/NBD and Gamma-Gamma foretell: expected purchases times the expected mean spend, fitted for each date.
func (x *table) value(t *testing.T) []float64 {
	t.Helper()
	out := x.expected(t)
	orders, spend := x.X.Find("orders_lifetime").Values, x.X.Find("spend_lifetime").Values
	means := make([]lifetime.Spend, len(out))
	for i := range means {
		if orders[i] > 0 && spend[i] > 0 {
			means[i] = lifetime.Spend{Count: int(orders[i]), Mean: spend[i] / orders[i]}
		}
	}
	for _, day := range x.days() {
		var known []lifetime.Spend
		for i, when := range x.Times {
			if when.Equal(day) {
				known = append(known, means[i])
			}
		}
		m, _, err := lifetime.FitGammaGamma(known)
		if err != nil {
			t.Fatalf("%s, %s: %v", x.name, day.Format(time.DateOnly), err)
		}
		for i, when := range x.Times {
			if when.Equal(day) {
				out[i] *= m.Expected(means[i])
			}
		}
	}
	return out
}

// tellSpend writes the figures of amounts.
func (o *outcome) tellSpend(t *testing.T, out *strings.Builder, name string) map[string]map[string]float64 {
	t.Helper()
	total := mean(o.y) * float64(len(o.y))
	fmt.Fprintf(out, "\n## %s: %d rows of %d customers judged, mean %.2f\n", name, len(o.y), distinct(o.group), mean(o.y))
	how := evaluate.Resample{Times: draws, Seed: 1, Group: o.group}
	got := map[string]map[string]float64{}
	for _, s := range o.said {
		r := evaluate.Real{Predicted: s.p, Actual: o.y}
		mae, err := r.Interval(evaluate.Real.MAE, how)
		if err != nil {
			t.Fatal(err)
		}
		rmse, err := r.RMSE()
		if err != nil {
			t.Fatal(err)
		}
		spearman, err := evaluate.Real{Predicted: ranks(s.p), Actual: ranks(o.y)}.Correlation()
		if err != nil {
			spearman = math.NaN() // all the same
		}
		got[s.name] = map[string]float64{"MAE": mae.Value, "RMSE": rmse, "Spearman": spearman, "total": mean(s.p) * float64(len(s.p)) / total, "top": topShare(s.p, o.y)}
		fmt.Fprintf(out, "%-28s MAE %.2f [%.2f, %.2f] RMSE %.1f Spearman %.3f total foretold / come %.3f, the tenth with the highest predictions spends %.1f %% of all\n",
			s.name, mae.Value, mae.Low, mae.High, rmse, spearman, got[s.name]["total"], 100*got[s.name]["top"])
	}
	return got
}

// ranks are places by size, the mean of those for equal values.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	out := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

// topShare is how much of all that was spent the tenth with the highest predictions spent.
func topShare(p, y []float64) float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	top := 0.0
	for _, i := range order[:len(order)/10] {
		top += y[i]
	}
	return top / (mean(y) * float64(len(y)))
}
