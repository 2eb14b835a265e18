package rule

import (
	"slices"
	"strings"
)

// nodeKind is what a node of a tree does.
type nodeKind int

const (
	nodeLeaf nodeKind = iota
	nodeAnd
	nodeOr
	nodeNot
)

// node is a boolean tree over the leaves of a Set.
type node struct {
	kind nodeKind
	leaf int // nodeLeaf: the place in Set.leaves
	kids []node
}

// holds evaluates the tree over the leaves' values.
func (n node) holds(value func(leaf int) bool) bool {
	switch n.kind {
	case nodeLeaf:
		return value(n.leaf)
	case nodeNot:
		return !n.kids[0].holds(value)
	default:
		for _, k := range n.kids {
			if k.holds(value) == (n.kind == nodeOr) {
				return n.kind == nodeOr
			}
		}
		return n.kind == nodeAnd
	}
}

// collect appends the leaves of the tree, each once.
func (n node) collect(into []int) []int {
	if n.kind == nodeLeaf && !slices.Contains(into, n.leaf) {
		into = append(into, n.leaf)
	}
	for _, k := range n.kids {
		into = k.collect(into)
	}
	return into
}

// text writes the tree in its normal form.
func (n node) text(leaves []leaf, b *strings.Builder) {
	switch n.kind {
	case nodeLeaf:
		b.WriteString(leaves[n.leaf].String())
		return
	case nodeNot:
		b.WriteString("!(")
		n.kids[0].text(leaves, b)
		b.WriteString(")")
		return
	}
	join := "&&"
	if n.kind == nodeOr {
		join = "||"
	}
	b.WriteString("(")
	for i, k := range n.kids {
		if i > 0 {
			b.WriteString(join)
		}
		k.text(leaves, b)
	}
	b.WriteString(")")
}
