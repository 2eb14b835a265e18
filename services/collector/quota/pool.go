package quota

import (
	"container/heap"
	"sync"
	"time"
)

// pool divides one rate among its members, as the fluid model of fair queueing does: a virtual clock counts the events that a member
// which is not full has been given since the pool was last idle. It runs at rate / members that are not full. A member is then one
// number, the virtual time at which it is full, and its balance is its burst less the virtual time until then. Nobody's balance is
// updated one by one: time is moved on from one filled member to the next, through a heap.
type pool struct {
	rate, burst float64 // of all together: events a second, events

	mu      sync.Mutex
	at      int64   // up to when time was accounted for, nanoseconds of the limiter's clock
	virtual float64 // the virtual clock
	share   float64 // the burst of one member
	filling byFullAt
}

// member is a source's part of a pool.
type member struct {
	fullAt float64 // virtual time at which it is full; of no meaning while it is full
	at     int     // position in the heap, or full
}

// full is the position of a member with all its balance.
const full = -1

// set makes these the members. Each has an equal part of the burst.
func (p *pool) set(members []*member, now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	stay := make(map[*member]bool, len(members))
	for _, m := range members {
		stay[m] = true
	}
	for _, m := range append(byFullAt(nil), p.filling...) {
		if !stay[m] {
			heap.Remove(&p.filling, m.at)
		}
	}
	p.share = max(1, p.burst/float64(max(1, len(members))))
}

// admit takes n events from a member while its balance is above zero, else it says how long until it is.
func (p *pool) admit(m *member, n float64, now int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	if m.at == full {
		if n > 0 {
			m.fullAt = p.virtual + n
			heap.Push(&p.filling, m)
		}
		return 0
	}
	if debt := m.fullAt - p.virtual - p.share; debt >= 0 {
		return time.Duration(debt*float64(len(p.filling))/p.rate*float64(time.Second)) + 1
	}
	m.fullAt += n
	heap.Fix(&p.filling, m.at)
	return 0
}

// advance gives out what has accrued since the last time. A clock that was set back gives nothing.
func (p *pool) advance(now int64) {
	accrued := p.rate * time.Duration(now-p.at).Seconds()
	p.at = max(p.at, now)
	for len(p.filling) > 0 && accrued > 0 {
		first, k := p.filling[0], float64(len(p.filling))
		need := (first.fullAt - p.virtual) * k
		if need > accrued {
			p.virtual += accrued / k
			return
		}
		accrued -= max(need, 0)
		p.virtual = max(p.virtual, first.fullAt)
		heap.Pop(&p.filling)
	}
	if len(p.filling) == 0 {
		p.virtual = 0 // nobody is owed anything: keep the numbers small, and exact
	}
}

// byFullAt is a heap, the member that is full first on top.
type byFullAt []*member

func (h byFullAt) Len() int           { return len(h) }
func (h byFullAt) Less(i, j int) bool { return h[i].fullAt < h[j].fullAt }
func (h byFullAt) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }
func (h *byFullAt) Push(x any)        { m := x.(*member); m.at = len(*h); *h = append(*h, m) }
func (h *byFullAt) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last], *h = nil, (*h)[:last]
	m.at = full
	return m
}
