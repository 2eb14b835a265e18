package rule

import "slices"

// Glance is what the comparisons of a set saw in one customer's facts: these are looked at once, however many rules, moments and flips are asked for.
// The zero Glance is filled by Set.Look, and may be filled again. For one goroutine.
type Glance struct {
	set *Set
	// holds are the answers of the comparisons that time does not change; since is the moment which the others count from, and there whether it came.
	holds, there []bool
	since        []int64
	matches      []bool
}

// Look looks at every comparison of the set. What g held before is gone; nil makes a new one.
func (s *Set) Look(f Facts, g *Glance) *Glance {
	if g == nil {
		g = &Glance{}
	}
	n := len(s.leaves)
	g.set = s
	g.holds, g.there = slices.Grow(g.holds[:0], n)[:n], slices.Grow(g.there[:0], n)[:n]
	g.since = slices.Grow(g.since[:0], n)[:n]
	for i := range s.leaves {
		l := &s.leaves[i]
		if l.elapsed() {
			g.since[i], g.there[i] = l.since(f)
		} else {
			g.holds[i] = l.holds(f, 0)
		}
	}
	return g
}

// leaf says whether a comparison holds at nowMs.
func (g *Glance) leaf(i int, nowMs int64) bool {
	l := &g.set.leaves[i]
	if !l.elapsed() {
		return g.holds[i]
	}
	return g.there[i] && l.op.Numbers(nowMs-g.since[i], l.limit)
}

func (g *Glance) rule(i int, nowMs int64) bool {
	return g.set.Rules[i].tree.holds(func(l int) bool { return g.leaf(l, nowMs) })
}

// Match says for every rule, in the order of Rules, whether the customer is in it at nowMs (Unix milliseconds). It holds until the next call.
func (g *Glance) Match(nowMs int64) []bool {
	g.matches = g.matches[:0]
	for i := range g.set.Rules {
		g.matches = append(g.matches, g.rule(i, nowMs))
	}
	return g.matches
}

// NextFlip is the first millisecond after nowMs at which rule i changes its answer for these facts if nothing more happens. ok is false when it never
// does. A comparison that flips without changing the rule's answer is passed over.
func (g *Glance) NextFlip(i int, nowMs int64) (ms int64, ok bool) {
	r := &g.set.Rules[i]
	var room [8]int64
	flips := room[:0]
	for _, l := range r.elapsed {
		if at := g.set.leaves[l].flip(g.since[l]); g.there[l] && at > nowMs {
			flips = append(flips, at)
		}
	}
	if len(flips) == 0 {
		return 0, false
	}
	slices.Sort(flips)
	now := g.rule(i, nowMs)
	for _, at := range flips {
		if g.rule(i, at) != now {
			return at, true
		}
	}
	return 0, false
}

// Next is the earliest NextFlip of all rules.
func (g *Glance) Next(nowMs int64) (ms int64, ok bool) {
	for i := range g.set.Rules {
		if at, flips := g.NextFlip(i, nowMs); flips && (!ok || at < ms) {
			ms, ok = at, true
		}
	}
	return ms, ok
}
