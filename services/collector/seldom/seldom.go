// Package seldom keeps what goes on all the time from filling the log.
package seldom

import (
	"sync/atomic"
	"time"
)

// Gate lets something that happens often be logged now and then, also while it goes on. The zero value is ready.
type Gate struct{ last atomic.Int64 } // Unix nanoseconds

// Pass reports true the first time, and once every so often after that, to one of its callers.
func (s *Gate) Pass(at time.Time, every time.Duration) bool {
	now, last := at.UnixNano(), s.last.Load()
	if last != 0 && now-last < int64(every) {
		return false // and last stays: a fault that goes on all the time would never be heard of again
	}
	return s.last.CompareAndSwap(last, now)
}
