package gbdt

import "math"

// split is the best way found to part a leaf.
type split struct {
	// gain is how much it lowers the loss, by its second-order approximation; 0 means there is no split.
	gain    float64
	feature int
	// bin is the last one that goes left, of a numeric feature; missingLeft where missing goes.
	bin         int
	missingLeft bool
	// set are the bins that go left, of a categorical feature.
	set *[4]uint64
	// left is what the left side sums to.
	left int64
	// mid is between the values of the two sides: their bound where a feature is monotone.
	mid float64
}

// leafState is a leaf while the tree grows: rows order[from:to].
type leafState struct {
	node, depth int
	from, to    int
	sum         int64
	// low and high bound its value and those of all that comes below it.
	low, high float64
	hist      *histogram
	best      split
}

// search looks for splits.
type search struct {
	p         Params
	units     units
	minWeight float64
	mappers   []*mapper
	monotone  []int8
}

func newSearch(p Params, b *binned, monotone []int8, u units) *search {
	// Half a step is above nothing: each side keeps some weight, so that nothing is divided by zero.
	return &search{p: p, units: u, minWeight: max(p.MinWeight, u.h/2), mappers: b.mappers, monotone: monotone}
}

// score is how much a leaf lowers the loss, doubled: T(G)^2 / (H + L2), T shrinking by L1 (XGBoost's paper, formula 6, with L1).
func (s *search) score(g, h float64) float64 {
	t := shrink(g, s.p.L1)
	return t * t / (h + s.p.L2)
}

func shrink(g, l1 float64) float64 {
	if l1 == 0 {
		return g
	}
	if a := math.Abs(g) - l1; a > 0 {
		return math.Copysign(a, g)
	}
	return 0
}

// value is what a leaf adds to the score before the learning rate.
func (s *search) value(g, h, low, high float64) float64 {
	if !(h+s.p.L2 > 0) {
		return min(max(0, low), high)
	}
	return min(max(-shrink(g, s.p.L1)/(h+s.p.L2), low), high)
}

// scoreAt is score for a leaf whose value is held by a bound.
func (s *search) scoreAt(g, h, value float64) float64 {
	return -(2*shrink(g, s.p.L1)*value + (h+s.p.L2)*value*value)
}

// feature gives the best split of l by feature f.
func (s *search) feature(f int, l *leafState) split {
	best := split{feature: f}
	scan := scanner{search: s, leaf: l, best: &best, f: f, bounded: s.monotone != nil, l2: s.p.L2}
	scan.parent = s.parent(l)
	scan.margin = max(s.p.MinGain, 1e-10*math.Abs(scan.parent))
	if l.hist.counts != nil {
		scan.counts = &l.hist.counts[f]
	}
	switch {
	case s.mappers[f].kind == Categorical:
		scan.categories()
	case scan.bounded || scan.counts != nil:
		scan.careful()
	default:
		scan.plain()
	}
	return best
}

func (s *search) parent(l *leafState) float64 {
	g, h := s.units.unpack(l.sum)
	if s.monotone != nil {
		return s.scoreAt(g, h, s.value(g, h, l.low, l.high))
	}
	return s.score(g, h)
}

// scanner goes through the bins of one feature.
type scanner struct {
	*search
	leaf    *leafState
	best    *split
	f       int
	counts  *[256]uint32
	bounded bool
	// parent is what the leaf brings unsplit; a split must bring more than margin beyond it.
	parent, margin float64
	l2             float64
}

// plain is the scan without counts, bounds and categories: the usual one, and the one that must be fast.
func (c *scanner) plain() {
	sums := &c.leaf.hist.sums[c.f]
	missing, total := sums[missingBin], c.leaf.sum
	last := c.mappers[c.f].bins - 1
	if missing == 0 {
		last--
	}
	var acc int64
	best := c.parent + c.margin
	for b := 0; b <= last; b++ {
		v := sums[b]
		if v == 0 {
			continue
		}
		acc += v
		if gain := c.gain(acc, total-acc); gain > best {
			best = gain
			*c.best = split{gain: gain - c.parent, feature: c.f, bin: b, left: acc}
		}
		if missing == 0 {
			continue
		}
		if gain := c.gain(acc+missing, total-acc-missing); gain > best {
			best = gain
			*c.best = split{gain: gain - c.parent, feature: c.f, bin: b, left: acc + missing, missingLeft: true}
		}
	}
}

// gain of two sides, or -Inf where one is too light.
func (c *scanner) gain(left, right int64) float64 {
	gl, hl := c.units.unpack(left)
	gr, hr := c.units.unpack(right)
	if hl < c.minWeight || hr < c.minWeight {
		return math.Inf(-1)
	}
	if c.p.L1 == 0 {
		return gl*gl/(hl+c.l2) + gr*gr/(hr+c.l2)
	}
	gl, gr = shrink(gl, c.p.L1), shrink(gr, c.p.L1)
	return gl*gl/(hl+c.l2) + gr*gr/(hr+c.l2)
}

// careful is the scan with rows counted and values bounded.
func (c *scanner) careful() {
	sums := &c.leaf.hist.sums[c.f]
	missing := sums[missingBin]
	absent := 0
	if c.counts != nil {
		absent = int(c.counts[missingBin])
	}
	last := c.mappers[c.f].bins - 1
	if missing == 0 && absent == 0 {
		last--
	}
	var acc int64
	rows := 0
	for b := 0; b <= last; b++ {
		acc += sums[b]
		if c.counts != nil {
			rows += int(c.counts[b])
		}
		c.try(split{feature: c.f, bin: b, left: acc}, rows)
		if missing != 0 || absent != 0 {
			c.try(split{feature: c.f, bin: b, left: acc + missing, missingLeft: true}, rows+absent)
		}
	}
}

// try takes x if it is allowed and better than what there is.
func (c *scanner) try(x split, rows int) {
	if c.counts != nil && (rows < c.p.MinRows || c.leaf.to-c.leaf.from-rows < c.p.MinRows) {
		return
	}
	if c.bounded {
		x.gain = c.boundedGain(&x)
	} else {
		x.gain = c.gain(x.left, c.leaf.sum-x.left)
	}
	x.gain -= c.parent
	if x.gain > max(c.margin, c.best.gain) {
		*c.best = x
	}
}

func (c *scanner) boundedGain(x *split) float64 {
	gl, hl := c.units.unpack(x.left)
	gr, hr := c.units.unpack(c.leaf.sum - x.left)
	if hl < c.minWeight || hr < c.minWeight {
		return math.Inf(-1)
	}
	vl, vr := c.value(gl, hl, c.leaf.low, c.leaf.high), c.value(gr, hr, c.leaf.low, c.leaf.high)
	if d := c.monotone[c.f]; d > 0 && vl > vr || d < 0 && vl < vr {
		return math.Inf(-1)
	}
	x.mid = vl + (vr-vl)/2
	return c.scoreAt(gl, hl, vl) + c.scoreAt(gr, hr, vr)
}
