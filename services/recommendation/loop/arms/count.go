package arms

import "math"

// count is a sum that decays: what it was at a moment.
type count struct {
	value float64
	atMs  int64
}

// at is the count as of a moment.
func (c count) at(ms int64, half float64) float64 {
	if c.value == 0 {
		return 0
	}
	return c.value * math.Exp2(-float64(ms-c.atMs)/half)
}

// add counts something at a moment, in whatever order moments come.
func (c *count) add(what float64, ms int64, half float64) {
	to := max(c.atMs, ms)
	c.value, c.atMs = c.at(to, half)+what*math.Exp2(-float64(to-ms)/half), to
}

// arm is what is known of one: how often it was seen and clicked, and how often its like would have been clicked in its place.
type arm struct{ seen, clicked, expected count }

// add counts an impression of which a part was expected to be clicked, or a click.
func (x *arm) add(click bool, expected float64, ms int64, half float64) {
	if click {
		x.clicked.add(1, ms, half)
		return
	}
	x.seen.add(1, ms, half)
	x.expected.add(expected, ms, half)
}

// tally is an arm as of a moment.
type tally struct{ seen, clicked, expected float64 }

// tally gives the counts of a moment; a click whose impression is not told yet was seen. Of nil: none.
func (x *arm) tally(ms int64, half float64) tally {
	if x == nil {
		return tally{}
	}
	t := tally{clicked: x.clicked.at(ms, half), expected: x.expected.at(ms, half)}
	t.seen = max(x.seen.at(ms, half), t.clicked)
	return t
}

// less is what is left without a part.
func (t tally) less(part tally) tally {
	seen := max(t.seen-part.seen, 0)
	return tally{seen: seen, clicked: min(max(t.clicked-part.clicked, 0), seen), expected: max(t.expected-part.expected, 0)}
}
