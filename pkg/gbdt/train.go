package gbdt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
)

// Round is what a training reports after each tree.
type Round struct {
	// Number of trees so far, from 1, and how many there will be at most.
	Number, Of int
	// Metric is its name, Valid its value on the validation rows: NaN without any.
	Metric string
	Valid  float64
	// Best is the round that was best so far.
	Best int
}

// Run is how a training runs: nothing of it changes the model, but Valid where it stops early.
type Run struct {
	// Valid are rows that the model is not trained on; with Params.EarlyStop they say when to stop. They come later in time than the
	// training rows, or the round they choose is too late. Nil means none.
	Valid *Dataset
	// Workers at once; 0 means one for each processor. The model is the same for any number.
	Workers int
	// Progress is called after each round, by the goroutine that called Train. Nil means nobody asks.
	Progress func(Round)
	// Meta is kept in the model file: what the caller knows of the data.
	Meta map[string]string
}

// Train makes a model. It ends with the context's error, wrapped, when the context ends: between two splits.
// The dataset must not be changed meanwhile.
func Train(ctx context.Context, p Params, d *Dataset, run Run) (*Model, error) {
	t, err := newTraining(p, d, run)
	if err != nil {
		return nil, fmt.Errorf("train %v: %w", p.Objective, err)
	}
	if err := t.rounds(ctx); err != nil {
		return nil, fmt.Errorf("train %v: stopped after %d of %d trees: %w", p.Objective, len(t.trees), p.Rounds, err)
	}
	return t.model(), nil
}

type training struct {
	p      Params
	d      *Dataset
	run    Run
	w      workers
	schema []Feature
	b      *binned
	grower *grower
	loss   loss
	base   float64
	scores []float64
	// rows are this round's, outside says which are not.
	rows    []uint32
	outside []bool
	trees   []*tree
	valid   *validation
}

func newTraining(p Params, d *Dataset, run Run) (*training, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := d.check(p.Objective); err != nil {
		return nil, err
	}
	t := &training{p: p, d: d, run: run, w: workers(run.Workers), schema: d.Schema()}
	if t.w <= 0 {
		t.w = workers(runtime.GOMAXPROCS(0))
	}
	monotone, err := p.directions(t.schema)
	if err != nil {
		return nil, err
	}
	if p.Objective == Quantile && len(p.Monotone) > 0 {
		return nil, errors.New("parameter Monotone: the quantile objective sets its leaves by the rows in them and cannot hold a direction")
	}
	if err := t.checkValid(); err != nil {
		return nil, err
	}
	t.loss = newLoss(p, d)
	t.base = t.loss.start()
	t.b = bin(d, p, t.w)
	t.grower = newGrower(p, t.b, monotone, t.w)
	t.scores = filled(d.Rows(), t.base)
	t.rows = make([]uint32, 0, d.Rows())
	t.outside = make([]bool, d.Rows())
	if run.Valid != nil {
		t.valid = newValidation(p, t.b.same(run.Valid, t.w), run.Valid, t.base)
	}
	return t, nil
}

