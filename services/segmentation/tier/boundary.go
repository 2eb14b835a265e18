package tier

import "math"

// boundary looks, in n customers in order, for the number of leading ones, 0 to n, that is nearest to the target and
// parts no tie; the smaller of two that are as near.
type boundary struct {
	n, at  int // at is the place, from 0, of the customer at the target
	target float64

	low, high    int      // where the tie of that customer begins and ends
	before, last Customer // the last one before the tie, and its own
}

func newBoundary(n int, target float64) *boundary {
	return &boundary{n: n, at: min(n, int(math.Floor(target))), target: target, low: n, high: n}
}

// best is the number, and the last of the leading ones, who is nobody when there are none.
func (b *boundary) best() (int, Customer) {
	if float64(b.high)-b.target < b.target-float64(b.low) {
		return b.high, b.last
	}
	return b.low, b.before
}

// cut is the value and time of the last of the leading ones in descending order: what
// reaches it is in. With none nobody is.
func (b *boundary) cut() (value, seenMs int64) {
	k, last := b.best()
	if k == 0 {
		return math.MaxInt64, math.MaxInt64
	}
	return last.Value, last.LastSeenMs
}

// walker goes once over customers in order and tells boundaries of each tie.
type walker struct {
	find []*boundary
	same func(a, b Customer) bool

	at, began    int // how many were seen, and where the tie in hand began
	tie, earlier Customer
}

func (w *walker) step(c Customer) {
	if w.at > 0 && !w.same(w.tie, c) {
		w.tell()
		w.earlier, w.began = w.tie, w.at
	}
	w.tie = c
	w.at++
}

// end tells the last tie, and those who look for all that they found them.
func (w *walker) end() {
	w.tell()
	for _, b := range w.find {
		if b.at >= w.at {
			b.before, b.last = w.tie, w.tie
		}
	}
}

func (w *walker) tell() {
	for _, b := range w.find {
		if w.began <= b.at && b.at < w.at {
			b.low, b.high, b.before, b.last = w.began, w.at, w.earlier, w.tie
		}
	}
}
