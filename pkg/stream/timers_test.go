package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
)

// wave sets the timers of a whole crowd with each record, due `ahead` after it, and counts those that fired.
type wave struct {
	sums
	crowd int
	ahead time.Duration
	fired atomic.Int64
}

func (h *wave) Process(tx *Tx, rec broker.Record) error {
	for i := range h.crowd {
		tx.SetTimer(fmt.Appendf(nil, "%s/%d", rec.Key, i), tx.Now().Add(h.ahead))
	}
	return h.sums.Process(tx, rec)
}

func (h *wave) Timer(*Tx, []byte, time.Time) error {
	h.fired.Add(1)
	return nil
}

// TestTimersNeedNoTicks: with a tick an hour, timers fire all the same: when they are due, and a wave of them to its end.
func TestTimersNeedNoTicks(t *testing.T) {
	cases := map[string]struct {
		crowd int
		ahead time.Duration
	}{
		"one that is due in a moment": {crowd: 1, ahead: 300 * time.Millisecond},
		"a wave that is due already":  {crowd: 5000, ahead: -time.Second},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 1)
			cfg := testConfig(t.TempDir())
			cfg.TickEvery, cfg.MaxTimers = time.Hour, 10 // with a wait between batches the wave would take half a minute
			h := &wave{crowd: want.crowd, ahead: want.ahead}
			c.send(t, 1, 1)
			c.start(t, cfg, h, nil)
			testkit.Eventually(t, time.Minute, func() error {
				if got := h.fired.Load(); got != int64(want.crowd) {
					return fmt.Errorf("%d of %d timers fired", got, want.crowd)
				}
				return nil
			})
		})
	}
}

// sweeper is sums with background work of so many pieces.
type sweeper struct {
	sums
	left atomic.Int64
}

func (h *sweeper) Tick(*Tx) (bool, error) { return h.left.Add(-1) > 0, nil }

func TestBackgroundWorkNeedsNoTicks(t *testing.T) {
	c := newCluster(t, 1)
	cfg := testConfig(t.TempDir())
	cfg.TickEvery = time.Hour
	h := &sweeper{}
	h.left.Store(500)
	c.send(t, 1, 1)
	c.start(t, cfg, h, nil)
	testkit.Eventually(t, time.Minute, func() error {
		if left := h.left.Load(); left > 0 {
			return fmt.Errorf("%d pieces are left", left)
		}
		return nil
	})
}

// TestAWaveIsNotWadedThrough counts the steps that the search for the next due timer takes, deleted timers included.
func TestAWaveIsNotWadedThrough(t *testing.T) {
	const timers, batch = 20_000, 200
	tx := memoryTx(t)
	apply := func() {
		t.Helper()
		tx.keep()
		if err := tx.store.apply(tx.batch, nil); err != nil {
			t.Fatal(err)
		}
		tx.batch = newChanges()
	}
	for i := range timers {
		tx.SetTimer(binary.BigEndian.AppendUint32(nil, uint32(i)), time.UnixMilli(1000))
	}
	apply()
	for done := 0; done < timers; done += batch {
		if got := stepsToNextDue(t, tx.store); got > 2 {
			t.Fatalf("%d steps to the next timer after %d have fired", got, done)
		}
		list, err := tx.store.due(1000, batch)
		if err != nil || len(list) != batch {
			t.Fatalf("%d timers, error %v", len(list), err)
		}
		for i, d := range list {
			if got := binary.BigEndian.Uint32(d.key); got != uint32(done+i) {
				t.Fatalf("timer %d fired in the place of %d", got, done+i)
			}
			tx.ClearTimer(d.key)
		}
		apply()
	}
}

// stepsToNextDue is how many keys Pebble looks at, from where due begins, until it stands on the first that is there.
func stepsToNextDue(t *testing.T, s *store) int {
	t.Helper()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: s.lowestDue(), UpperBound: []byte{spaceDue + 1}})
	if err != nil {
		t.Fatal(err)
	}
	it.First()
	stats := it.Stats()
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	return stats.ForwardStepCount[pebble.InternalIterCall]
}

// A timer that is set to a moment which has been passed fires, also when it comes before those that fired.
func TestATimerSetIntoThePastFires(t *testing.T) {
	tx := memoryTx(t)
	step := func(set ...string) (fired string) {
		t.Helper()
		list, err := tx.store.due(1000, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			fired = string(d.key)
			tx.ClearTimer(d.key)
		}
		for _, key := range set {
			tx.SetTimer([]byte(key), time.UnixMilli(1000))
		}
		tx.keep()
		if err := tx.store.apply(tx.batch, nil); err != nil {
			t.Fatal(err)
		}
		tx.batch = newChanges()
		return fired
	}
	step("m", "p")
	got := []string{step("m", "b"), step(), step(), step(), step("a"), step(), step()} // m again while it fires, b before it
	if d := cmp.Diff([]string{"m", "b", "m", "p", "", "a", ""}, got); d != "" {
		t.Error(d)
	}
}

// TestAFailedBatchShowsAsLag: the offset that the group shows is that of the last commit. A batch that failed half-way is not done.
func TestAFailedBatchShowsAsLag(t *testing.T) {
	c := newCluster(t, 1)
	cfg := testConfig(t.TempDir())
	var seen, tries atomic.Int64
	h := sums{fail: func() error {
		if seen.Add(1) == 6 {
			seen.Store(0)
			tries.Add(1)
			return errors.New("the sixth cannot be folded now")
		}
		return nil
	}}
	c.send(t, 10, 1)
	_, stop := c.start(t, cfg, h, nil)
	testkit.Eventually(t, time.Minute, func() error {
		if tries.Load() < 2 {
			return errors.New("it has not failed twice")
		}
		return nil
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	tp := broker.TopicPartition{Topic: inTopic.Name, Partition: 0}
	got, err := c.client.Committed(t.Context(), cfg.Name, tp)
	if err != nil {
		t.Fatal(err)
	}
	if got[tp].Offset > 0 {
		t.Errorf("the group shows %d records as done; none was committed", got[tp].Offset)
	}
}
