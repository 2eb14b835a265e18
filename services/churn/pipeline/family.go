package pipeline

import (
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
		list = append(list, candidate{family: "logistic regression", settings: fmt.Sprintf("L2 %g", l2),
			fit: func(ctx context.Context, _ Options, t, _ *Table, _ int) (Fitted, int, error) {
				m, err := linear.Fit(ctx, linear.Params{L2: l2}, t.X, t.Y, nil)
				return regression{m}, 0, err
			}})
	}
	small := min(40, max(5, rows/100))
	for _, p := range []gbdt.Params{
		{LearningRate: .05, Leaves: 8, MinLeafRows: small, L2: 1},
		{LearningRate: .05, Leaves: 4, MinLeafRows: small, L2: 1, ColumnShare: .6, RowShare: .8},
		{LearningRate: .05, Leaves: 24, MinLeafRows: small, L2: 5, ColumnShare: .6, RowShare: .8},
	} {
		list = append(list, candidate{family: "boosted trees", settings: fmt.Sprintf("%d leaves of %d rows, learning rate %g", p.Leaves, p.MinLeafRows, p.LearningRate), fit: boosted(p)})
	}
	return append(list, candidate{family: "random forest", settings: fmt.Sprintf("200 trees, %d rows a leaf", max(5, small/4)),
		fit: func(ctx context.Context, o Options, t, _ *Table, _ int) (Fitted, int, error) {
			m, err := gbdt.Train(ctx, gbdt.Params{Objective: gbdt.Squared, Forest: true, Trees: 200, Leaves: 128, MinLeafRows: max(5, small/4), Seed: o.Seed, Workers: o.Workers},
				gbdt.Data{X: t.X, Y: t.Y}, nil)
			return trees{m, o.Workers}, 0, err
		}})
}

// boosted trains trees until the rows that are judged say stop; on all rows for as long as they said.
func boosted(p gbdt.Params) func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error) {
	return func(ctx context.Context, o Options, t, valid *Table, rounds int) (Fitted, int, error) {
		p := p
		p.Seed, p.Workers, p.Trees = o.Seed, o.Workers, rounds
		var v *gbdt.Data
		if rounds == 0 {
			p.Trees = 2000
		}
		if valid != nil && rounds == 0 {
			p.Patience = 60
			v = &gbdt.Data{X: valid.X, Y: valid.Y}
		}
		m, err := gbdt.Train(ctx, p, gbdt.Data{X: t.X, Y: t.Y}, v)
		if err != nil {
			return nil, 0, err
		}
		return trees{m, o.Workers}, len(m.Trees), nil
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

// trees are boosted trees, or a forest, whose scores are probabilities.
type trees struct {
	*gbdt.Model
	workers int
}

func (t trees) Predict(x *frame.Frame) ([]float64, error) {
	p, err := t.Model.Predict(x, t.workers)
	for i := range p {
		p[i] = min(max(p[i], 1e-6), 1-1e-6)
	}
	return p, err
}

func (t trees) Contributions(x *frame.Frame) ([][]float64, error) {
	return t.ContributionsOf(x, t.workers)
}

func (t trees) Names() []string {
	out := make([]string, len(t.Columns))
	for i := range t.Columns {
		out[i] = t.Columns[i].Name
	}
	return out
}

// regression is a logistic regression.
type regression struct{ *linear.Model }

// Contributions are coefficient times value, less that of the mean row.
func (r regression) Contributions(x *frame.Frame) ([][]float64, error) {
	rows, err := r.Encoder.Encode(x)
	if err != nil {
		return nil, err
	}
	width := r.Encoder.Width()
	mean := make([]float64, width)
	for i := range rows {
		mean[i%width] += rows[i] / float64(max(1, x.Rows))
	}
	out := make([][]float64, x.Rows)
	for i := range out {
		at := 0
		for j := range r.Encoder.Inputs {
			sum := 0.0
			for range r.Encoder.Inputs[j].Width() {
				sum += r.Weights[at] * (rows[i*width+at] - mean[at])
				at++
			}
			out[i] = append(out[i], sum)
		}
	}
	return out, nil
}

func (r regression) Names() []string {
	out := make([]string, len(r.Encoder.Inputs))
	for i := range r.Encoder.Inputs {
		out[i] = r.Encoder.Inputs[i].Name
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
