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

// add counts one at a moment, in whatever order moments come.
func (c *count) add(ms int64, half float64) {
	to := max(c.atMs, ms)
	c.value, c.atMs = c.at(to, half)+math.Exp2(-float64(to-ms)/half), to
}

// arm is what is known of one.
type arm struct{ seen, clicked count }

// add counts an impression or a click.
func (x *arm) add(click bool, ms int64, half float64) {
	if click {
		x.clicked.add(ms, half)
	} else {
		x.seen.add(ms, half)
	}
}

// at gives the impressions and clicks of a moment; a click whose impression is not told yet was seen. Of nil: none.
func (x *arm) at(ms int64, half float64) (seen, clicked float64) {
	if x == nil {
		return 0, 0
	}
	clicked = x.clicked.at(ms, half)
	return max(x.seen.at(ms, half), clicked), clicked
}
