package popular

import (
	"cmp"
	"slices"
	"sync"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// near is about how many of the most taken items a Live keeps at hand: an answer that has to pass over more than that by its rules gets shorter.
const near = 2048

// Live is Most while counts change. Many goroutines may ask while one adds; adding costs O(1), an answer a look at some thousand items.
//
// Invariant: the list is that of New of the same counts, as long as no more than 2,048 items are looked for, those refused included (TestLiveIsMostAtAnyTime).
type Live struct {
	mu     sync.RWMutex
	counts []int64
	in     []bool
	top    []int32 // at most 2 * near, in no order
	floor  int64   // no item outside top has more
}

var _ candidate.Source = (*Live)(nil)

// NewLive begins with counts, which it keeps.
func NewLive(counts []int64) *Live {
	l := &Live{counts: counts, in: make([]bool, len(counts))}
	l.rank()
	return l
}

// Add adds to an item's count; n may be below 0.
func (l *Live) Add(item int32, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for int(item) >= len(l.counts) {
		l.counts, l.in = append(l.counts, 0), append(l.in, false)
	}
	l.counts[item] += n
	switch has := l.counts[item]; {
	case l.in[item] && has < l.floor: // rare: something was undone
		l.rank()
	case !l.in[item] && has >= l.floor && has > 0:
		l.in[item] = true
		if l.top = append(l.top, item); len(l.top) > 2*near {
			l.cut()
		}
	}
}

// rank finds the most taken anew.
func (l *Live) rank() {
	l.top, l.floor = l.top[:0], 0
	for item, n := range l.counts {
		if l.in[item] = n > 0; n > 0 {
			l.top = append(l.top, int32(item))
		}
	}
	if len(l.top) > 2*near {
		l.cut()
	}
}

// cut keeps the most taken.
func (l *Live) cut() {
	slices.SortFunc(l.top, func(a, b int32) int { return cmp.Or(cmp.Compare(l.counts[b], l.counts[a]), cmp.Compare(a, b)) })
	for _, item := range l.top[near:] {
		l.in[item] = false
	}
	l.floor = l.counts[l.top[near]]
	l.top = l.top[:near]
}

// Counts gives a copy of the counts.
func (l *Live) Counts() []int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.counts)
}

// Candidates implements candidate.Source.
func (l *Live) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var best candidate.Best
	best.Reset(q.K)
	for _, item := range l.top {
		if score := float64(l.counts[item]); score > 0 && best.Takes(item, score) && !q.Refused(item) {
			best.Offer(candidate.Candidate{Item: item, Score: score, Reason: candidate.Reason{Kind: candidate.Popular, Because: candidate.Nothing}})
		}
	}
	return best.Append(dst)
}
