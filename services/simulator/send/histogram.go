package send

import (
	"math"
	"sync"
	"time"
)

// Histogram keeps durations in buckets 4 % apart, from 1 µs on. The zero value is ready; many goroutines may use it.
type Histogram struct {
	mu      sync.Mutex
	buckets [600]int64
	count   int64
	max     time.Duration
}

const growth = 1.04

// Observe adds one duration; below zero counts as zero.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	if us := float64(d) / float64(time.Microsecond); us > 1 {
		i = min(int(math.Log(us)/math.Log(growth))+1, len(h.buckets)-1)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buckets[i]++
	h.count++
	h.max = max(h.max, d)
}

// Count is the number of durations seen.
func (h *Histogram) Count() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Quantile returns the duration below which a share q (0 to 1) of all lie, at most 4 % too high; 0 when none was seen.
func (h *Histogram) Quantile(q float64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	rank := int64(math.Ceil(q * float64(h.count)))
	seen := int64(0)
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen >= rank {
			upper := time.Duration(math.Pow(growth, float64(i)) * float64(time.Microsecond))
			return min(upper, h.max)
		}
	}
	return h.max
}
