package quota

import (
	"sync/atomic"
	"time"
)

// bucket is a token bucket in one word: the time at which it will be full again, in nanoseconds of the limiter's clock. The balance is
// the burst less what is missing until then. Taking needs no lock.
type bucket struct {
	perEvent, burst float64 // nanoseconds
	fullAt          atomic.Int64
}

// newBucket is a full bucket of burst events, filled by rate events a second.
func newBucket(rate, burst float64) *bucket {
	perEvent := float64(time.Second) / rate
	return &bucket{perEvent: perEvent, burst: burst * perEvent}
}

// admit takes n events while the balance is above zero, else it says how long until it is.
func (b *bucket) admit(n float64, now int64) time.Duration {
	cost := b.cost(n)
	for {
		at := b.fullAt.Load()
		from := max(at, now)
		if debt := float64(from-now) - b.burst; debt >= 0 {
			return time.Duration(debt) + 1
		}
		if b.fullAt.CompareAndSwap(at, from+cost) {
			return 0
		}
	}
}

// take takes n events whatever the balance is.
func (b *bucket) take(n float64, now int64) { b.fullAt.Store(max(b.fullAt.Load(), now) + b.cost(n)) }

// give takes back what admit took.
func (b *bucket) give(n float64) { b.fullAt.Add(-b.cost(n)) }

// missing is how many events there is room for.
func (b *bucket) missing(now int64) float64 {
	return float64(max(b.fullAt.Load()-now, 0)) / b.perEvent
}

// cost rounds up, so that the rate is never exceeded. It is bounded, so that no sum of costs overflows the clock.
func (b *bucket) cost(n float64) int64 {
	const longest = 365 * 24 * float64(time.Hour)
	return int64(min(n*b.perEvent, longest) + 0.999)
}
