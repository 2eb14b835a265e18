package gbdt

// leafNode is the feature of a leaf.
const leafNode = -1

// mostDepth is how deep a tree may be: what explains a row works on a copy of the path at each step.
const mostDepth = 512

// node of a tree. A row goes left when its value is missing and missingLeft, or is not missing and at most threshold (numeric)
// or in set (categorical). The right child stands after the left one.
type node struct {
	// feature is the column that is asked, leafNode for a leaf.
	feature int32
	// left is the left child's place in the tree.
	left        int32
	missingLeft bool
	threshold   float64
	// set has a bit for each code; nil for a numeric split.
	set []uint64
	// value is what a leaf adds to the score.
	value float64
	// cover is the sum of second derivatives of the rows that came by, gain what the split brought.
	cover, gain float64
}

// tree is nodes, the root first; a child comes after its parent.
type tree struct {
	nodes []node
	// tables has for each split which bins go left, while training.
	tables []*[256]uint8
}

// goes says whether x goes left.
func (n *node) goes(x float64) bool {
	if n.set == nil {
		if x != x {
			return n.missingLeft
		}
		return x <= n.threshold
	}
	if !(x >= 0 && x < float64(64*len(n.set))) {
		return n.missingLeft
	}
	code := uint(x)
	return n.set[code>>6]>>(code&63)&1 == 1
}

// leaf is where a row ends.
func (t *tree) leaf(row []float64) *node {
	n := &t.nodes[0]
	for n.feature >= 0 {
		if n.goes(row[n.feature]) {
			n = &t.nodes[n.left]
		} else {
			n = &t.nodes[n.left+1]
		}
	}
	return n
}

// binnedLeaf is where a binned row ends.
func (t *tree) binnedLeaf(row []uint8) *node {
	i := int32(0)
	for t.nodes[i].feature >= 0 {
		n := &t.nodes[i]
		i = n.left + 1 - int32(t.tables[i][row[n.feature]])
	}
	return &t.nodes[i]
}

// finish sums covers from the leaves up.
func (t *tree) finish() {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		if n := &t.nodes[i]; n.feature >= 0 {
			n.cover = t.nodes[n.left].cover + t.nodes[n.left+1].cover
		}
	}
}