func filled(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func (t *training) checkValid() error {
	v := t.run.Valid
	if v != nil && t.p.Forest {
		return errors.New("parameter Forest: a forest takes no validation rows: it does not stop early")
	}
	if v == nil {
		if t.p.EarlyStop > 0 {
			return errors.New("parameter EarlyStop: there are no validation rows to stop by; give Run.Valid, or 0")
		}
		return nil
	}
	objective := t.p.Objective
	if objective == Logistic || objective == Poisson {
		// One class among the validation rows is no fault: their labels are only looked at.
		for r, y := range v.Label {
			if !(y >= 0) || math.IsInf(y, 1) || objective == Logistic && y > 1 {
				return fmt.Errorf("validation rows: row %d has label %v", r, y)
			}
		}
		objective = Squared
	}
	if err := v.check(objective); err != nil {
		return fmt.Errorf("validation rows: %w", err)
	}
	if err := sameSchema(t.schema, v.Schema()); err != nil {
		return fmt.Errorf("validation rows: %w", err)
	}
	return nil
}

func (t *training) rounds(ctx context.Context) error {
	for round := range t.p.Rounds {
		rows, columns := t.sample(round)
		t.loss.gradients(t.scores, t.outside, t.grower.grads, t.w)
		t.grower.grads.pack(t.w)
		t.grower.round = round
		grown, err := t.grower.grow(ctx, rows, columns)
		if err != nil {
			return err
		}
		if len(grown.nodes) == 1 && t.p.RowShare == 1 && t.p.ColumnShare == 1 && t.p.SplitShare == 1 {
			// No split is worth making, and the next round would see the same.
			return nil
		}
		t.settle(grown)
		t.trees = append(t.trees, grown)
		r := Round{Number: round + 1, Of: t.p.Rounds, Metric: t.p.Objective.metricName(), Valid: math.NaN(), Best: round + 1}
		stop := false
		if t.valid != nil {
			r.Valid, r.Best, stop = t.valid.next(grown, t.p, t.w)
		}
		if t.run.Progress != nil {
			t.run.Progress(r)
		}
		if stop {
			return nil
		}
	}
	return ctx.Err()
}

// settle gives the leaves their values and moves the scores by them.
func (t *training) settle(grown *tree) {
	g := t.grower
	t.w.each(len(g.leaves), func(_, i int) {
		l := g.leaves[i]
		n := &grown.nodes[l.node]
		rows := g.order[l.from:l.to]
		sumG, sumH := 0.0, 0.0
		for _, r := range rows {
			sumG += g.grads.g[r]
			sumH += g.grads.h[r]
		}
		n.cover = sumH
		n.value = t.p.LearningRate * t.leafValue(l, rows, sumG, sumH)
		if t.p.Forest {
			return
		}
		for _, r := range rows {
			t.scores[r] += n.value
		}
	})
	grown.finish()
	if t.p.Forest || len(g.order) == len(t.scores) {
		return
	}
	t.w.chunks(len(t.scores), func(_, from, to int) {
		for r := from; r < to; r++ {
			if t.outside[r] {
				t.scores[r] += grown.binnedLeaf(t.b.byRow[r*t.b.columns:]).value
			}
		}
	})
}

// leafValue is the Newton step; for Quantile, where the loss has no curve, the quantile of what is left to explain.
func (t *training) leafValue(l *leafState, rows []uint32, g, h float64) float64 {
	switch t.p.Objective {
	case Quantile:
	case Poisson:
		// Where almost nothing was expected a Newton step is as long as one likes, and exp has no end.
		return min(max(t.grower.search.value(g, h, l.low, l.high), -poissonMost), poissonMost)
	default:
		return t.grower.search.value(g, h, l.low, l.high)
	}
	rest, weights := make([]float64, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		rest[i], weights[i] = t.d.Label[r]-t.scores[r], t.d.weight(int(r))
	}
	return quantileOf(rest, weights, t.p.Quantile)
}

func (t *training) model() *Model {
	m := &Model{Objective: t.p.Objective, Params: t.p, Base: t.base, Features: t.schema}
	kept := t.trees
	m.Trained = Trained{Rows: t.d.Rows(), Rounds: len(t.trees), Meta: t.run.Meta}
	if v := t.valid; v != nil {
		m.Trained.ValidRows, m.Trained.Metric = t.run.Valid.Rows(), t.p.Objective.metricName()
		m.Trained.Valid, m.Trained.BestRound = v.best, v.bestRound
		if t.p.EarlyStop > 0 {
			kept = kept[:v.bestRound]
		}
	}
	if t.p.Forest {
		for _, grown := range kept {
			for i := range grown.nodes {
				grown.nodes[i].value /= float64(len(kept))
			}
		}
	}
	for _, grown := range kept {
		m.trees = append(m.trees, tree{nodes: grown.nodes})
	}
	m.compile()
	return m
}
