package broker

import (
	"context"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/retry"
)

const (
	// beat is how long a broker keeps the requests that find nothing. All that are out to it end together, so that the next
	// one asks for everything: an idle process asks twice a second.
	beat = 500 * time.Millisecond
	// requestsOut is how many may be out to one broker, for one set of partitions: what was read empty while one is out goes
	// into another and does not wait for it. Who makes all be out is back after shortPoll, for what comes then: that is the
	// longest that a lone record is late.
	requestsOut = 8
	shortPoll   = 5 * time.Millisecond
	// A request costs both sides by the partitions in it, so that answering each record with one would cost more than a request for
	// each partition did. Hence two requests to one broker are restFor apart for each partition in the first, and within
	// leastRest and mostRest. After a pause there is no waiting: a lone record is not late by it.
	restFor             = 40 * time.Microsecond
	leastRest, mostRest = 4 * time.Millisecond, 10 * time.Millisecond
	// meetFor is how long the first that is back at the end of a beat waits for the others.
	meetFor = 10 * time.Millisecond

	// requestBytes is about how much one request brings of all partitions, partitionBytes of one.
	requestBytes, partitionBytes = 4 << 20, 1 << 20
	// leastBytes is what a request brings at least: beyond the memory for arrivals too, for those who have nothing to do.
	leastBytes = 64 << 10
)

// fetcher fetches for all followers of a client: one request to a broker asks for all partitions that it leads.
//
// Guarantee: a partition is asked for once at a time, and again only when what it brought was taken; so its memory is
// bounded, and one that nobody takes from holds no other up (TestASlowReaderHoldsNobodyUp). Who has waited longest stands
// first in a request, since a broker fills an answer in order (TestNoPartitionStarves). A partition whose answer cannot be
// read is asked for by itself from then on (TestAnUnreadableBatchIsOnePartitionsFault). What is out or waits to be taken
// is within a budget for the whole client: beyond it nothing is fetched ahead, and only who waits for records gets any,
// leastBytes at a time, so that nobody starves (TestArrivalsAreWithinTheBudget).
type fetcher struct {
	client *Client
	ctx    context.Context
	stop   context.CancelFunc
	budget int64

	mu     sync.Mutex
	queues map[queueKey]*queue
	layers map[TopicPartition][]bool // which followers of a partition there are
	used   int64                     // of budget
}

// queueKey tells queues apart: by the id of the broker, and by layer, since one request names a partition once. A second
// follower of a partition is in the second layer.
type queueKey struct{ leader, layer int }

// queue is what is to be asked of one broker.
type queue struct {
	queueKey
	waiting   []*feed
	out       [requestsOut]bool
	gathering bool          // a request is being made up: what waits comes along
	ends      time.Time     // of the beat
	sent      time.Time     // the last request
	rests     time.Duration // after it
}

func newFetcher(c *Client, budget int64) *fetcher {
	ctx, stop := context.WithCancel(context.Background()) // ends with close
	return &fetcher{client: c, ctx: ctx, stop: stop, budget: budget, queues: map[queueKey]*queue{}, layers: map[TopicPartition][]bool{}}
}

func (f *fetcher) close() { f.stop() }

// enter gives a follower its layer among those of a partition; leave gives it back.
func (f *fetcher) enter(at TopicPartition) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for layer, taken := range f.layers[at] {
		if !taken {
			f.layers[at][layer] = true
			return layer
		}
	}
	f.layers[at] = append(f.layers[at], true)
	return len(f.layers[at]) - 1
}

// leave ends a follower: its partitions are not asked for any more, and what they brought is dropped.
func (f *fetcher) leave(fl *Follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.over = true
	for _, fd := range fl.feeds {
		f.layers[fd.at][fd.layer] = false
	}
	for {
		select {
		case fd := <-fl.ready:
			f.use(-fd.answer.bytes)
		default:
			f.use(-fl.hand)
			fl.hand = 0
			return
		}
	}
}

// want asks for what comes next in partitions.
func (f *fetcher) want(feeds ...*feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fd := range feeds {
		f.wake(f.put(fd))
	}
}

// put has a partition wait at the broker that leads it. mu is held.
func (f *fetcher) put(fd *feed) *queue {
	key := queueKey{f.client.knownLeader(fd.at), fd.layer}
	q := f.queues[key]
	if q == nil {
		q = &queue{queueKey: key}
		f.queues[key] = q
	}
	q.waiting = append(q.waiting, fd)
	return q
}

// wake has a request made up for what waits, unless one is or too many are out. mu is held.
func (f *fetcher) wake(q *queue) {
	if q.gathering || f.ctx.Err() != nil || !f.able(q) {
		return
	}
	for slot, out := range q.out {
		if !out {
			q.out[slot], q.gathering = true, true
			go f.run(q, slot)
			return
		}
	}
}

// able says that something may be asked for. mu is held.
func (f *fetcher) able(q *queue) bool {
	for _, fd := range q.waiting {
		if f.may(fd) {
			return true
		}
	}
	return false
}

// may says that a partition may be asked for, as far as memory goes. mu is held.
func (f *fetcher) may(fd *feed) bool { return !f.short() || fd.follower.hungry.Load() }

// short says that there is no memory to fetch ahead. mu is held.
func (f *fetcher) short() bool { return f.used+leastBytes > f.budget }

// use counts memory. mu is held.
func (f *fetcher) use(n int64) {
	f.used += n
	f.client.metrics.unread.Set(float64(f.used))
}

// hungry says that somebody waits for records; if there was no memory to fetch ahead for them, they get some now.
func (f *fetcher) hungry() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.short() {
		f.wakeAll()
	}
}

// took notes that a follower has an answer in hand, whose memory it gives back with release.
func (f *fetcher) took(fl *Follower, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.over {
		f.use(-bytes)
	} else {
		fl.hand = bytes
	}
}

// release gives back the memory of what a follower had in hand.
func (f *fetcher) release(fl *Follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.hand == 0 {
		return
	}
	short := f.short()
	f.use(-fl.hand)
	fl.hand = 0
	if short {
		f.wakeAll()
	}
}

// wakeAll looks at every queue again. mu is held.
func (f *fetcher) wakeAll() {
	for _, q := range f.queues {
		f.wake(q)
	}
}

// later asks for partitions after a pause.
func (f *fetcher) later(feeds []*feed) {
	var wait time.Duration
	for _, fd := range feeds {
		wait = max(wait, fd.backoff.Next())
	}
	if len(feeds) > 0 {
		time.AfterFunc(wait, func() { f.want(feeds...) })
	}
}

// feed is one partition of a follower. It is the fetcher's from want on until it is ready; then the follower's.
type feed struct {
	follower *Follower
	at       TopicPartition
	layer    int
	place    Place
	epoch    int32 // of the last records; -1: none

	size    int64     // how much to ask for; grows while answers hold nothing but what was read before
	fresh   bool      // nothing was answered yet: the first answer is told, even when it is empty
	alone   bool      // its last answer could not be read: asked for by itself
	doubt   bool      // there was a fault since its last records: another broker may lead it, with another log
	faulty  bool      // its follower was told of a fault
	came    time.Time // when records came last, or the place was found to be one
	backoff retry.Backoff

	answer *asked // when ready
}
