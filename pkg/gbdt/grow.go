package gbdt

import (
	"math"
	"math/rand/v2"

	"github.com/freshet/freshet/pkg/frame"
)

// leaf is a leaf of a growing tree.
type leaf struct {
	node     int // in the tree
	from, to int // its rows in grower.rows
	depth    int
	sum      gradient
	// score is what it is worth unsplit, in says what its value must lie within.
	score float64
	in    bounds
	best  split
	hist  histogram
}

func (l *leaf) rows() int { return l.to - l.from }

// grower grows trees over one table.
type grower struct {
	finder
	x       *frame.Frame
	rows    []int32
	spare   []int32
	columns []bool
	pool    []histogram
	tree    int // which is growing
}

func newGrower(p Params, b *binned, x *frame.Frame) *grower {
	g := &grower{finder: finder{p: p, b: b, monotone: make([]int, b.columns), missing: make([]bool, b.columns)}, x: x, columns: make([]bool, b.columns), spare: make([]int32, b.rows)}
	for j := range x.Columns {
		g.monotone[j] = p.Monotone[x.Columns[j].Name]
	}
	each(p.Workers, b.columns, func(j int) {
		for i := j; i < len(b.bins); i += b.columns {
			if b.bins[i] == missingBin {
				g.missing[j] = true
				return
			}
		}
	})
	return g
}

func (g *grower) take() histogram {
	if n := len(g.pool); n > 0 {
		h := g.pool[n-1]
		g.pool = g.pool[:n-1]
		return h
	}
	return make(histogram, g.b.columns*slots)
}

func (g *grower) give(h histogram) {
	if h != nil {
		g.pool = append(g.pool, h)
	}
}

// grow makes tree n of rows, and gives which rows are in which of its leaves.
func (g *grower) grow(n int, rows []int32, columns []bool, grads []gradient) (Tree, []leaf) {
	g.tree = n
	g.rows, g.columns = rows, columns
	t := Tree{}
	root := leaf{node: t.add(), to: len(rows), in: bounds{math.Inf(-1), math.Inf(1)}}
	for _, r := range rows {
		root.sum = plus(root.sum, grads[r])
	}
	root.score = g.score(root.sum, g.p.L2, root.in)
	root.hist = g.take()
	root.hist.fill(g.b, rows, grads, columns, g.p.Workers)
	g.look(&root)
	leaves := []leaf{root}
	for len(leaves) < g.p.Leaves {
		at := -1
		for i := range leaves {
			if leaves[i].best.gain > 0 && (at < 0 || leaves[i].best.gain > leaves[at].best.gain) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		left, right, ok := g.cut(&t, &leaves[at], grads, len(leaves)+1 < g.p.Leaves)
		if !ok {
			leaves[at].best = split{}
			continue
		}
		leaves[at] = left
		leaves = append(leaves, right)
	}
	for i := range leaves {
		l := &leaves[i]
		g.give(l.hist)
		l.hist = nil
		t.Value[l.node], t.Cover[l.node] = g.value(l.sum, g.p.L2, l.in), l.sum.h
	}
	return t, leaves
}

// drawn are the columns that a node may be split by.
func (g *grower) drawn(node int) []bool {
	if g.p.NodeShare == 1 {
		return g.columns
	}
	r := rand.New(rand.NewPCG(g.p.Seed^uint64(g.tree)<<32, uint64(node)+2)) //nolint:gosec // Statistics, no secret.
	var from []int
	for j, in := range g.columns {
		if in {
			from = append(from, j)
		}
	}
	out := make([]bool, len(g.columns))
	for _, i := range r.Perm(len(from))[:max(1, int(math.Round(g.p.NodeShare*float64(len(from)))))] {
		out[from[i]] = true
	}
	return out
}

// look finds a leaf's best split.
func (g *grower) look(l *leaf) {
	l.best = split{}
	if l.rows() >= 2*g.p.MinLeafRows && (g.p.MaxDepth == 0 || l.depth < g.p.MaxDepth) {
		l.best = g.best(l.hist, l, g.drawn(l.node))
	}
	if l.best.gain == 0 {
		g.give(l.hist)
		l.hist = nil
	}
}

// cut splits a leaf in two. It reports false when a side turns out to be too small. more says that the children may be split.
func (g *grower) cut(t *Tree, l *leaf, grads []gradient, more bool) (left, right leaf, ok bool) {
	s := &l.best
	mid := g.partition(l, s)
	if mid-l.from < g.p.MinLeafRows || l.to-mid < g.p.MinLeafRows {
		return leaf{}, leaf{}, false
	}
	left = leaf{from: l.from, to: mid, depth: l.depth + 1, sum: s.left, in: l.in}
	right = leaf{from: mid, to: l.to, depth: l.depth + 1, sum: s.right, in: l.in}
	if m := g.monotone[s.column]; m != 0 {
		middle := (g.value(s.left, g.p.L2, l.in) + g.value(s.right, g.p.L2, l.in)) / 2
		if m > 0 {
			left.in.high, right.in.low = middle, middle
		} else {
			left.in.low, right.in.high = middle, middle
		}
	}
	left.node, right.node = t.split(l.node, s, g.b, l.sum.h)
	left.score, right.score = g.score(left.sum, g.p.L2, left.in), g.score(right.sum, g.p.L2, right.in)
	if !more {
		g.give(l.hist)
		return left, right, true
	}
	small, large := &left, &right
	if left.rows() > right.rows() {
		small, large = large, small
	}
	small.hist = g.take()
	small.hist.fill(g.b, g.rows[small.from:small.to], grads, g.columns, g.p.Workers)
	large.hist = l.hist
	large.hist.less(small.hist, g.p.Workers)
	g.look(&left)
	g.look(&right)
	return left, right, true
}

// partition brings the rows that go left before those that go right; both keep their order. It gives where the right ones begin.
func (g *grower) partition(l *leaf, s *split) int {
	rows, spare := g.rows[l.from:l.to], g.spare
	left, right := 0, 0
	width := g.b.columns
	for _, r := range rows {
		if s.goesLeft(g.b.bins[int(r)*width+s.column]) {
			rows[left] = r
			left++
		} else {
			spare[right] = r
			right++
		}
	}
	copy(rows[left:], spare[:right])
	return l.from + left
}

func (s *split) goesLeft(bin uint8) bool {
	switch {
	case s.isSet:
		return s.levels.has(bin)
	case bin == missingBin:
		return s.missingLeft
	}
	return bin <= s.bin
}
