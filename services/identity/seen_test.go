package identity

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

	"github.com/freshet/freshet/pkg/testkit"
)

// keptIDs counts the event ids in the state of partition 0.
func (r *running) keptIDs() (n int) {
	view, err := r.events.View(0)
	if err != nil {
		return -1
	}
	_ = view.Scan([]byte{spaceSeen}, nil, func(_, _ []byte) (bool, error) { n++; return true, nil })
	return n
}

// newestBucket reads which bucket of partition 0 is the newest.
func (r *running) newestBucket() int {
	view, err := r.events.View(0)
	if err != nil {
		return -1
	}
	v, _, _ := view.Get(newestKey)
	return int(binary.BigEndian.Uint16(v))
}

// TestHowLongIDsAreKept plays seven weeks: a retry within seven days of receipt is
// dropped wherever a bucket ends, also when it arrives before its first copy's bucket
// or from a clock that runs ahead; ids of old buckets are swept.
func TestHowLongIDsAreKept(t *testing.T) {
	const day = bucketMS / 7
	start := time.UnixMilli(3000 * bucketMS)
	var now atomic.Int64
	now.Store(start.UnixMilli())
	w := newWorld(t, 1)
	s := w.startAt(w.dir("a"), func() time.Time { return time.UnixMilli(now.Load()) })
	copies := 0
	at := func(id string, received int64) {
		e := event(id, "user_id:1")
		e.ReceivedMs, e.OccurredMs = start.UnixMilli()+received, start.UnixMilli()+received
		w.sendEvents(e)
		copies++
		testkit.Eventually(t, soon, func() error {
			if got := s.metric("events_total"); got != float64(copies) {
				return fmt.Errorf("%v events handled, want %d", got, copies)
			}
			return nil
		})
	}
	later := func(d int64) { now.Store(start.UnixMilli() + d) }
	duplicates := func(want float64, why string) {
		t.Helper()
		if got := s.metric("events_total{duplicate}"); got != want {
			t.Fatalf("%v duplicates, want %v: %s", got, want, why)
		}
	}
	at("a", 0)
	at("a", 0)
	duplicates(1, "at once")
	later(7 * day)
	at("a", 7*day-1)
	duplicates(2, "just before the bucket ends")
	at("b", 7*day-1)
	later(14*day + day/24)
	at("b", 14*day-2)
	duplicates(3, "seven days less a moment, in the next bucket")
	at("c", 14*day+1)
	at("c", 14*day-5)
	duplicates(4, "a copy that was received a moment before the one that came first")
	at("d", 300*day) // a collector whose clock is wrong by months
	at("d", 300*day)
	duplicates(5, "from the same clock")
	at("e", 13*day)
	at("e", 14*day)
	duplicates(6, "the wrong clock did not make ids expire")

	testkit.Eventually(t, soon, func() error { // bucket 0 (a, b) goes, 1 (e) and 2 (c, d) stay
		if n := s.keptIDs(); n != 3 {
			return fmt.Errorf("%d ids are kept, want c, d and e", n)
		}
		return nil
	})
	later(28*day + day/24 - 1) // other clocks may be an hour behind
	at("f", 28*day)
	testkit.Eventually(t, soon, func() error {
		if n, b := s.keptIDs(), s.newestBucket(); n != 3 || b != 3003 {
			return fmt.Errorf("%d ids are kept and bucket %d is the newest, want c, d and f, and the one before f's", n, b)
		}
		return nil
	})
	later(28*day + day/24)
	at("g", 28*day)
	testkit.Eventually(t, soon, func() error {
		if n := s.keptIDs(); n != 2 {
			return fmt.Errorf("%d ids are kept, want f and g", n)
		}
		return nil
	})
}

// TestSweepingIsBounded: more old ids than one piece of sweeping takes are gone in the end.
func TestSweepingIsBounded(t *testing.T) {
	start := time.UnixMilli(3000 * bucketMS)
	var now atomic.Int64
	now.Store(start.UnixMilli())
	w := newWorld(t, 1)
	s := w.startAt(w.dir("a"), func() time.Time { return time.UnixMilli(now.Load()) })
	const many = 2*sweepKeys + 10
	var old []*eventv1.Event
	for n := range many {
		e := event(fmt.Sprintf("old%d", n), "user_id:1")
		e.ReceivedMs = start.UnixMilli()
		old = append(old, e)
	}
	w.sendEvents(old...)
	testkit.Eventually(t, soon, func() error {
		if n := s.keptIDs(); n != many {
			return fmt.Errorf("%d ids are kept, want %d", n, many)
		}
		return nil
	})
	now.Store(start.UnixMilli() + 2*bucketMS + bucketMS/7/24) // the bucket has begun on every clock
	e := event("new", "user_id:1")
	e.ReceivedMs = now.Load()
	w.sendEvents(e)
	testkit.Eventually(t, soon, func() error {
		now.Add(sweepPause.Milliseconds()) // the sweep waits for the clock
		if n := s.keptIDs(); n != 1 {
			return fmt.Errorf("%d ids are kept, want 1", n)
		}
		return nil
	})
}
