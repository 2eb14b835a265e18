package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/freshet/freshet/pkg/frame"
)

// Train trains a model; valid may be nil. When the context ends it gives the context's error.
func Train(ctx context.Context, p Params, train Data, valid *Data) (*Model, error) {
	if train.X == nil {
		return nil, fmt.Errorf("there are no rows to learn from")
	}
	p = p.withDefaults(len(train.X.Columns))
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := train.check(p.Objective); err != nil {
		return nil, err
	}
	for name, m := range p.Monotone {
		if c := train.X.Find(name); c == nil || c.Kind != frame.Number || m < -1 || m > 1 {
			return nil, fmt.Errorf("monotone: %q must name a column of numbers, with -1 or 1", name)
		}
	}
	t := &trainer{p: p, data: &train, model: &Model{Objective: p.Objective, Base: start(p.Objective, p, &train), Metadata: map[string]string{}}}
	for _, c := range train.X.Columns {
		levels := c.Levels
		if len(levels) > maxBins {
			return nil, fmt.Errorf("column %q has %d categories, at most %d are told apart", c.Name, len(levels), maxBins)
		}
		t.model.Columns = append(t.model.Columns, Column{Name: c.Name, Kind: c.Kind, Levels: levels})
	}
	if valid != nil {
		if err := valid.check(p.Objective); err != nil {
			return nil, fmt.Errorf("validation: %w", err)
		}
		var err error
		if t.watch, err = newWatcher(t.model, valid); err != nil {
			return nil, fmt.Errorf("validation: %w", err)
		}
	}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	t.model.flatten()
	return t.model, nil
}

// trainer is one training.
type trainer struct {
	p      Params
	data   *Data
	model  *Model
	watch  *watcher
	scores []float64
	grads  []gradient
}

func (t *trainer) run(ctx context.Context) error {
	b := newBinned(t.data.X, t.p)
	g := newGrower(t.p, b, t.data.X)
	t.scores, t.grads = slices.Repeat([]float64{t.model.Base}, b.rows), make([]gradient, b.rows)
	best, since := math.Inf(1), 0
	bestTrees := 0
	for n := range t.p.Trees {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n == 0 || !t.p.Forest {
			t.slope()
		}
		t.one(g, n)
		valid := math.NaN()
		if t.watch != nil {
			valid = t.watch.after(t.p, t.model)
			if since++; valid < best {
				best, since, bestTrees = valid, 0, n+1
			}
		}
		if t.p.Progress != nil {
			t.p.Progress(n+1, loss(t.p, t.data, t.scores), valid)
		}
		if t.watch != nil && t.p.Patience > 0 && since >= t.p.Patience {
			break
		}
	}
	if t.p.Patience > 0 && t.watch != nil {
		t.model.Trees = t.model.Trees[:bestTrees]
	}
	if t.p.Forest {
		for i := range t.model.Trees {
			for j := range t.model.Trees[i].Value {
				t.model.Trees[i].Value[j] /= float64(len(t.model.Trees))
			}
		}
	}
	return nil
}

// slope brings the gradients to the scores.
func (t *trainer) slope() {
	if t.p.Objective == LambdaRank {
		rankGradients(t.data, t.scores, t.grads)
		return
	}
	parts(t.p.Workers, len(t.scores), func(from, to int) { gradients(t.p, t.data, t.scores, t.grads, from, to) })
}

// one grows tree n, and adds it to the scores.
func (t *trainer) one(g *grower, n int) {
	r := rand.New(rand.NewPCG(t.p.Seed, uint64(n)+1)) //nolint:gosec // Statistics, no secret.
	rows := t.drawRows(r)
	tree, leaves := g.grow(n, rows, t.drawColumns(r), t.grads)
	for i := range leaves {
		l := &leaves[i]
		v := tree.Value[l.node]
		if t.p.Objective == Quantile {
			v = t.renewed(g.rows[l.from:l.to])
		}
		tree.Value[l.node] = v * t.p.LearningRate
	}
	t.model.Trees = append(t.model.Trees, tree)
	if t.p.Forest {
		return
	}
	if len(rows) == len(t.scores) {
		each(t.p.Workers, len(leaves), func(i int) {
			v := tree.Value[leaves[i].node]
			for _, row := range g.rows[leaves[i].from:leaves[i].to] {
				t.scores[row] += v
			}
		})
		return
	}
	levels := t.model.levels()
	parts(t.p.Workers, len(t.scores), func(from, to int) {
		for i := from; i < to; i++ {
			t.scores[i] += tree.read(func(column int32) float64 { return t.data.X.Columns[column].Values[i] }, levels)
		}
	})
}

// renewed is the best value of a leaf of Quantile: the quantile of what is left to learn.
func (t *trainer) renewed(rows []int32) float64 {
	list := make([]int, len(rows))
	for i, r := range rows {
		list[i] = int(r)
	}
	return quantile(list, t.p.Alpha, func(i int) float64 { return t.data.Y[i] - t.scores[i] }, t.data.weight)
}

func (t *trainer) drawRows(r *rand.Rand) []int32 {
	rows := make([]int32, 0, len(t.scores))
	for i := range t.scores {
		if t.p.RowShare == 1 || r.Float64() < t.p.RowShare {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == 0 { // of very few rows
		rows = append(rows, int32(r.IntN(len(t.scores))))
	}
	return rows
}

func (t *trainer) drawColumns(r *rand.Rand) []bool {
	n := len(t.model.Columns)
	columns := slices.Repeat([]bool{t.p.ColumnShare == 1}, n)
	if t.p.ColumnShare < 1 {
		for _, j := range r.Perm(n)[:max(1, int(math.Round(t.p.ColumnShare*float64(n))))] {
			columns[j] = true
		}
	}
	return columns
}

// levels is how many categories each column has.
func (m *Model) levels() []int {
	out := make([]int, len(m.Columns))
	for i, c := range m.Columns {
		out[i] = len(c.Levels)
	}
	return out
}

// read walks one tree.
func (t *Tree) read(value func(column int32) float64, levels []int) float64 {
	node := int32(0)
	for t.Left[node] != 0 {
		c := t.Column[node]
		if t.goesLeft(node, value(c), levels[c]) {
			node = t.Left[node]
		} else {
			node = t.Right[node]
		}
	}
	return t.Value[node]
}

// watcher keeps the scores of validation rows.
type watcher struct {
	data   *Data
	values [][]float64 // by row
	scores []float64
	sums   []float64
	trees  int
}

func newWatcher(m *Model, d *Data) (*watcher, error) {
	r, err := m.bind(d.X)
	if err != nil {
		return nil, err
	}
	w := &watcher{data: d, scores: slices.Repeat([]float64{m.Base}, d.X.Rows), sums: make([]float64, d.X.Rows)}
	for i := range d.X.Rows {
		values := make([]float64, len(m.Columns))
		r.read(i, values)
		w.values = append(w.values, values)
	}
	return w, nil
}

// after adds the newest tree and gives the loss.
func (w *watcher) after(p Params, m *Model) float64 {
	tree := &m.Trees[len(m.Trees)-1]
	levels := m.levels()
	w.trees++
	parts(p.Workers, len(w.scores), func(from, to int) {
		for i := from; i < to; i++ {
			v := tree.read(func(c int32) float64 { return w.values[i][c] }, levels)
			if w.sums[i] += v; p.Forest {
				w.scores[i] = m.Base + w.sums[i]/float64(w.trees)
			} else {
				w.scores[i] += v
			}
		}
	})
	return loss(p, w.data, w.scores)
}
