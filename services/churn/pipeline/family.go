package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/linear"
	"github.com/freshet/freshet/pkg/table"
)

// candidate is a family of models with its settings.
type candidate struct {
	family, settings string
	// baseline says that it is told beside the others, and never chosen.
	baseline bool
	// scale is the one that it learns amounts on.
	scale string
	fit   fit
}

// fit fits on t; valid, when there is one, may end it early. rounds is for how long it learns, 0: until valid says so; it gives how long it did.
type fit func(ctx context.Context, o Options, t, valid *Table, rounds int) (*fitted, int, error)

// candidates are what is compared, the plainest first, and the baselines.
func candidates(t *Table, o Options) []candidate {
	if t.Kind == Real {
		return append(ofAmounts(t), baselines(t, o)...)
	}
	return append(ofLabels(t), baselines(t, o)...)
}

// ofLabels are candidates for labels of two values.
func ofLabels(t *Table) []candidate {
	list := []candidate{{family: "base rate", fit: fitConstant}}
	for _, l2 := range []float64{1, 30} {
		list = append(list, candidate{family: "logistic regression", settings: fmt.Sprintf("L2 %g", l2), fit: regress(l2)})
	}
	rows := leafRows(t)
	for _, s := range []struct {
		leaves                    int
		l2, rowShare, columnShare float64
	}{{8, 1, 1, 1}, {4, 1, .8, .6}, {24, 5, .8, .6}} {
		p := params(gbdt.Logistic, s.leaves, rows)
		p.L2, p.RowShare, p.ColumnShare = s.l2, s.rowShare, s.columnShare
		list = append(list, candidate{family: "boosted trees", settings: settings(p), fit: boosted(p)})
	}
	return append(list, candidate{family: "random forest", settings: fmt.Sprintf("200 trees, %d rows a leaf", max(5, rows/4)), fit: forest(max(5, rows/4))})
}

// ofAmounts are candidates for amounts. Those of 0 and more are learnt on a logarithmic scale, others as they are.
func ofAmounts(t *Table) []candidate {
	list := []candidate{{family: "mean", fit: fitConstant}}
	scale, words := log1p, ", of the logarithm"
	if negative(t.Y) {
		scale, words = plain, ""
	}
	for _, l2 := range []float64{1, 30} {
		list = append(list, candidate{family: "ridge regression", settings: fmt.Sprintf("L2 %g", l2) + words, scale: scale, fit: on(scale, regress(l2))})
	}
	if scale != plain {
		list = append(list, candidate{family: "Poisson regression", settings: "L2 30", scale: logs, fit: on(logs, learn(linear.FitPoisson, 30))})
	}
	for _, leaves := range []int{8, 4} {
		p := params(gbdt.Squared, leaves, leafRows(t))
		p.RowShare, p.ColumnShare = .8, .6
		list = append(list, candidate{family: "boosted trees", settings: settings(p) + words, scale: scale, fit: on(scale, boosted(p))})
		if scale == plain {
			continue
		}
		p.Objective = gbdt.Poisson
		list = append(list, candidate{family: "boosted trees", settings: settings(p) + ", Poisson", scale: logs, fit: on(logs, boosted(p))})
	}
	return list
}

func leafRows(t *Table) int { return min(40, max(5, len(t.Y)/100)) }

func params(o gbdt.Objective, leaves, rows int) gbdt.Params {
	p := gbdt.Default(o)
	p.LearningRate, p.Leaves, p.MinRows = .05, leaves, rows
	return p
}

func settings(p gbdt.Params) string {
	return fmt.Sprintf("%d leaves of %d rows, learning rate %g", p.Leaves, p.MinRows, p.LearningRate)
}

// on learns amounts on a scale. Poisson takes amounts as they are, in units of their mean, and learns the logarithm by itself.
func on(scale string, f fit) fit {
	return func(ctx context.Context, o Options, t, valid *Table, rounds int) (*fitted, int, error) {
		unit := 1.0
		if scale == logs {
			if unit = mean(t.Y); !(unit > 0) {
				return nil, 0, errors.New("all amounts are 0")
			}
		}
		scaled := func(t *Table) *Table {
			if t == nil {
				return nil
			}
			out := *t
			out.Y = make([]float64, len(t.Y))
			for i, y := range t.Y {
				if out.Y[i] = y / unit; scale == log1p {
					out.Y[i] = math.Log1p(y)
				}
			}
			return &out
		}
		return f(ctx, o, scaled(t), scaled(valid), rounds)
	}
}

func fitConstant(_ context.Context, _ Options, t, _ *Table, _ int) (*fitted, int, error) {
	return &fitted{form: constant{t.Kind, mean(t.Y)}}, 0, nil
}

// dataset is a table as trees take it.
func dataset(s schema, t *Table) (*gbdt.Dataset, error) {
	columns, err := s.lay(t.X)
	return &gbdt.Dataset{Columns: columns, Label: t.Y}, err
}

// grow trains trees on t, and judges them on valid when there is one.
func grow(ctx context.Context, o Options, p gbdt.Params, t, valid *Table) (*fitted, int, error) {
	s := schemaOf(t.X)
	d, err := dataset(s, t)
	if err != nil {
		return nil, 0, err
	}
	p.Seed = o.Seed
	run := gbdt.Run{Workers: o.Workers}
	if valid != nil {
		if run.Valid, err = dataset(s, valid); err != nil {
			return nil, 0, err
		}
	}
	m, err := gbdt.Train(ctx, p, d, run)
	if err != nil {
		return nil, 0, err
	}
	return &fitted{s, trees{t.Kind, m}}, m.Trees(), nil
}

// forestBins is how many bins a forest has: its trees are many and deep, what they cost is the bins, and their mean is as smooth with these.
const forestBins = 64

func forest(rows int) fit {
	return func(ctx context.Context, o Options, t, _ *Table, _ int) (*fitted, int, error) {
		p := gbdt.DefaultForest(gbdt.Squared, len(t.X.Columns))
		p.MinRows, p.MaxBins = rows, forestBins
		return grow(ctx, o, p, t, nil)
	}
}

// mostTrees and patience are for how long boosted trees learn at most, and without getting better.
const mostTrees, patience = 2000, 60

// boosted trains trees until the rows that are judged say stop; on all rows for as long as they said.
func boosted(p gbdt.Params) fit {
	return func(ctx context.Context, o Options, t, valid *Table, rounds int) (*fitted, int, error) {
		p := p
		if p.Rounds = cmp.Or(rounds, mostTrees); rounds > 0 {
			valid = nil
		}
		if valid != nil {
			p.EarlyStop = patience
		}
		return grow(ctx, o, p, t, valid)
	}
}

func regress(l2 float64) fit {
	return func(ctx context.Context, o Options, t, valid *Table, rounds int) (*fitted, int, error) {
		if t.Kind == Real {
			return learn(linear.FitRidge, l2)(ctx, o, t, valid, rounds)
		}
		return learn(linear.Fit, l2)(ctx, o, t, valid, rounds)
	}
}

// learn fits a regression: columns with a long tail are on a logarithmic scale.
func learn(by func(columns []table.Column, label, weight []float64, p linear.Params) (*linear.Model, error), l2 float64) fit {
	return func(_ context.Context, _ Options, t, _ *Table, _ int) (*fitted, int, error) {
		s := schemaOf(t.X).skews(t.X)
		columns, err := s.lay(t.X)
		if err != nil {
			return nil, 0, err
		}
		m, err := by(columns, t.Y, nil, linear.Params{L2: l2})
		return &fitted{s, regression{t.Kind, m}}, 0, err
	}
}
