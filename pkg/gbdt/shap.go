package gbdt

import "fmt"

// Contributions says how much each feature moved the score of one row: Shapley values of the trees by the way the training rows
// went (path-dependent TreeSHAP; Lundberg, Erion and Lee 2018, "Consistent Individualized Feature Attribution for Tree
// Ensembles", algorithm 2). out has a place for each feature and a last one for the expected score; together they sum to
// Score(row). For a row of another length, or out of another, the error says so.
func (m *Model) Contributions(row, out []float64) error {
	if len(row) != len(m.Features) || len(out) != len(row)+1 {
		return fmt.Errorf("explain a row of %d into %d numbers: the model has %d features and needs one more than that", len(row), len(out), len(m.Features))
	}
	clear(out)
	bias := m.Base
	var work shap
	for i := range m.trees {
		nodes := m.trees[i].nodes
		bias += work.expect(nodes)
		if len(nodes) > 1 {
			work.explain(nodes, row, out)
		}
	}
	out[len(row)] = bias
	return nil
}

// step is a feature on the way from the root: what share of the row sets without and with it come by (zero, one), and pweights,
// the weight of the sets of each size.
type step struct {
	feature         int32
	zero, one, path float64
}

// shap is what one explanation works with.
type shap struct {
	steps []step
	row   []float64
	out   []float64
	nodes []node
	means []float64
}

// expect is the mean of the leaves by cover.
func (s *shap) expect(nodes []node) float64 {
	s.means = append(s.means[:0], make([]float64, len(nodes))...)
	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		s.means[i] = n.value
		if n.feature >= 0 {
			l, r := shares(nodes, n)
			s.means[i] = l*s.means[n.left] + r*s.means[n.left+1]
		}
	}
	return s.means[0]
}

// shares are the parts of a node's cover that went left and right; halves where nothing is known.
func shares(nodes []node, n *node) (left, right float64) {
	l, r := nodes[n.left].cover, nodes[n.left+1].cover
	if !(l+r > 0) {
		return .5, .5
	}
	return l / (l + r), r / (l + r)
}

func (s *shap) explain(nodes []node, row, out []float64) {
	s.nodes, s.row, s.out = nodes, row, out
	s.visit(0, 0, 0, step{feature: leafNode, zero: 1, one: 1})
}

// visit goes down from node at. The path so far is steps[from:from+n]; it is copied, as each side changes it.
func (s *shap) visit(at int32, from, n int, next step) {
	to := from + n
	for len(s.steps) < to+n+1 {
		s.steps = append(s.steps, step{})
	}
	path := s.steps[to : to+n+1]
	copy(path, s.steps[from:to])
	extend(path, n, next)
	here := &s.nodes[at]
	if here.feature < 0 {
		s.leaf(path, here.value)
		return
	}
	hot, cold := here.left, here.left+1
	zeroHot, zeroCold := shares(s.nodes, here)
	if !here.goes(s.row[here.feature]) {
		hot, cold, zeroHot, zeroCold = cold, hot, zeroCold, zeroHot
	}
	before := step{zero: 1, one: 1}
	size := n + 1
	for i := 1; i < size; i++ {
		if path[i].feature == here.feature {
			before = path[i]
			unwind(path, i)
			size--
			break
		}
	}
	s.visit(hot, to, size, step{feature: here.feature, zero: zeroHot * before.zero, one: before.one})
	s.visit(cold, to, size, step{feature: here.feature, zero: zeroCold * before.zero})
}

func (s *shap) leaf(path []step, value float64) {
	for i := 1; i < len(path); i++ {
		s.out[path[i].feature] += unwound(path, i) * (path[i].one - path[i].zero) * value
	}
}

// extend adds a step as the last of path.
func extend(path []step, n int, next step) {
	path[n] = next
	path[n].path = 0
	if n == 0 {
		path[n].path = 1
	}
	for i := n - 1; i >= 0; i-- {
		path[i+1].path += next.one * path[i].path * float64(i+1) / float64(n+1)
		path[i].path *= next.zero * float64(n-i) / float64(n+1)
	}
}

// unwind takes step i out of path.
func unwind(path []step, i int) {
	last := len(path) - 1
	one, zero := path[i].one, path[i].zero
	carry := path[last].path
	for j := last - 1; j >= 0; j-- {
		if one != 0 {
			held := path[j].path
			path[j].path = carry * float64(last+1) / (float64(j+1) * one)
			carry = held - path[j].path*zero*float64(last-j)/float64(last+1)
		} else {
			path[j].path = path[j].path * float64(last+1) / (zero * float64(last-j))
		}
	}
	for j := i; j < last; j++ {
		path[j].feature, path[j].zero, path[j].one = path[j+1].feature, path[j+1].zero, path[j+1].one
	}
}

// unwound is the sum of the weights that unwind would leave.
func unwound(path []step, i int) float64 {
	last := len(path) - 1
	one, zero := path[i].one, path[i].zero
	carry, total := path[last].path, 0.0
	for j := last - 1; j >= 0; j-- {
		switch {
		case one != 0:
			w := carry * float64(last+1) / (float64(j+1) * one)
			total += w
			carry = path[j].path - w*zero*float64(last-j)/float64(last+1)
		case zero != 0:
			total += path[j].path * float64(last+1) / (zero * float64(last-j))
		}
	}
	return total
}
