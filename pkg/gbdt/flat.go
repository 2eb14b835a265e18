package gbdt

import "math"

// block is how many rows are scored side by side: their steps through a tree do not wait for each other.
const block = 64

// flat is a model for scoring. All trees' nodes stand in one array; the right child comes behind the left one, and a leaf leads to itself.
type flat struct {
	columns int
	levels  []int
	base    float64
	single  bool
	trees   []flatTree
	nodes   []flatNode
	values  []float64
	sets    []set
}

type flatTree struct{ root, depth int32 }

// flatNode steps to next, or to next+1. A missing value is NaN, and no number is below it: so Cut decides where it goes, negated where it goes left.
type flatNode struct {
	cut    float64
	column int32
	next   int32
	// set is the place of the levels that go left, -1 at numbers.
	set int32
	// missingLeft is 1 where missing values go left.
	missingLeft int32
}

func (m *Model) flatten() {
	f := &flat{columns: len(m.Columns), levels: m.levels(), base: m.Base, single: m.Single}
	for i := range m.Trees {
		f.add(&m.Trees[i])
	}
	m.flat = f
}

// add appends a tree, breadth first, so that children stand side by side.
func (f *flat) add(t *Tree) {
	root := int32(len(f.nodes))
	type pending struct {
		from, at, depth int32
	}
	f.grow(1)
	depth := int32(0)
	queue := []pending{{0, root, 0}}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		depth = max(depth, p.depth)
		n := flatNode{set: -1, next: p.at, cut: math.Inf(1), missingLeft: 1}
		if t.Left[p.from] == 0 {
			f.nodes[p.at], f.values[p.at] = n, t.Value[p.from]
			continue
		}
		n.next = int32(len(f.nodes))
		f.grow(2)
		n.cut, n.column, n.missingLeft = t.Cut[p.from], t.Column[p.from], 0
		if t.MissingLeft[p.from] {
			n.missingLeft = 1
		}
		if levels := t.Levels[p.from]; levels != nil {
			var s set
			for _, l := range levels {
				s.add(uint8(l))
			}
			if n.missingLeft == 1 {
				s.add(missingBin)
			}
			n.set = int32(len(f.sets))
			f.sets = append(f.sets, s)
		}
		f.nodes[p.at] = n
		queue = append(queue, pending{t.Left[p.from], n.next, p.depth + 1}, pending{t.Right[p.from], n.next + 1, p.depth + 1})
	}
	f.trees = append(f.trees, flatTree{root, depth})
}

func (f *flat) grow(n int) {
	f.nodes = append(f.nodes, make([]flatNode, n)...)
	f.values = append(f.values, make([]float64, n)...)
}

// step is the next node for a value.
func (f *flat) step(n *flatNode, v float64) int32 {
	if n.set >= 0 {
		bin := uint8(missingBin)
		if v >= 0 && int(v) < f.levels[n.column] {
			bin = uint8(v)
		}
		if f.sets[n.set].has(bin) {
			return n.next
		}
		return n.next + 1
	}
	if v < n.cut {
		return n.next
	}
	if v != v { //nolint:gocritic // NaN
		return n.next + 1 - n.missingLeft
	}
	return n.next + 1
}

// clean makes an infinity a missing value, and rounds where the model asks for it.
func (f *flat) clean(v float64) float64 {
	if f.single {
		v = float64(float32(v))
	}
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

// one scores one row.
func (f *flat) one(values []float64) float64 {
	sum := f.base
	var room [64]float64
	row := room[:0]
	for _, v := range values {
		row = append(row, f.clean(v))
	}
	for i := range f.trees {
		at := f.trees[i].root
		for {
			n := &f.nodes[at]
			if n.next == at {
				break
			}
			at = f.step(n, row[n.column])
		}
		sum += f.values[at]
	}
	return sum
}

// scorer scores blocks of rows. For one goroutine.
type scorer struct {
	f    *flat
	rows [block][]float64
	at   [block]int32
}

func (f *flat) scorer() *scorer {
	s := &scorer{f: f}
	room := make([]float64, block*max(f.columns, 1))
	for i := range s.rows {
		s.rows[i] = room[i*f.columns : (i+1)*f.columns]
	}
	return s
}

// row is where row i of the block is written.
func (s *scorer) row(i int) []float64 { return s.rows[i] }

// run scores the first n rows.
func (s *scorer) run(n int, out []float64) {
	f := s.f
	for i := range n {
		for j, v := range s.rows[i] {
			s.rows[i][j] = f.clean(v)
		}
		out[i] = f.base
	}
	for t := range f.trees {
		root, depth := f.trees[t].root, f.trees[t].depth
		for i := range n {
			s.at[i] = root
		}
		for range depth {
			for i := range n {
				node := &f.nodes[s.at[i]]
				if node.next != s.at[i] {
					s.at[i] = f.step(node, s.rows[i][node.column])
				}
			}
		}
		for i := range n {
			out[i] += f.values[s.at[i]]
		}
	}
}
