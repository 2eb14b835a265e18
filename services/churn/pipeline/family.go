package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/linear"
)

// Fitted is a model that was fitted.
type Fitted interface {
	// Predict gives probabilities, before calibration.
	Predict(x *frame.Frame) ([]float64, error)
	// Contributions give for each row what each column added to the logit, by the columns of Names.
	Contributions(x *frame.Frame) ([][]float64, error)
	Names() []string
}

// candidate is a family of models with its settings.
type candidate struct {
	family, settings string
	// fit fits on t; valid, when there is one, may end it early. rounds is for how long it learns, 0: until valid says so; it gives how long it did.
	fit func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error)
}

// candidates are what is compared, the plainest first. rows is how many there are to learn from.
func candidates(rows int) []candidate {
	list := []candidate{{family: "base rate", fit: fitConstant}}
	for _, l2 := range []float64{1, 30} {
		list = append(list, candidate{family: "logistic regression", settings: fmt.Sprintf("L2 %g", l2), fit: regress(l2)})
	}
	small := min(40, max(5, rows/100))
	for _, s := range []struct {
		leaves                    int
		l2, rowShare, columnShare float64
	}{{8, 1, 1, 1}, {4, 1, .8, .6}, {24, 5, .8, .6}} {
		p := gbdt.Default(gbdt.Logistic)
		p.LearningRate, p.Leaves, p.MinRows, p.L2, p.RowShare, p.ColumnShare = .05, s.leaves, small, s.l2, s.rowShare, s.columnShare
		list = append(list, candidate{family: "boosted trees", settings: fmt.Sprintf("%d leaves of %d rows, learning rate %g", p.Leaves, p.MinRows, p.LearningRate), fit: boosted(p)})
	}
	return append(list, candidate{family: "random forest", settings: fmt.Sprintf("200 trees, %d rows a leaf", max(5, small/4)), fit: forest(max(5, small/4))})
}

func forest(rows int) func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error) {
	return func(ctx context.Context, o Options, t, _ *Table, _ int) (Fitted, int, error) {
		p := gbdt.DefaultForest(gbdt.Squared, len(t.X.Columns))
		p.MinRows, p.Seed = rows, o.Seed
		m, err := gbdt.Train(ctx, p, dataset(t.X, t.Y), gbdt.Run{Workers: o.Workers})
		return trees{m}, 0, err
	}
}

// mostTrees and patience are for how long boosted trees learn at most, and without getting better.
const mostTrees, patience = 2000, 60

// boosted trains trees until the rows that are judged say stop; on all rows for as long as they said.
func boosted(p gbdt.Params) func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error) {
	return func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error) {
		p := p
		p.Seed, p.Rounds = o.Seed, cmp.Or(rounds, mostTrees)
		run := gbdt.Run{Workers: o.Workers}
		if valid != nil && rounds == 0 {
			p.EarlyStop, run.Valid = patience, dataset(valid.X, valid.Y)
		}
		m, err := gbdt.Train(ctx, p, dataset(t.X, t.Y), run)
		if err != nil {
			return nil, 0, err
		}
		return trees{m}, m.Trees(), nil
	}
}

// constant gives the base rate to everybody.
type constant struct{ rate float64 }

func fitConstant(_ context.Context, _ Options, t, _ *Table, _ int) (Fitted, int, error) {
	return constant{baseRate(t.Y)}, 0, nil
}

func (c constant) Predict(x *frame.Frame) ([]float64, error) {
	out := make([]float64, x.Rows)
	for i := range out {
		out[i] = c.rate
	}
	return out, nil
}

func (c constant) Contributions(x *frame.Frame) ([][]float64, error) {
	return make([][]float64, x.Rows), nil
}

func (c constant) Names() []string { return nil }

// trees are boosted trees, or a forest.
type trees struct{ *gbdt.Model }

