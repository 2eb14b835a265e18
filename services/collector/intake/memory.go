package intake

import (
	"sync/atomic"

	"github.com/freshet/freshet/services/collector/directory"
)

// Budget bounds memory, in bytes. What goes over it is turned away, not queued. Many goroutines may use it.
type Budget struct {
	limit int64
	// kept is the part that large bodies may not take, so that many of them do not shut out the small ones, which most are.
	kept int64
	used atomic.Int64
}

// NewBudget allows so many bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Used is how many bytes are taken.
func (b *Budget) Used() int64 { return b.used.Load() }

// newMemory is the budget for bodies. One that has room for a few of the largest only keeps nothing back.
func newMemory(l directory.Limits) *Budget {
	return &Budget{limit: l.InFlightBytes, kept: max(0, min(l.InFlightBytes/8, l.InFlightBytes-2*int64(l.BodyBytes)))}
}

// Take reserves n bytes, or reports that there is no room.
func (b *Budget) Take(n int64) bool { return b.within(b.limit, n) }

// TakeLarge is Take for a part of a large body.
func (b *Budget) TakeLarge(n int64) bool { return b.within(b.limit-b.kept, n) }

func (b *Budget) within(limit, n int64) bool {
	if b.used.Add(n) > limit {
		b.used.Add(-n)
		return false
	}
	return true
}

// Give gives back what was taken.
func (b *Budget) Give(n int64) { b.used.Add(-n) }

// FirstRoom is the most that is reserved for a body before any of it is there. Beyond it memory is reserved as the body arrives, twice as much
// each time: a few clients that name a large body and send none would take all of it, with no key at all.
const FirstRoom = 64 << 10

// Reserve makes w's reservation at least n bytes. It reports false when there is no room.
func (i *Intake) Reserve(w *Work, n int64) bool {
	more := n - w.reserved
	if more <= 0 {
		return true
	}
	take := i.Memory.Take
	if n > FirstRoom {
		take = i.Memory.TakeLarge
	}
	if !take(more) {
		return false
	}
	w.reserved = n
	return true
}

// ReserveMore is Reserve for n bytes more than before.
func (i *Intake) ReserveMore(w *Work, n int64) bool { return i.Reserve(w, w.reserved+n) }
