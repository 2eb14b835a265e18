package gbdt

import (
	"math"
	"sync"
)

// scorer is the trees as flat arrays. A row is first made wide, of what the trees ask for and nothing else: values with missing as -Inf, which is at most every
// threshold and goes left; values as they are, where NaN is at most nothing and goes right; then for each categorical split 0 for
// left, 1 for right. So every split is one comparison, and a step down is arithmetic without a branch. A leaf leads to itself, and
// four walks go side by side so that one waits for memory while the others compute.
type scorer struct {
	nodes  []flat
	values []float64
	roots  []uint32
	depths []uint8
	places []place
	sets   []flatSet
	// large is set when a tree or a wide row has more than 256 places: then the trees are walked as they are.
	large bool
	// scratch has *wideRows.
	scratch *sync.Pool
}

// flat is a node: it asks the wide row for feature and goes to right, or to the node before it.
type flat struct {
	threshold      float64
	feature, right uint8
}

// place is a number of a wide row: a feature's, with missing as -Inf where low is set.
type place struct {
	feature int32
	low     bool
}

// flatSet is a categorical split.
type flatSet struct {
	feature     int32
	missingLeft bool
	set         []uint64
}

// blockRows wide rows stay in a near cache while all trees look at them.
const blockRows = 16

type wideRows [blockRows][256]float64

// compile makes the flat arrays; trees must be sound.
func (m *Model) compile() {
	s := scorer{scratch: &sync.Pool{New: func() any { return &wideRows{} }}}
	places := s.layPlaces(m)
	known := map[string]int{}
	for i := range m.trees {
		s.large = s.large || len(m.trees[i].nodes) > 256 || len(s.places)+len(s.sets) > 256
		if !s.large {
			s.addTree(m.trees[i].nodes, places, known)
		}
	}
	s.large = s.large || len(s.places)+len(s.sets) > 256
	if s.large {
		s.nodes, s.values, s.roots, s.depths, s.places, s.sets = nil, nil, nil, nil, nil, nil
	}
	// Trees that add nothing make their number one of fours; what is behind the last one is never walked to.
	for !s.large && len(s.depths)%4 != 0 {
		s.addTree([]node{{feature: leafNode}}, places, known)
	}
	s.nodes = append(s.nodes, make([]flat, 256)...)
	s.values = append(s.values, make([]float64, 256)...)
	m.fast = s
}

// layPlaces finds which numbers the splits ask for, and gives each its place. The first is no NaN, whatever the row: leaves ask it, and go to themselves.
func (s *scorer) layPlaces(m *Model) map[place]int {
	s.places = []place{{0, true}}
	at := map[place]int{s.places[0]: 0}
	for i := range m.trees {
		for _, n := range m.trees[i].nodes {
			p := place{n.feature, n.missingLeft}
			if _, ok := at[p]; !ok && n.feature >= 0 && n.set == nil {
				at[p] = len(s.places)
				s.places = append(s.places, p)
			}
		}
	}
	return at
}

func (s *scorer) addTree(nodes []node, places map[place]int, known map[string]int) {
	s.roots = append(s.roots, uint32(len(s.nodes)))
	depths, deepest := make([]int, len(nodes)), 0
	for i := range nodes {
		n := &nodes[i]
		f := flat{threshold: math.Inf(1), right: uint8(i + 1)}
		if n.feature >= 0 {
			depths[n.left], depths[n.left+1] = depths[i]+1, depths[i]+1
			deepest = max(deepest, depths[i]+1)
			f = flat{threshold: n.threshold, right: uint8(n.left + 1)}
			if n.set != nil {
				f.feature, f.threshold = uint8(len(s.places)+s.setOf(n, known)), .5
			} else {
				f.feature = uint8(places[place{n.feature, n.missingLeft}])
			}
		}
		s.nodes = append(s.nodes, f)
		s.values = append(s.values, n.value)
	}
	s.depths = append(s.depths, uint8(deepest))
}

// setOf gives equal categorical splits one place.
func (s *scorer) setOf(n *node, known map[string]int) int {
	key := appendSet([]byte{byte(n.feature), byte(n.feature >> 8), byte(n.feature >> 16), byte(n.feature >> 24), bit(n.missingLeft)}, n.set)
	at, ok := known[string(key)]
	if !ok {
		at = len(s.sets)
		known[string(key)] = at
		s.sets = append(s.sets, flatSet{feature: n.feature, missingLeft: n.missingLeft, set: n.set})
	}
	return at
}

// widen writes a row as the trees read it.
func (s *scorer) widen(row, wide []float64) {
	wide = wide[:len(s.places)+len(s.sets)]
	for i, p := range s.places {
		v := row[p.feature]
		if p.low && v != v {
			v = math.Inf(-1)
		}
		wide[i] = v
	}
	for i := range s.sets {
		n := &s.sets[i]
		asked := node{set: n.set, missingLeft: n.missingLeft}
		wide[len(s.places)+i] = float64(1 - bit(asked.goes(row[n.feature])))
	}
}