func (t trees) Predict(x *frame.Frame) ([]float64, error) {
	d := dataset(x, make([]float64, x.Rows))
	if err := t.Check(d.Schema()); err != nil {
		return nil, err
	}
	out := make([]float64, x.Rows)
	if err := t.Predictions(d.Matrix(), out); err != nil {
		return nil, err
	}
	for i, p := range out { // a forest is sure of a leaf of one label
		out[i] = min(max(p, 1e-6), 1-1e-6)
	}
	return out, nil
}

func (t trees) Contributions(x *frame.Frame) ([][]float64, error) {
	d := dataset(x, make([]float64, x.Rows))
	out, row := make([][]float64, x.Rows), make([]float64, len(x.Columns))
	for i := range out {
		d.Row(i, row)
		out[i] = make([]float64, len(x.Columns)+1)
		if err := t.Model.Contributions(row, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t trees) Names() []string {
	out := make([]string, len(t.Features))
	for i := range t.Features {
		out[i] = t.Features[i].Name
	}
	return out
}

// regression is a logistic regression, and which of its columns are on a logarithmic scale.
type regression struct {
	*linear.Model
	logs []bool
}

func regress(l2 float64) func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error) {
	return func(_ context.Context, _ Options, t, _ *Table, _ int) (Fitted, int, error) {
		list, logs := columns(t.X, nil)
		m, err := linear.Fit(list, t.Y, nil, linear.Params{L2: l2})
		return regression{m, logs}, 0, err
	}
}

// each calls f with each row as the model takes it.
func (r regression) each(x *frame.Frame, f func(i int, row []float64)) {
	list, _ := columns(x, r.logs)
	row := make([]float64, len(list))
	for i := range x.Rows {
		for j := range list {
			if c := &list[j]; c.Values != nil {
				row[j] = c.Values[i]
			} else if row[j] = math.NaN(); c.Codes[i] >= 0 {
				row[j] = float64(c.Codes[i])
			}
		}
		f(i, row)
	}
}

func (r regression) Predict(x *frame.Frame) ([]float64, error) {
	out := make([]float64, x.Rows)
	r.each(x, func(i int, row []float64) { out[i] = r.Probability(row) })
	return out, nil
}

func (r regression) Contributions(x *frame.Frame) ([][]float64, error) {
	out := make([][]float64, x.Rows)
	r.each(x, func(i int, row []float64) {
		out[i] = make([]float64, len(row))
		r.Explain(row, out[i])
	})
	return out, nil
}

func (r regression) Names() []string {
	out := make([]string, len(r.Columns))
	for i := range r.Columns {
		out[i] = r.Columns[i].Name
	}
	return out
}

// Driver is what a column does to the prediction.
type Driver struct {
	Name string `json:"name"`
	// Share is its part of all that columns add or take, in absolute logits.
	Share float64 `json:"share"`
	// Direction says in words which values raise the prediction.
	Direction string `json:"direction"`
}

// explained is how many rows drivers are found in.
const explained = 2000

// sampleOf draws rows, seeded; all when there are few.
func sampleOf(rows int, seed uint64) []int {
	out := rand.New(rand.NewPCG(seed, 3)).Perm(rows) //nolint:gosec // Statistics, no secret.
	return out[:min(rows, explained)]
}

// drivers finds what moves the predictions, the strongest first.
func drivers(m Fitted, x *frame.Frame, seed uint64) ([]Driver, error) {
	x = x.Take(sampleOf(x.Rows, seed))
	phi, err := m.Contributions(x)
	if err != nil {
		return nil, err
	}
	var out []Driver
	all := 0.0
	for j, name := range m.Names() {
		c := x.Find(name)
		sum := 0.0
		of := make([]float64, x.Rows)
		for i := range phi {
			of[i] = phi[i][j]
			sum += math.Abs(of[i])
		}
		all += sum
		out = append(out, Driver{Name: name, Share: sum, Direction: direction(c, of)})
	}
	for i := range out {
		if all > 0 {
			out[i].Share /= all
		}
	}
	sortDrivers(out)
	return out, nil
}
