package broker

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/retry"
)

// run makes requests for as long as something waits and nobody else makes one up.
func (f *fetcher) run(q *queue, slot int) {
	for {
		f.rest(q)
		f.meet(q)
		runtime.Gosched() // who has just been given records, and takes them now, comes along
		feeds, bytes, wait := f.load(q, slot)
		switch {
		case len(feeds) == 0:
			return
		case q.leader == noLeader:
			f.findLeaders(feeds)
			feeds = nil
		}
		list := askFor(feeds, bytes)
		if len(feeds) > 0 {
			f.client.fetchAll(f.ctx, list, wait, bytes)
		}
		if !f.back(q, slot, feeds, list, bytes) {
			return
		}
	}
}

// rest waits until the next request may go.
func (f *fetcher) rest(q *queue) {
	f.mu.Lock()
	wait := q.rests - time.Since(q.sent)
	f.mu.Unlock()
	if wait > 0 {
		_ = retry.Sleep(f.ctx, wait)
	}
}

// meet waits, at the end of a beat, for the other requests that end with it.
func (f *fetcher) meet(q *queue) {
	for range meetFor / time.Millisecond {
		f.mu.Lock()
		out := 0
		for _, is := range q.out {
			if is {
				out++
			}
		}
		ended := time.Now().After(q.ends)
		f.mu.Unlock()
		if !ended || out <= 1 || retry.Sleep(f.ctx, time.Millisecond) != nil {
			return
		}
	}
}

// load takes what the next request asks for. None: the slot is free again.
func (f *fetcher) load(q *queue, slot int) (feeds []*feed, bytes int64, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q.gathering = false
	bytes = max(leastBytes, min(requestBytes, (f.budget-f.used)/4))
	var rest []*feed
	fresh := false
	for _, fd := range q.waiting {
		n := len(feeds)
		switch {
		case fd.follower.over:
		case !f.may(fd), n > 0 && (fd.alone || feeds[0].alone):
			rest = append(rest, fd)
		default:
			if fd.size > partitionBytes {
				bytes = max(bytes, fd.size)
			}
			feeds = append(feeds, fd)
			fresh = fresh || fd.fresh
		}
	}
	q.waiting = rest
	if len(feeds) == 0 || f.ctx.Err() != nil {
		q.out[slot] = false
		return nil, 0, 0
	}
	f.use(bytes)
	now := time.Now()
	q.sent, q.rests = now, min(max(leastRest, time.Duration(len(feeds))*restFor), mostRest)
	if !now.Before(q.ends) {
		q.ends = now.Add(beat)
	}
	wait = max(q.ends.Sub(now), time.Millisecond)
	if !slices.Contains(q.out[:], false) || fresh { // who is new wants to know where the log ends
		wait = min(wait, shortPoll)
	}
	f.wake(q) // what has to be asked for by itself
	return feeds, bytes, wait
}

func askFor(feeds []*feed, bytes int64) []*asked {
	list := make([]*asked, len(feeds))
	for i, fd := range feeds {
		list[i] = &asked{at: fd.at, log: fd.place.Log, offset: fd.place.Offset, maxBytes: min(fd.size, bytes)}
	}
	return list
}

// back takes a request's answers: what brought records, or news, is ready; what brought nothing waits again; what failed
// waits after a pause. It says whether this slot makes up the next request.
func (f *fetcher) back(q *queue, slot int, feeds []*feed, list []*asked, bytes int64) bool {
	served := sortOut(feeds, list)
	f.mu.Lock()
	f.use(-bytes)
	gathers := !q.gathering
	q.gathering = true
	f.putFirst(q, served.unserved, served.idle)
	for _, fd := range served.ready {
		if !fd.follower.over {
			f.use(fd.answer.bytes)
			fd.follower.ready <- fd // holds each once: never full
		}
	}
	if !gathers {
		q.out[slot] = false
	}
	f.mu.Unlock()
	f.fail(served.failed)
	return gathers
}

// sorted are the partitions of a request by what came of them.
type sorted struct{ ready, unserved, idle, failed []*feed }

// sortOut looks at the answers. The feeds are nobody else's meanwhile.
func sortOut(feeds []*feed, list []*asked) (s sorted) {
	others := slices.ContainsFunc(list, func(a *asked) bool { return len(a.got.Records) > 0 })
	for i, fd := range feeds {
		a := list[i]
		fd.answer = a
		switch {
		case errors.Is(a.err, ErrOffsetGone), errors.Is(a.err, kafka.UnknownTopicID):
			s.ready = append(s.ready, fd)
		case a.err != nil:
			// What is no fault of the broker is an answer that cannot be read, and does not say of which partition.
			fd.alone = !Passing(a.err)
			s.failed = append(s.failed, fd)
		case len(a.got.Records) > 0, fd.fresh && a.answered && a.got.End <= fd.place.Offset:
			fd.settled()
			s.ready = append(s.ready, fd)
		case !a.answered, a.got.End > fd.place.Offset:
			if a.cutShort(others) {
				fd.size = min(2*fd.size, mostFetchBytes)
			}
			s.unserved = append(s.unserved, fd)
		default:
			fd.settled()
			s.idle = append(s.idle, fd)
		}
	}
	return s
}

// putFirst has partitions wait again: those that were not served before all others. mu is held.
func (f *fetcher) putFirst(q *queue, unserved, idle []*feed) {
	waiting := q.waiting
	q.waiting = nil
	put := func(feeds []*feed) {
		for _, fd := range feeds {
			if at := f.put(fd); at != q {
				f.wake(at)
			}
		}
	}
	put(unserved)
	q.waiting = append(q.waiting, waiting...)
	put(idle)
}

// settled notes that a partition was answered.
func (fd *feed) settled() {
	fd.fresh, fd.alone, fd.size = false, false, partitionBytes
	fd.backoff.Reset()
	if fd.faulty {
		fd.faulty = false
		fd.follower.tell(fd.at, nil)
	}
}

// fail has partitions tried again later, and says so: once for all that share a fault.
func (f *fetcher) fail(feeds []*feed) {
	if len(feeds) == 0 || f.ctx.Err() != nil {
		return
	}
	f.client.metrics.faults.Add(float64(len(feeds)))
	f.client.logger.Warn("fetching failed; trying again", "partitions", len(feeds), "error", feeds[0].answer.err)
	for _, fd := range feeds {
		err := fd.answer.err
		f.client.lostLeader(fd.at.Topic, err)
		fd.doubt, fd.faulty = true, true
		fd.follower.tell(fd.at, err)
	}
	f.later(feeds)
}

// findLeaders gives partitions to the brokers that lead them, or tries again later where none does.
func (f *fetcher) findLeaders(feeds []*feed) {
	led := map[string]map[int]int{}
	var found, lost []*feed
	for _, fd := range feeds {
		if led[fd.at.Topic] == nil {
			led[fd.at.Topic] = f.client.lookUpLeaders(f.ctx, fd.at.Topic)
		}
		if _, ok := led[fd.at.Topic][fd.at.Partition]; ok {
			found = append(found, fd)
			continue
		}
		fd.answer = &asked{err: errNoLeader}
		lost = append(lost, fd)
	}
	f.want(found...)
	f.fail(lost)
}

var errNoLeader = kafka.LeaderNotAvailable
