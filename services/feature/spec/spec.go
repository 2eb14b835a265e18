// Package spec is the one definition of Freshet's features: which windows there
// are, what is measured over them, and which names are remembered. Everything
// that computes a feature is compiled from it:
//
//   - the Go aggregator of package tiles, through Levels and Read;
//   - the ClickHouse query of SQL, for any moment in the past;
//   - the naive oracle, which lives in tests only.
//
// The three agree to the bit because every sum is an integer of 128 bits (Sum) that
// is cut to 64 only when it is read, and every boundary is a whole millisecond.
//
// # Windows
//
// A window is sawtooth: of length W at time t it covers
// [floor((t-W)/hop)*hop, t], both ends included, in UTC. Its tail moves in hops,
// its head is exact. The hop is 5 minutes for W up to 12 h, 1 hour up to 12 days
// and 1 day beyond, so that a window is never more than 8.4 % too long.
// "lifetime" has no tail.
//
// # Measures
//
// Events are counted one by one. Everything about orders comes from what orders post: package order makes one
// order of all events of its number, and says what it adds to whom, and when. Amounts are in the workspace's
// currency. An order is in the sums as it is known today, also in answers about the past.
//
// # What as_of means
//
// Windows are decided by when an event happened, never by when it arrived: a
// late event appears in answers about the past from the moment it arrives.
// Merges, and what became of orders, count as known today, also for answers about the past.
//
// This package reads no clock, holds no state and talks to no server.
package spec

import (
	"math"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// MaxNames is how many event names a customer's last times are kept for: the
// latest, ties to the alphabetically first.
const MaxNames = 64

// Window is one span of time that features are computed over.
type Window struct {
	// Name is what feature.v1.WindowFeatures carries: "1h".
	Name string
	// Length is the nominal span; zero means since ever.
	Length time.Duration
	// Hop is the step of the tail, dividing a day; zero for since ever.
	Hop time.Duration
}

const day = 24 * time.Hour

var windows = []Window{
	sawtooth("1h", time.Hour),
	sawtooth("24h", day),
	sawtooth("30d", 30*day),
	sawtooth("90d", 90*day),
	sawtooth("365d", 365*day),
	{Name: "lifetime"},
}

func sawtooth(name string, length time.Duration) Window {
	return Window{Name: name, Length: length, Hop: hopOf(length)}
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

// Windows lists every window, shortest first; "lifetime" is the last. The slice
// is shared: do not write to it.
func Windows() []Window { return windows }

// StartMs is the first millisecond that the window covers at time asOf, both in
// Unix milliseconds: a multiple of the hop. For lifetime it is the smallest int64.
// Example: 1h at 10:07:00 begins at 09:05:00.
func (w Window) StartMs(asOf int64) int64 {
	if w.Length == 0 {
		return math.MinInt64
	}
	return Floor(asOf-w.Length.Milliseconds(), w.Hop.Milliseconds())
}

// LeavesMs is the first moment at which the window no longer covers the hop that
// begins at start, a multiple of the hop. Not for lifetime, which nothing leaves.
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

// Levels lists the hops in use, finest first: the sizes of tiles that serve
// every window but lifetime.
func Levels() []time.Duration {
	var out []time.Duration
	for _, w := range windows {
		if w.Hop > 0 && (len(out) == 0 || out[len(out)-1] != w.Hop) {
			out = append(out, w.Hop)
		}
	}
	return out
}

// NameOf is the name an event is remembered by: a track call by its own name,
// every other call by its type, "page" for one. Empty for an event without type.
func NameOf(e *eventv1.Event) string {
	if e.GetType() == eventv1.EventType_EVENT_TYPE_TRACK {
		return e.GetName()
	}
	return typeWords[e.GetType()]
}

var typeWords = map[eventv1.EventType]string{
	eventv1.EventType_EVENT_TYPE_IDENTIFY: "identify",
	eventv1.EventType_EVENT_TYPE_PAGE:     "page",
	eventv1.EventType_EVENT_TYPE_SCREEN:   "screen",
	eventv1.EventType_EVENT_TYPE_GROUP:    "group",
	eventv1.EventType_EVENT_TYPE_ALIAS:    "alias",
}
