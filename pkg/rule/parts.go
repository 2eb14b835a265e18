package rule

// Part is one comparison of a condition, as it looks at a customer.
type Part struct {
	// Text is the comparison with the value that it sees; Plain is without it.
	Text, Plain string
	// Name is what it looks at.
	Name string
	// Holds says that it is true; Denied that the condition denies it, so that the condition gains when it is not.
	Holds, Denied bool
	// FlipsMs is when time alone made, or will make, it another: Unix milliseconds. 0 for a comparison that time does not change.
	FlipsMs int64
}

// Parts are all comparisons of rule i at nowMs, in the order in which they are written, each once for each way in which it counts.
func (s *Set) Parts(i int, f Facts, nowMs int64) []Part {
	var out []Part
	s.parts(s.Rules[i].tree, false, f, nowMs, &out)
	return out
}

func (s *Set) parts(n node, denied bool, f Facts, nowMs int64, out *[]Part) {
	if n.kind == nodeNot {
		denied = !denied
	}
	for _, k := range n.kids {
		s.parts(k, denied, f, nowMs, out)
	}
	if n.kind != nodeLeaf {
		return
	}
	l := s.leaves[n.leaf]
	p := Part{Text: l.tell(f, nowMs), Plain: l.String(), Name: l.name, Holds: l.holds(f, nowMs), Denied: denied}
	if since, ok := l.since(f); l.elapsed() && ok {
		p.FlipsMs = l.flip(since)
	}
	for _, other := range *out {
		if other == p {
			return
		}
	}
	*out = append(*out, p)
}
