package gbdt

import "slices"

// categories finds a set of categories that goes left. Up to OneVsRest of them: each alone. More: sorted by their gradient over
// their weight, and the best cut of that order from either end, which is the best set of all for a convex loss (Fisher 1958;
// LightGBM's paper and its cat_smooth, cat_l2 and max_cat_threshold). Missing is a category like any other.
func (c *scanner) categories() {
	present := c.present()
	if len(present) < 2 {
		return
	}
	if len(present) <= c.p.OneVsRest {
		for _, b := range present {
			c.trySet([]int{b})
		}
		return
	}
	c.l2 += c.p.CategoryL2
	sums := &c.leaf.hist.sums[c.f]
	mean := make(map[int]float64, len(present))
	for _, b := range present {
		g, h := c.units.unpack(sums[b])
		mean[b] = g / (h + c.p.CategorySmooth + c.minWeight)
	}
	slices.SortStableFunc(present, func(a, b int) int {
		switch {
		case mean[a] < mean[b]:
			return -1
		case mean[a] > mean[b]:
			return 1
		}
		return 0
	})
	c.cuts(present)
	slices.Reverse(present)
	c.cuts(present)
}

// present are the bins that have rows here.
func (c *scanner) present() []int {
	var out []int
	sums := &c.leaf.hist.sums[c.f]
	for b := range 256 {
		if sums[b] != 0 || c.counts != nil && c.counts[b] > 0 {
			out = append(out, b)
		}
	}
	return out
}

// cuts tries the first of order, the first two, and so on.
func (c *scanner) cuts(order []int) {
	most := min(c.p.CategoryLimit, len(order)-1)
	for n := 1; n <= most; n++ {
		c.trySet(order[:n])
	}
}

func (c *scanner) trySet(left []int) {
	sums := &c.leaf.hist.sums[c.f]
	x := split{feature: c.f}
	rows := 0
	for _, b := range left {
		x.left += sums[b]
		if c.counts != nil {
			rows += int(c.counts[b])
		}
	}
	before := c.best.gain
	c.try(x, rows)
	if c.best.gain == before {
		return
	}
	c.best.set = &[4]uint64{}
	for _, b := range left {
		c.best.set[b>>6] |= 1 << (b & 63)
		c.best.missingLeft = c.best.missingLeft || b == missingBin
	}
}
