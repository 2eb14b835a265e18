package gbdt

import "math"

// block is how many rows are scored side by side: their steps through a tree do not wait for each other.
const block = 64

// flat is a model for scoring. All trees' nodes stand in one array; the right child stands behind the left one, and a leaf leads to itself.
//
// A row is laid out twice, so that a step is one comparison without a branch: as it is with missing values far to the right, then with missing values far
// to the left, then one number that is left of everything. A node looks into the copy in which missing values go its way; a leaf at that last number.
type flat struct {
	columns int
	levels  []int
	base    float64
	single  bool
	trees   []flatTree
	nodes   []flatNode
	values  []float64
	sets    []setNode
}

type flatTree struct {
	root, depth int32
	// hasSets says that a node looks at categories.
	hasSets bool
}

// flatNode steps to next when what it looks at is below cut, else to next+1.
type flatNode struct {
	cut  float64
	at   int32 // in the row as it is laid out; at a node of categories less than 0: its set is -at-1
	next int32
}

// setNode is what a node of categories looks at.
type setNode struct {
	column int32
	levels set
}

// wide is how long a row is as it is laid out.
func (f *flat) wide() int { return 2*f.columns + 1 }

func (m *Model) flatten() {
	f := &flat{columns: len(m.Columns), levels: m.levels(), base: m.Base, single: m.Single}
	for i := range m.Trees {
		f.add(&m.Trees[i])
	}
	m.flat = f
}

// add appends a tree, breadth first, so that children stand side by side.
func (f *flat) add(t *Tree) {
	type pending struct{ from, at, depth int32 }
	out := flatTree{root: int32(len(f.nodes))}
	f.grow(1)
	queue := []pending{{0, out.root, 0}}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		out.depth = max(out.depth, p.depth)
		if t.Left[p.from] == 0 {
			f.nodes[p.at] = flatNode{at: int32(2 * f.columns), next: p.at, cut: 0}
			f.values[p.at] = t.Value[p.from]
			continue
		}
		n := flatNode{cut: t.Cut[p.from], at: t.Column[p.from], next: int32(len(f.nodes))}
		f.grow(2)
		if t.MissingLeft[p.from] {
			n.at += int32(f.columns)
		}
		if t.Levels[p.from] != nil {
			n.at, out.hasSets = f.addSet(t, p.from), true
		}
		f.nodes[p.at] = n
		queue = append(queue, pending{t.Left[p.from], n.next, p.depth + 1}, pending{t.Right[p.from], n.next + 1, p.depth + 1})
	}
	f.trees = append(f.trees, out)
}

// addSet keeps the levels of a node, and gives how its node tells of them.
func (f *flat) addSet(t *Tree, node int32) int32 {
	s := setNode{column: t.Column[node]}
	for _, l := range t.Levels[node] {
		s.levels.add(uint8(l))
	}
	if t.MissingLeft[node] {
		s.levels.add(missingBin)
	}
	f.sets = append(f.sets, s)
	return -int32(len(f.sets))
}

func (f *flat) grow(n int) {
	f.nodes = append(f.nodes, make([]flatNode, n)...)
	f.values = append(f.values, make([]float64, n)...)
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

// lay lays out a row.
func (f *flat) lay(values, row []float64) {
	for i, v := range values {
		v = f.clean(v)
		right, left := v, v
		if v != v { //nolint:gocritic // NaN
			right, left = math.Inf(1), math.Inf(-1)
		}
		row[i], row[f.columns+i] = right, left
	}
	row[2*f.columns] = math.Inf(-1)
}

// step is the next node.
func (f *flat) step(n *flatNode, row []float64) int32 {
	if n.at < 0 {
		s := &f.sets[-n.at-1]
		bin := uint8(missingBin)
		if v := row[s.column]; v >= 0 && v < float64(f.levels[s.column]) {
			bin = uint8(v)
		}
		if s.levels.has(bin) {
			return n.next
		}
		return n.next + 1
	}
	return n.next + right(row[n.at], n.cut)
}

// right is 1 when v is not below cut, without a branch.
func right(v, cut float64) int32 {
	x := int32(0)
	if v >= cut {
		x = 1
	}
	return x
}

// one scores one row.
func (f *flat) one(values []float64) float64 {
	var room [129]float64
	row := room[:]
	if f.wide() > len(row) {
		row = make([]float64, f.wide())
	}
	f.lay(values, row)
	sum := f.base
	for i := range f.trees {
		at := f.trees[i].root
		for {
			next := f.step(&f.nodes[at], row)
			if next == at {
				break
			}
			at = next
		}
		sum += f.values[at]
	}
	return sum
}

// scorer scores blocks of rows. For one goroutine.
type scorer struct {
	f    *flat
	read [block][]float64
	rows []float64 // laid out, one behind the other
	at   [block]int32
}

func (f *flat) scorer() *scorer {
	s := &scorer{f: f, rows: make([]float64, block*f.wide())}
	room := make([]float64, block*f.columns)
	for i := range s.read {
		s.read[i] = room[i*f.columns : (i+1)*f.columns]
	}
	return s
}

// row is where row i of the block is written.
func (s *scorer) row(i int) []float64 { return s.read[i] }

// run scores the first n rows.
func (s *scorer) run(n int, out []float64) {
	f, wide := s.f, s.f.wide()
	for i := range n {
		f.lay(s.read[i], s.rows[i*wide:(i+1)*wide])
		out[i] = f.base
	}
	for t := range f.trees {
		for i := range n {
			s.at[i] = f.trees[t].root
		}
		if f.trees[t].hasSets {
			s.sets(t, n)
		} else {
			s.numbers(t, n)
		}
		for i := range n {
			out[i] += f.values[s.at[i]]
		}
	}
}

// sets walks a tree that looks at categories.
func (s *scorer) sets(t, n int) {
	wide := s.f.wide()
	for range s.f.trees[t].depth {
		for i := range n {
			s.at[i] = s.f.step(&s.f.nodes[s.at[i]], s.rows[i*wide:(i+1)*wide])
		}
	}
}

// numbers walks a tree of numbers, all rows a step at a time: their loads do not wait for each other. It ends when all rows are at a leaf.
func (s *scorer) numbers(t, n int) {
	nodes, rows, wide := s.f.nodes, s.rows, s.f.wide()
	for range s.f.trees[t].depth {
		moved := int32(0)
		from := 0
		for i := range s.at[:n] {
			at := s.at[i]
			node := &nodes[at]
			next := node.next + right(rows[from+int(node.at)], node.cut)
			moved |= next ^ at
			s.at[i] = next
			from += wide
		}
		if moved == 0 {
			return
		}
	}
}
