// Package quota says whether a source may send now: token buckets in events, one for each source and one that all sources share
// fairly. It holds nobody back and queues nothing: who may not send now is told when. It is not for limits on bytes or memory.
//
// A batch of any size is let in while the balance is above zero, and all of it is taken, so that the balance may go below: large batches
// work, and pay afterwards. Over any time t a source is therefore let in at most rate*t + burst events and one batch.
//
// The shared rate is divided equally among the sources that are not at their full balance; what a full one does not need, the others
// get. That is max-min fairness: under contention every active source gets the same share, one that wants less than its share gets
// all it wants, and nobody's share depends on how much, how often or in how large batches another sends.
package quota

import (
	"math"
	"sync"
	"time"
)

// Spec is what one source may send.
type Spec struct {
	// Name is the source's, unique in a limiter.
	Name string
	// Rate is events a second of its own; 0 means no bound of its own.
	Rate float64
	// Burst is the balance after a pause, in events; 0 means two seconds of Rate.
	Burst int
}

// Limiter keeps the balances of all sources. Many goroutines may use it.
type Limiter struct {
	now    func() time.Time
	begun  time.Time
	shared *pool // nil when there is no shared rate

	mu      sync.Mutex
	sources map[string]*Source
}

// New makes a limiter. rate is events a second for all sources together, 0 for no bound; burst is the balance of all together after a
// pause, 0 for two seconds of rate. now is the clock.
func New(rate float64, burst int, now func() time.Time) *Limiter {
	l := &Limiter{now: now, begun: now(), sources: map[string]*Source{}}
	if rate > 0 {
		l.shared = &pool{rate: rate, burst: orTwoSeconds(burst, rate)}
	}
	return l
}

// orTwoSeconds is the balance after a pause, at least one event.
func orTwoSeconds(burst int, rate float64) float64 {
	if burst > 0 {
		return float64(burst)
	}
	return math.Max(1, 2*rate)
}

// Set makes these the sources, and returns them by name. A source that was there keeps its balance, and its object when nothing about
// it changed; those not named are gone, and their share is the others'.
func (l *Limiter) Set(specs []Spec) map[string]*Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	next := make(map[string]*Source, len(specs))
	for _, spec := range specs {
		next[spec.Name] = l.source(spec, now)
	}
	if l.shared != nil {
		members := make([]*member, 0, len(next))
		for _, s := range next {
			members = append(members, s.member)
		}
		l.shared.set(members, now)
	}
	l.sources = next
	return next
}

// source is the one of that name, brought to what spec says.
func (l *Limiter) source(spec Spec, now int64) *Source {
	old := l.sources[spec.Name]
	if old != nil && old.spec == spec {
		return old
	}
	s := &Source{limiter: l, spec: spec}
	if l.shared != nil {
		s.member = &member{at: full}
	}
	if spec.Rate > 0 {
		s.own = newBucket(spec.Rate, orTwoSeconds(spec.Burst, spec.Rate))
	}
	if old == nil {
		return s
	}
	s.member = old.member
	if s.own != nil && old.own != nil {
		s.own.take(old.own.missing(now), now)
	}
	return s
}

// clock is the time since the limiter was made, in nanoseconds.
func (l *Limiter) clock() int64 { return int64(l.now().Sub(l.begun)) }

// Source is one source's balance. A nil Source lets everything in.
type Source struct {
	limiter *Limiter
	spec    Spec
	own     *bucket // nil without a rate of its own
	member  *member // nil without a shared rate
}

// Verdict is whether events are let in.
type Verdict struct {
	// Wait is how long until the next request is let in, if nobody else's demand changes; 0 means that these events are let in.
	Wait time.Duration
	// Rate is the rate that was exceeded, in events a second: the source's own, or the shared one when Shared is set.
	Rate   float64
	Shared bool
}

// Take lets n events in and charges them, or says how long to wait and charges nothing. It never blocks for longer than another
// source's Take.
func (s *Source) Take(n int) Verdict {
	if s == nil || s.own == nil && s.member == nil {
		return Verdict{}
	}
	now := s.limiter.clock()
	if s.own != nil {
		if wait := s.own.admit(float64(n), now); wait > 0 {
			return Verdict{Wait: wait, Rate: s.spec.Rate}
		}
	}
	if s.member != nil {
		if wait := s.limiter.shared.admit(s.member, float64(n), now); wait > 0 {
			if s.own != nil {
				s.own.give(float64(n))
			}
			return Verdict{Wait: wait, Rate: s.limiter.shared.rate, Shared: true}
		}
	}
	return Verdict{}
}

// Peek is what Take would say now. It charges nothing.
func (s *Source) Peek() Verdict { return s.Take(0) }
