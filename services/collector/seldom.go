package collector

import (
	"sync/atomic"
	"time"
)

// seldom lets something that happens often be logged now and then, also while it goes on. The zero value is ready.
type seldom struct{ last atomic.Int64 } // Unix nanoseconds

// now reports true the first time, and once every so often after that, to one of its callers.
func (s *seldom) now(at time.Time, every time.Duration) bool {
	now, last := at.UnixNano(), s.last.Load()
	if last != 0 && now-last < int64(every) {
		return false // and last stays: a fault that goes on all the time would never be heard of again
	}
	return s.last.CompareAndSwap(last, now)
}
