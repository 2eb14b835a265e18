package catalog

import (
	"math"
	"time"
)

const day = 24 * time.Hour

// Window is one span of time that a feature is computed over. It is comparable.
type Window struct {
	// Name is as written: "1h", "24h", "30d", "lifetime".
	Name string
	// Length is the nominal span; zero means since ever.
	Length time.Duration
	// Hop is the step of the tail, dividing a day; zero for since ever.
	Hop time.Duration
}

// Lifetime is the window without a tail.
var Lifetime = Window{Name: "lifetime"}

// Sawtooth is a window whose tail moves in hops, by the table of the package comment.
func Sawtooth(name string, length time.Duration) Window {
	return Window{Name: name, Length: length, Hop: hopOf(length)}
}

// Exact is a window whose tail moves with the clock: its hop is a millisecond.
func Exact(name string, length time.Duration) Window {
	return Window{Name: name, Length: length, Hop: time.Millisecond}
}

// hopOf follows the resolution table of Chronon's sawtooth windows.
func hopOf(length time.Duration) time.Duration {
	switch {
	case length <= 12*time.Hour:
		return 5 * time.Minute
	case length <= 12*day:
		return time.Hour
	default:
		return day
	}
}

// StartMs is the first millisecond that the window covers at time asOf, both in Unix milliseconds: a multiple of the hop. For Lifetime it is the
// smallest int64. Example: 1h at 10:07:00 begins at 09:05:00.
func (w Window) StartMs(asOf int64) int64 {
	if w.Length == 0 {
		return math.MinInt64
	}
	return Floor(asOf-w.Length.Milliseconds(), w.Hop.Milliseconds())
}

// LeavesMs is the first moment at which the window no longer covers the hop that begins at start, a multiple of the hop. Not for Lifetime, which
// nothing leaves.
func (w Window) LeavesMs(start int64) int64 {
	return start + w.Hop.Milliseconds() + w.Length.Milliseconds()
}

// Floor is the greatest multiple of step that is not above ms, also below zero.
func Floor(ms, step int64) int64 {
	rest := ms % step
	if rest < 0 {
		rest += step
	}
	return ms - rest
}
