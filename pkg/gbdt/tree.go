package gbdt

import "math"

// Tree is a tree as arrays over its nodes; node 0 is the root, and children come behind their parent.
type Tree struct {
	// Left and Right are children; 0 at a leaf.
	Left, Right []int32
	// Column is what a node looks at, by its place in the model's schema.
	Column []int32
	// Cut: numbers below it go left. At a node of categories it is NaN.
	Cut []float64
	// MissingLeft says where missing values go.
	MissingLeft []bool
	// Levels are the categories that go left, nil at a node of numbers.
	Levels [][]int32
	// Value is what a leaf adds to the score.
	Value []float64
	// Cover is the hessian of the rows of training that came through.
	Cover []float64
	// Gain is what a split gained.
	Gain []float64
}

// add appends a leaf.
func (t *Tree) add() int {
	t.Left, t.Right, t.Column = append(t.Left, 0), append(t.Right, 0), append(t.Column, 0)
	t.Cut, t.MissingLeft, t.Levels = append(t.Cut, 0), append(t.MissingLeft, false), append(t.Levels, nil)
	t.Value, t.Cover, t.Gain = append(t.Value, 0), append(t.Cover, 0), append(t.Gain, 0)
	return len(t.Left) - 1
}

// split makes a leaf a node with two leaves.
func (t *Tree) split(node int, s *split, b *binned, cover float64) (left, right int) {
	left, right = t.add(), t.add()
	t.Left[node], t.Right[node], t.Column[node] = int32(left), int32(right), int32(s.column)
	t.MissingLeft[node], t.Cover[node], t.Gain[node], t.Value[node] = s.missingLeft, cover, s.gain, 0
	if s.isSet {
		t.Cut[node] = math.NaN()
		t.Levels[node] = []int32{}
		for bin := range b.levels[s.column] {
			if s.levels.has(uint8(bin)) {
				t.Levels[node] = append(t.Levels[node], int32(bin))
			}
		}
		return left, right
	}
	cuts := b.cuts[s.column]
	if int(s.bin) < len(cuts) {
		t.Cut[node] = cuts[s.bin]
	} else {
		t.Cut[node] = math.Inf(1) // all numbers against missing
	}
	return left, right
}

// goesLeft says which way a value goes at a node.
func (t *Tree) goesLeft(node int32, v float64, levels int) bool {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return t.MissingLeft[node]
	}
	if t.Levels[node] == nil {
		return v < t.Cut[node]
	}
	if v < 0 || int(v) >= levels {
		return t.MissingLeft[node]
	}
	for _, l := range t.Levels[node] {
		if l == int32(v) {
			return true
		}
	}
	return false
}
