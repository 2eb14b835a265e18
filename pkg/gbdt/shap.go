package gbdt

import (
	"math"

	"github.com/freshet/freshet/pkg/frame"
)

// Contributions say what each column added to the raw score of a row, against the mean row of training: exact Shapley values over the trees, weighted by
// cover (Lundberg et al. 2018, TreeSHAP, path-dependent). out gets one for each of Columns, and the mean score last; they add up to Score.
func (m *Model) Contributions(values []float64, out []float64) []float64 {
	out = append(out[:0], make([]float64, len(m.Columns)+1)...)
	clean := make([]float64, len(values))
	for i, v := range values {
		clean[i] = m.flat.clean(v)
	}
	out[len(m.Columns)] = m.Base
	for i := range m.Trees {
		t := &m.Trees[i]
		out[len(m.Columns)] += t.mean(0)
		e := explainer{t: t, values: clean, levels: m.flat.levels, out: out}
		e.walk(0, nil, step{zero: 1, one: 1, column: -1})
	}
	return out
}

// ContributionsOf explains rows of a frame.
func (m *Model) ContributionsOf(x *frame.Frame, workers int) ([][]float64, error) {
	r, err := m.bind(x)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, x.Rows)
	parts(workers, x.Rows, func(from, to int) {
		values := make([]float64, len(m.Columns))
		for i := from; i < to; i++ {
			r.read(i, values)
			out[i] = m.Contributions(values, nil)
		}
	})
	return out, nil
}

// mean is the value of a node's leaves, weighted by cover.
func (t *Tree) mean(node int32) float64 {
	if t.Left[node] == 0 {
		return t.Value[node]
	}
	return t.share(node, t.Left[node])*t.mean(t.Left[node]) + t.share(node, t.Right[node])*t.mean(t.Right[node])
}

// share is which part of a node's rows went to a child.
func (t *Tree) share(node, child int32) float64 {
	all := t.Cover[t.Left[node]] + t.Cover[t.Right[node]]
	if all <= 0 {
		return 0.5
	}
	return min(max(t.Cover[child]/all, 1e-9), 1-1e-9)
}

// step is one column on the way to a leaf: zero is which part of the rows goes this way when the column is not known, one is 1 when the row in hand does,
// else 0; weight is that of the subsets of so many columns.
type step struct {
	column            int32
	zero, one, weight float64
}

type explainer struct {
	t      *Tree
	values []float64
	levels []int
	out    []float64
}

func (e *explainer) walk(node int32, way []step, s step) {
	path := extend(append(make([]step, 0, len(way)+1), way...), s)
	t := e.t
	if t.Left[node] == 0 {
		for i := 1; i < len(path); i++ {
			e.out[path[i].column] += unwound(path, i) * (path[i].one - path[i].zero) * t.Value[node]
		}
		return
	}
	hot, cold := t.Left[node], t.Right[node]
	if c := t.Column[node]; !t.goesLeft(node, e.values[c], e.levels[c]) {
		hot, cold = cold, hot
	}
	zero, one := 1.0, 1.0
	for i := 1; i < len(path); i++ {
		if path[i].column == t.Column[node] {
			zero, one = path[i].zero, path[i].one
			path = unwind(path, i)
			break
		}
	}
	e.walk(hot, path, step{column: t.Column[node], zero: zero * t.share(node, hot), one: one})
	e.walk(cold, path, step{column: t.Column[node], zero: zero * t.share(node, cold), one: 0})
}

// extend adds a column to the path.
func extend(path []step, s step) []step {
	l := len(path)
	s.weight = 0
	if l == 0 {
		s.weight = 1
	}
	path = append(path, s)
	for i := l - 1; i >= 0; i-- {
		path[i+1].weight += s.one * path[i].weight * float64(i+1) / float64(l+1)
		path[i].weight = s.zero * path[i].weight * float64(l-i) / float64(l+1)
	}
	return path
}

// unwind takes column i off the path again.
func unwind(path []step, i int) []step {
	l := len(path) - 1
	zero, one, next := path[i].zero, path[i].one, path[l].weight
	for j := l - 1; j >= 0; j-- {
		if one != 0 {
			was := path[j].weight
			path[j].weight = next * float64(l+1) / (float64(j+1) * one)
			next = was - path[j].weight*zero*float64(l-j)/float64(l+1)
		} else {
			path[j].weight = path[j].weight * float64(l+1) / (zero * float64(l-j))
		}
	}
	for j := i; j < l; j++ {
		path[j].column, path[j].zero, path[j].one = path[j+1].column, path[j+1].zero, path[j+1].one
	}
	return path[:l]
}

// unwound is the sum of the weights that unwind would leave.
func unwound(path []step, i int) float64 {
	l := len(path) - 1
	zero, one, next, sum := path[i].zero, path[i].one, path[l].weight, 0.0
	for j := l - 1; j >= 0; j-- {
		if one != 0 {
			x := next * float64(l+1) / (float64(j+1) * one)
			sum += x
			next = path[j].weight - x*zero*float64(l-j)/float64(l+1)
		} else {
			sum += path[j].weight * float64(l+1) / (zero * float64(l-j))
		}
	}
	return sum
}

// Importance is by column how much its splits gained, as a share of all.
func (m *Model) Importance() []float64 {
	out := make([]float64, len(m.Columns))
	all := 0.0
	for i := range m.Trees {
		t := &m.Trees[i]
		for n := range t.Left {
			if t.Left[n] != 0 && !math.IsNaN(t.Gain[n]) {
				out[t.Column[n]] += t.Gain[n]
				all += t.Gain[n]
			}
		}
	}
	if all > 0 {
		for i := range out {
			out[i] /= all
		}
	}
	return out
}