// left is 1 when x is at most t.
func left(x, t float64) uint8 {
	if x <= t {
		return 1
	}
	return 0
}

// sameTree goes down one tree by eight wide rows. Arrays of 256 are indexed by a byte without a check, and rows side by side need
// one register.
func sameTree(n *[256]flat, w *[8][256]float64, depth uint8) (i0, i1, i2, i3, i4, i5, i6, i7 uint8) {
	for ; depth > 0; depth-- {
		i0 = n[i0].right - left(w[0][n[i0].feature], n[i0].threshold)
		i1 = n[i1].right - left(w[1][n[i1].feature], n[i1].threshold)
		i2 = n[i2].right - left(w[2][n[i2].feature], n[i2].threshold)
		i3 = n[i3].right - left(w[3][n[i3].feature], n[i3].threshold)
		i4 = n[i4].right - left(w[4][n[i4].feature], n[i4].threshold)
		i5 = n[i5].right - left(w[5][n[i5].feature], n[i5].threshold)
		i6 = n[i6].right - left(w[6][n[i6].feature], n[i6].threshold)
		i7 = n[i7].right - left(w[7][n[i7].feature], n[i7].threshold)
		// A leaf stays where it is: right is the place after it.
		if depth&3 == 0 && n[i0].right == i0+1 && n[i1].right == i1+1 && n[i2].right == i2+1 && n[i3].right == i3+1 &&
			n[i4].right == i4+1 && n[i5].right == i5+1 && n[i6].right == i6+1 && n[i7].right == i7+1 {
			break
		}
	}
	return i0, i1, i2, i3, i4, i5, i6, i7
}

// sameRow goes down four trees by one wide row.
func sameRow(n0, n1, n2, n3 *[256]flat, w *[256]float64, depth uint8) (i0, i1, i2, i3 uint8) {
	for ; depth > 0; depth-- {
		i0 = n0[i0].right - left(w[n0[i0].feature], n0[i0].threshold)
		i1 = n1[i1].right - left(w[n1[i1].feature], n1[i1].threshold)
		i2 = n2[i2].right - left(w[n2[i2].feature], n2[i2].threshold)
		i3 = n3[i3].right - left(w[n3[i3].feature], n3[i3].threshold)
		if depth&3 == 0 && n0[i0].right == i0+1 && n1[i1].right == i1+1 && n2[i2].right == i2+1 && n3[i3].right == i3+1 {
			break
		}
	}
	return i0, i1, i2, i3
}

func (s *scorer) tree(t int) *[256]flat { return (*[256]flat)(s.nodes[s.roots[t]:]) }

// slow scores a row of a model that is too large for bytes.
func slow(m *Model, row []float64) float64 {
	score := m.Base
	for i := range m.trees {
		score += m.trees[i].leaf(row).value
	}
	return score
}

// one scores a row, four trees at a time; their leaves are added in the trees' order, as batch does.
func (s *scorer) one(m *Model, row []float64) float64 {
	if s.large {
		return slow(m, row)
	}
	scratch := s.scratch.Get().(*wideRows)
	w := &scratch[0]
	s.widen(row, w[:])
	score := m.Base
	for t := 0; t < len(s.depths); t += 4 {
		d := s.depths[t : t+4]
		i0, i1, i2, i3 := sameRow(s.tree(t), s.tree(t+1), s.tree(t+2), s.tree(t+3), w, max(d[0], d[1], d[2], d[3]))
		r := s.roots[t : t+4]
		score += s.values[r[0]+uint32(i0)]
		score += s.values[r[1]+uint32(i1)]
		score += s.values[r[2]+uint32(i2)]
		score += s.values[r[3]+uint32(i3)]
	}
	s.scratch.Put(scratch)
	return score
}

// batch scores rows block by block; the last rows one by one.
func (s *scorer) batch(m *Model, rows, out []float64) {
	f := len(m.Features)
	if !s.large {
		scratch := s.scratch.Get().(*wideRows)
		defer s.scratch.Put(scratch)
		for len(out) >= blockRows {
			for i := range blockRows {
				s.widen(rows[i*f:i*f+f], scratch[i][:])
				out[i] = m.Base
			}
			s.block(scratch, out[:blockRows])
			rows, out = rows[blockRows*f:], out[blockRows:]
		}
	}
	for i := range out {
		out[i] = s.one(m, rows[i*f:i*f+f])
	}
}

// block adds all trees' leaves for the wide rows.
func (s *scorer) block(w *wideRows, out []float64) {
	for t, d := range s.depths {
		n, values := s.tree(t), (*[256]float64)(s.values[s.roots[t]:])
		for i := 0; i+8 <= len(out); i += 8 {
			o := out[i : i+8]
			i0, i1, i2, i3, i4, i5, i6, i7 := sameTree(n, (*[8][256]float64)(w[i:i+8]), d)
			o[0] += values[i0]
			o[1] += values[i1]
			o[2] += values[i2]
			o[3] += values[i3]
			o[4] += values[i4]
			o[5] += values[i5]
			o[6] += values[i6]
			o[7] += values[i7]
		}
	}
}
