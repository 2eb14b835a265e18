package gbdt

import (
	"math"
	"sync"
)

// scorer is the trees as flat arrays. A row is first made wide: its values with missing as -Inf, which is at most every threshold
// and goes left; then its values as they are, where NaN is at most nothing and goes right; then for each categorical split 0 for
// left, 1 for right. So every split is one comparison, and a step down is arithmetic without a branch. A leaf leads to itself, and
// four walks go side by side so that one waits for memory while the others compute.
type scorer struct {
	nodes  []flat
	values []float64
	roots  []uint32
	depths []uint8
	sets   []flatSet
	width  int
	// scratch has the wide rows, blockRows of them.
	scratch *sync.Pool
}

// flat is a node: it asks the wide row for feature and goes to left, or to the node after it.
type flat struct {
	threshold     float64
	feature, left uint32
}

// flatSet is a categorical split.
type flatSet struct {
	feature     int32
	missingLeft bool
	set         []uint64
}

// blockRows wide rows stay in the nearest cache while all trees look at them.
const blockRows = 32

// compile makes the flat arrays; trees must be sound (see checkTree).
func (m *Model) compile() {
	s := scorer{}
	known := map[string]uint32{}
	for i := range m.trees {
		s.addTree(m.trees[i].nodes, uint32(len(m.Features)), known)
	}
	s.width = 2*len(m.Features) + len(s.sets)
	width := s.width
	s.scratch = &sync.Pool{New: func() any {
		b := make([]float64, blockRows*width)
		return &b
	}}
	m.fast = s
}

func (s *scorer) addTree(nodes []node, features uint32, known map[string]uint32) {
	root := uint32(len(s.nodes))
	s.roots = append(s.roots, root)
	depths, deepest := make([]int, len(nodes)), 0
	for i := range nodes {
		n := &nodes[i]
		f := flat{threshold: math.Inf(1), left: root + uint32(i)}
		if n.feature >= 0 {
			depths[n.left], depths[n.left+1] = depths[i]+1, depths[i]+1
			deepest = max(deepest, depths[i]+1)
			f = flat{threshold: n.threshold, feature: uint32(n.feature), left: root + uint32(n.left)}
			switch {
			case n.set != nil:
				f.feature, f.threshold = 2*features+s.setOf(n, known), .5
			case !n.missingLeft:
				f.feature += features
			}
		}
		s.nodes = append(s.nodes, f)
		s.values = append(s.values, n.value)
	}
	s.depths = append(s.depths, uint8(min(deepest, math.MaxUint8)))
}

// setOf gives equal categorical splits one place.
func (s *scorer) setOf(n *node, known map[string]uint32) uint32 {
	key := appendSet([]byte{byte(n.feature), byte(n.feature >> 8), byte(n.feature >> 16), byte(n.feature >> 24), bit(n.missingLeft)}, n.set)
	at, ok := known[string(key)]
	if !ok {
		at = uint32(len(s.sets))
		known[string(key)] = at
		s.sets = append(s.sets, flatSet{feature: n.feature, missingLeft: n.missingLeft, set: n.set})
	}
	return at
}

// widen writes a row as the trees read it.
func (s *scorer) widen(row, wide []float64) {
	f := len(row)
	low, raw := wide[:f], wide[f:2*f]
	raw = raw[:len(low)]
	for i, v := range row {
		raw[i] = v
		if v != v {
			v = math.Inf(-1)
		}
		low[i] = v
	}
	for i := range s.sets {
		n := &s.sets[i]
		left := node{set: n.set, missingLeft: n.missingLeft}
		wide[2*f+i] = float64(1 - bit(left.goes(row[n.feature])))
	}
}

// right is 1 when x is above t or is missing.
func right(x, t float64) uint32 {
	if x <= t {
		return 0
	}
	return 1
}

// walk goes down from four places by four wide rows, depth steps.
func walk(nodes []flat, w0, w1, w2, w3 []float64, at [4]uint32, depth uint8) [4]uint32 {
	i0, i1, i2, i3 := at[0], at[1], at[2], at[3]
	for ; depth > 0; depth-- {
		n0, n1, n2, n3 := &nodes[i0], &nodes[i1], &nodes[i2], &nodes[i3]
		i0 = n0.left + right(w0[n0.feature], n0.threshold)
		i1 = n1.left + right(w1[n1.feature], n1.threshold)
		i2 = n2.left + right(w2[n2.feature], n2.threshold)
		i3 = n3.left + right(w3[n3.feature], n3.threshold)
	}
	return [4]uint32{i0, i1, i2, i3}
}

// deeper goes on where a tree is deeper than a byte can say.
func (s *scorer) deeper(at uint32, wide []float64) uint32 {
	for {
		n := &s.nodes[at]
		next := n.left + right(wide[n.feature], n.threshold)
		if next == at {
			return at
		}
		at = next
	}
}

func (s *scorer) leafValue(at uint32, wide []float64, depth uint8) float64 {
	if depth == math.MaxUint8 {
		at = s.deeper(at, wide)
	}
	return s.values[at]
}

// one scores a row, four trees at a time; their leaves are added in the trees' order, as batch does.
func (s *scorer) one(m *Model, row []float64) float64 {
	scratch := s.scratch.Get().(*[]float64)
	wide := (*scratch)[:s.width]
	s.widen(row, wide)
	score := m.Base
	t := 0
	for ; t+4 <= len(s.roots); t += 4 {
		d := s.depths[t : t+4]
		at := [4]uint32{s.roots[t], s.roots[t+1], s.roots[t+2], s.roots[t+3]}
		at = walk(s.nodes, wide, wide, wide, wide, at, max(d[0], d[1], d[2], d[3]))
		for k, i := range at {
			score += s.leafValue(i, wide, d[k])
		}
	}
	for ; t < len(s.roots); t++ {
		score += s.values[s.deeper(s.roots[t], wide)]
	}
	s.scratch.Put(scratch)
	return score
}

// batch scores rows block by block; the last rows one by one.
func (s *scorer) batch(m *Model, rows, out []float64) {
	f := len(m.Features)
	scratch := s.scratch.Get().(*[]float64)
	defer s.scratch.Put(scratch)
	for len(out) >= 4 {
		n := min(blockRows, len(out)&^3)
		for i := range n {
			s.widen(rows[i*f:i*f+f], (*scratch)[i*s.width:(i+1)*s.width])
			out[i] = m.Base
		}
		for i := 0; i < n; i += 4 {
			s.four((*scratch)[i*s.width:(i+4)*s.width], out[i:i+4])
		}
		rows, out = rows[n*f:], out[n:]
	}
	for i := range out {
		out[i] = s.one(m, rows[i*f:i*f+f])
	}
}

// four adds all trees' leaves for four wide rows.
func (s *scorer) four(wide, out []float64) {
	w := s.width
	w0, w1, w2, w3 := wide[:w], wide[w:2*w], wide[2*w:3*w], wide[3*w:4*w]
	o0, o1, o2, o3 := out[0], out[1], out[2], out[3]
	for t, root := range s.roots {
		d := s.depths[t]
		at := walk(s.nodes, w0, w1, w2, w3, [4]uint32{root, root, root, root}, d)
		o0 += s.leafValue(at[0], w0, d)
		o1 += s.leafValue(at[1], w1, d)
		o2 += s.leafValue(at[2], w2, d)
		o3 += s.leafValue(at[3], w3, d)
	}
	out[0], out[1], out[2], out[3] = o0, o1, o2, o3
}
