package arms

import "math"

// tally is how often something was seen and clicked, and how often its like would have been clicked in its place.
type tally struct{ seen, clicked, expected float64 }

// times is all of it so many times.
func (t tally) times(f float64) tally { return tally{t.seen * f, t.clicked * f, t.expected * f} }

// less is what is left without a part.
func (t tally) less(part tally) tally {
	seen := max(t.seen-part.seen, 0)
	return tally{seen: seen, clicked: min(max(t.clicked-part.clicked, 0), seen), expected: max(t.expected-part.expected, 0)}
}

// arm is what is known of one: a tally that halves in a time, as of a moment.
type arm struct {
	was  tally
	atMs int64
}

// decayed is the part that is left of what was so long ago.
func decayed(ms int64, half float64) float64 { return math.Exp2(-float64(ms) / half) }

// add counts something of a moment, in whatever order moments come.
func (x *arm) add(t tally, ms int64, half float64) {
	to := max(x.atMs, ms)
	f, g := decayed(to-x.atMs, half), decayed(to-ms, half)
	x.was = tally{x.was.seen*f + t.seen*g, x.was.clicked*f + t.clicked*g, x.was.expected*f + t.expected*g}
	x.atMs = to
}

// at gives the counts of a moment; a click whose impression is not told yet was seen. Of nil: none.
func (x *arm) at(ms int64, half float64) tally {
	if x == nil {
		return tally{}
	}
	t := x.was.times(decayed(ms-x.atMs, half))
	t.seen = max(t.seen, t.clicked)
	return t
}
