package gbdt

import (
	"cmp"
	"math"
	"slices"
)

const (
	// oneLevel is up to how many categories a split takes out a single one; beyond it takes sets, as LightGBM's max_cat_to_onehot.
	oneLevel = 4
	// categorySmooth steadies the order of categories that have few rows; setMost bounds a set. LightGBM's cat_smooth and max_cat_threshold.
	categorySmooth, setMost = 10.0, 32
)

// set is a set of bins.
type set [4]uint64

func (s *set) add(bin uint8) { s[bin>>6] |= 1 << (bin & 63) }

func (s *set) has(bin uint8) bool { return s[bin>>6]>>(bin&63)&1 == 1 }

// split is a way to cut a leaf in two.
type split struct {
	gain   float64
	column int
	// bin: of numbers, this bin and those before it go left.
	bin uint8
	// levels: of categories, these go left; isSet says that it counts.
	levels set
	isSet  bool
	// missingLeft says where missing values go.
	missingLeft bool
	left, right gradient
}

// finder looks for the best split of a leaf.
type finder struct {
	p        Params
	b        *binned
	monotone []int
	// missing says of each column whether a row of training has no value.
	missing []bool
}

// bounds are what a leaf's value must lie within, for monotone columns.
type bounds struct{ low, high float64 }

// shrunk draws a sum of gradients to zero by L1.
func shrunk(g, l1 float64) float64 {
	switch {
	case g > l1:
		return g - l1
	case g < -l1:
		return g + l1
	}
	return 0
}

// value is what a leaf with these sums adds to the score, before the learning rate.
func (f *finder) value(s gradient, l2 float64, in bounds) float64 {
	if s.h+l2 <= 0 {
		return 0
	}
	return min(max(-shrunk(s.g, f.p.L1)/(s.h+l2), in.low), in.high)
}

// score is by how much twice the loss falls when a leaf has its value.
func (f *finder) score(s gradient, l2 float64, in bounds) float64 {
	if math.IsInf(in.low, -1) && math.IsInf(in.high, 1) {
		if s.h+l2 <= 0 {
			return 0
		}
		g := shrunk(s.g, f.p.L1)
		return g * g / (s.h + l2)
	}
	v := f.value(s, l2, in)
	return -(2*s.g*v + (s.h+l2)*v*v + 2*f.p.L1*math.Abs(v))
}

// best finds the split with the largest gain; of equal ones the first column's, and its lowest.
func (f *finder) best(h histogram, l *leaf, columns []bool) split {
	found := make([]split, f.b.columns)
	each(f.p.Workers, f.b.columns, func(j int) {
		if columns[j] {
			if f.b.levels[j] > 0 {
				f.categories(h, j, l, &found[j])
			} else {
				f.numbers(h, j, l, &found[j])
			}
		}
	})
	best := split{}
	for i := range found {
		if found[i].gain > best.gain {
			best = found[i]
		}
	}
	return best
}

// least is how much hessian a side of a split has at least: rows are told by their share of it, rounded.
func (f *finder) least(l *leaf) float64 {
	return max(f.p.MinLeafHessian, (float64(f.p.MinLeafRows)-.5)*l.sum.h/float64(l.rows()))
}

// try takes a candidate when it is better and allowed.
func (f *finder) try(s *split, l *leaf, c split, l2 float64) {
	if least := f.least(l); c.left.h < least || c.right.h < least {
		return
	}
	if m := f.monotone[c.column]; m != 0 {
		left, right := f.value(c.left, l2, l.in), f.value(c.right, l2, l.in)
		if m > 0 && left > right || m < 0 && left < right {
			return
		}
	}
	gain := f.score(c.left, l2, l.in) + f.score(c.right, l2, l.in) - l.score
	if gain > f.p.MinGain && gain > s.gain && gain > 1e-12*math.Abs(l.score) {
		c.gain = gain
		*s = c
	}
}

func minus(a, b gradient) gradient { return gradient{a.g - b.g, a.h - b.h} }

func plus(a, b gradient) gradient { return gradient{a.g + b.g, a.h + b.h} }

// numbers tries every cut, with missing values on either side, and missing values against the rest.
func (f *finder) numbers(h histogram, j int, l *leaf, s *split) {
	cells := h.column(j)
	missing := gradient{}
	if f.missing[j] {
		missing = cells[missingBin]
	}
	last := len(f.b.cuts[j]) // the bin behind the last cut
	if !f.missing[j] && f.p.L1 == 0 && f.monotone[j] == 0 && math.IsInf(l.in.low, -1) && math.IsInf(l.in.high, 1) {
		f.plain(cells[:last], j, l, s)
		return
	}
	left := gradient{}
	for bin := 0; bin <= last; bin++ {
		left = plus(left, cells[bin])
		if bin == last && !f.missing[j] {
			break
		}
		f.try(s, l, split{column: j, bin: uint8(bin), left: left, right: minus(l.sum, left)}, f.p.L2)
		if f.missing[j] && bin < last {
			with := plus(left, missing)
			f.try(s, l, split{column: j, bin: uint8(bin), missingLeft: true, left: with, right: minus(l.sum, with)}, f.p.L2)
		}
	}
}

// plain is numbers where nothing is missing, drawn to zero or constrained: it computes the same gains and looks only at what may be the best.
func (f *finder) plain(cells []gradient, j int, l *leaf, s *split) {
	least, left, best, at := f.least(l), gradient{}, l.score, -1
	var found gradient
	for bin, c := range cells {
		left = plus(left, c)
		right := minus(l.sum, left)
		if left.h < least || right.h < least {
			continue
		}
		if gain := left.g*left.g/(left.h+f.p.L2) + right.g*right.g/(right.h+f.p.L2); gain > best {
			best, at, found = gain, bin, left
		}
	}
	if at >= 0 {
		f.try(s, l, split{column: j, bin: uint8(at), left: found, right: minus(l.sum, found)}, f.p.L2)
	}
}

// categories tries sets of levels; missing values are a level of their own.
func (f *finder) categories(h histogram, j int, l *leaf, s *split) {
	cells := h.column(j)
	var bins []uint8
	for bin := range f.b.levels[j] {
		if cells[bin].h > 0 {
			bins = append(bins, uint8(bin))
		}
	}
	if f.missing[j] && cells[missingBin].h > 0 {
		bins = append(bins, missingBin)
	}
	if len(bins) < 2 {
		return
	}
	if len(bins) <= oneLevel {
		for _, bin := range bins {
			c := split{column: j, isSet: true, left: cells[bin], right: minus(l.sum, cells[bin]), missingLeft: bin == missingBin}
			c.levels.add(bin)
			f.try(s, l, c, f.p.L2)
		}
		return
	}
	slices.SortFunc(bins, func(a, b uint8) int {
		x, y := &cells[a], &cells[b]
		return cmp.Or(cmp.Compare(x.g/(x.h+categorySmooth), y.g/(y.h+categorySmooth)), cmp.Compare(a, b))
	})
	for range 2 { // from either end
		c := split{column: j, isSet: true}
		for _, bin := range bins[:min(setMost, len(bins)-1)] {
			c.left = plus(c.left, cells[bin])
			c.levels.add(bin)
			c.missingLeft = c.missingLeft || bin == missingBin
			c.right = minus(l.sum, c.left)
			f.try(s, l, c, f.p.L2+f.p.CategoryL2)
		}
		slices.Reverse(bins)
	}
}
