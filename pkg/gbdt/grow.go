package gbdt

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// grower grows one tree after another over the same rows.
type grower struct {
	p        Params
	b        *binned
	w        workers
	monotone []int8
	grads    *gradients
	hists    histograms
	// order are the rows of this tree, those of a leaf side by side and ascending.
	order, scratch []uint32
	// used are the columns of this tree; nil means all. telling are those of them by which rows can be told apart. round is its number.
	used, telling []int
	round         int

	search *search
	found  []split
	tree   *tree
	leaves []*leafState
}

func newGrower(p Params, b *binned, monotone []int8, w workers) *grower {
	g := &grower{p: p, b: b, w: w, monotone: monotone, grads: newGradients(b.rows), found: make([]split, b.columns)}
	g.hists = histograms{counted: p.MinRows > 1}
	for _, m := range b.mappers {
		g.hists.bins = append(g.hists.bins, m.bins)
	}
	if !slices.ContainsFunc(monotone, func(d int8) bool { return d != 0 }) {
		g.monotone = nil
	}
	g.order, g.scratch = make([]uint32, 0, b.rows), make([]uint32, b.rows)
	return g
}

// grow makes a tree over rows, always splitting the leaf that gains most (leaf-wise, as LightGBM does). Its leaves have no values yet.
func (g *grower) grow(ctx context.Context, rows []uint32, used []int) (*tree, error) {
	g.order, g.used, g.telling = append(g.order[:0], rows...), used, g.b.telling(used)
	g.search = newSearch(g.p, g.b, g.monotone, g.grads.units())
	g.tree = &tree{nodes: []node{{feature: leafNode}}, tables: []*[256]uint8{nil}}
	root := &leafState{to: len(rows), low: math.Inf(-1), high: math.Inf(1)}
	root.hist = g.hists.build(g.b, g.grads.packed, g.order, g.telling, g.w)
	for _, r := range rows {
		root.sum += g.grads.packed[r]
	}
	g.look(root)
	g.leaves = append(g.leaves[:0], root)
	for len(g.leaves) < g.p.Leaves {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		i := g.best()
		if i < 0 {
			break
		}
		left, right := g.part(g.leaves[i])
		g.leaves[i] = left
		g.leaves = append(g.leaves, right)
		if len(g.leaves) < g.p.Leaves {
			g.look(left)
			g.look(right)
		}
	}
	for _, l := range g.leaves {
		g.hists.give(l.hist)
		l.hist = nil
	}
	return g.tree, nil
}

// best is the leaf that gains most, the first of equals, or -1.
func (g *grower) best() int {
	at, gain := -1, 0.0
	for i, l := range g.leaves {
		if l.best.gain > gain {
			at, gain = i, l.best.gain
		}
	}
	return at
}

// seen are the columns that a leaf may be split by, rising; nil means all.
func (g *grower) seen(l *leafState) []int {
	if g.p.SplitShare == 1 {
		return g.used
	}
	n := g.b.columns
	if g.used != nil {
		n = len(g.used)
	}
	rng := rand.New(rand.NewPCG(g.p.Seed, uint64(g.round)<<32|uint64(l.node)+1))
	want := max(1, int(math.Round(g.p.SplitShare*float64(n))))
	var out []int
	for i := range n {
		if rng.IntN(n-i) >= want-len(out) {
			continue
		}
		f := i
		if g.used != nil {
			f = g.used[i]
		}
		out = append(out, f)
	}
	return out
}

// look finds the best split of a leaf.
func (g *grower) look(l *leafState) {
	l.best = split{}
	if deepest := g.p.MaxDepth; l.depth >= mostDepth || deepest > 0 && l.depth >= deepest || l.to-l.from < max(2, 2*g.p.MinRows) {
		return
	}
	seen := g.seen(l)
	n := g.b.columns
	if seen != nil {
		n = len(seen)
	}
	w := g.w
	if n*(l.to-l.from) < chunkRows {
		w = 1
	}
	w.each(n, func(_, i int) {
		f := i
		if seen != nil {
			f = seen[i]
		}
		g.found[i] = g.search.feature(f, l)
	})
	for _, s := range g.found[:n] {
		if s.gain > l.best.gain {
			l.best = s
		}
	}
}

// part splits a leaf in two: the smaller one's histogram is built, the other one is what is left of the parent's.
func (g *grower) part(l *leafState) (left, right *leafState) {
	table := l.best.table()
	at := l.from + g.partition(g.order[l.from:l.to], g.scratch, g.b.byColumn[l.best.feature], table)
	g.settle(l, at, table)
	first := len(g.tree.nodes) - 2
	left = &leafState{node: first, depth: l.depth + 1, from: l.from, to: at, sum: l.best.left, low: l.low, high: l.high}
	right = &leafState{node: first + 1, depth: l.depth + 1, from: at, to: l.to, sum: l.sum - l.best.left, low: l.low, high: l.high}
	if g.monotone != nil {
		switch g.monotone[l.best.feature] {
		case 1:
			left.high, right.low = l.best.mid, l.best.mid
		case -1:
			left.low, right.high = l.best.mid, l.best.mid
		}
	}
	if len(g.leaves)+1 >= g.p.Leaves {
		left.hist, right.hist = l.hist, g.hists.take()
		return left, right
	}
	small, large := left, right
	if right.to-right.from < left.to-left.from {
		small, large = right, left
	}
	small.hist = g.hists.build(g.b, g.grads.packed, g.order[small.from:small.to], g.telling, g.w)
	large.hist = l.hist
	large.hist.subtract(small.hist)
	return left, right
}

// settle writes the split into the tree. Where missing was not seen it goes to the larger side.
func (g *grower) settle(l *leafState, at int, table *[256]uint8) {
	s := &l.best
	missing := l.hist.sums[s.feature][missingBin] != 0
	if !missing && l.hist.counts != nil {
		missing = l.hist.counts[s.feature][missingBin] > 0
	}
	if !missing {
		s.missingLeft = at-l.from >= l.to-at
		table[missingBin] = bit(s.missingLeft)
	}
	n := &g.tree.nodes[l.node]
	n.feature, n.left, n.gain, n.missingLeft = int32(s.feature), int32(len(g.tree.nodes)), s.gain, s.missingLeft
	m := g.b.mappers[s.feature]
	if s.set != nil {
		n.set = codesLeft(m, table)
	} else {
		n.threshold = m.bounds[s.bin]
	}
	g.tree.tables[l.node] = table
	g.tree.nodes = append(g.tree.nodes, node{feature: leafNode}, node{feature: leafNode})
	g.tree.tables = append(g.tree.tables, nil, nil)
}

// table says for each bin whether it goes left.
func (s *split) table() *[256]uint8 {
	t := &[256]uint8{}
	for b := range t {
		if s.set != nil {
			t[b] = uint8(s.set[b>>6] >> (b & 63) & 1)
		} else {
			t[b] = bit(b <= s.bin)
		}
	}
	t[missingBin] = bit(s.missingLeft)
	return t
}

// codesLeft is the set as codes of the schema. A category without rows goes where missing goes.
func codesLeft(m *mapper, table *[256]uint8) []uint64 {
	set := make([]uint64, (len(m.byCode)+63)/64)
	for code, b := range m.byCode {
		set[code>>6] |= uint64(table[b]) << (code & 63)
	}
	return set
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
