package visitor

import (
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Touch is one thing that the visitor did with one item.
type Touch struct {
	Item string
	Kind recommendationv1.TouchKind
	AtMs int64
	// Quantity in millionths of a unit.
	Quantity int64
	// Value of the line in millionths of the workspace's currency; 0 when not known.
	Value int64
	// Order is a hash of the order's number; 0 for none.
	Order uint64
}

// View is what is known of one visitor, for an answer. It is the reader's own.
type View struct {
	CustomerID string
	Workspace  string
	// Personal says that the visitor allows a profile. Where it is false, Touches has the visit alone that is under way, and Segments is empty.
	Personal bool
	// Touches are the newest, oldest first.
	Touches []Touch
	// Segments are those that the visitor is in, sorted.
	Segments []string
	// Dismissed are items that the visitor does not want.
	Dismissed []string
	// Country is of the last event, ISO 3166-1 alpha-2; empty when not known.
	Country string
	// ReceivedMs is when the newest event was received that the view knows.
	ReceivedMs int64
}

// Pause ends a visit: 30 minutes without a touch.
const Pause int64 = 30 * 60 * 1000

// Visit gives the touches of the visit that is under way at a moment: those since the last pause, none when the last is longer ago than one.
func (v *View) Visit(nowMs int64) []Touch {
	last := nowMs
	i := len(v.Touches)
	for i > 0 && last-v.Touches[i-1].AtMs <= Pause {
		last = min(last, v.Touches[i-1].AtMs)
		i--
	}
	return v.Touches[i:]
}
