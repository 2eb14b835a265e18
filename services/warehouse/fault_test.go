package warehouse

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// breakStore stands between the service and ClickHouse.
func breakStore(f *faultyStore) func(*Service) {
	return func(s *Service) {
		f.inserter = s.store
		s.store = f
	}
}

// breakOffsets stands between the service and the group.
func breakOffsets(f faultyOffsets) func(*Service) {
	return func(s *Service) {
		s.offsetsOf = func(m *broker.Membership) offsets {
			of := f
			of.offsets = m
			return &of
		}
	}
}

func both(a, b func(*Service)) func(*Service) {
	return func(s *Service) { a(s); b(s) }
}

func TestAFaultThatPassesChangesNothing(t *testing.T) {
	isDone := func(metadata string, fail func() error) error {
		if !planned(metadata) {
			return fail()
		}
		return nil
	}
	isPlan := func(metadata string, fail func() error) error {
		if planned(metadata) {
			return fail()
		}
		return nil
	}
	fail, lose := once(), once()
	failPlan, losePlan, failDone, loseDone := once(), once(), once(), once()
	cases := map[string]func(*Service){
		"the insert fails once":                 breakStore(&faultyStore{before: func(table, string) error { return fail() }}),
		"the answer of the insert is lost once": breakStore(&faultyStore{after: func(table, string) error { return lose() }}),
		"the commit of the plan fails once": breakOffsets(faultyOffsets{
			before: func(_ broker.TopicPartition, _ int64, m string) error { return isPlan(m, failPlan) }}),
		"the answer to the plan is lost once": breakOffsets(faultyOffsets{
			after: func(_ broker.TopicPartition, _ int64, m string) error { return isPlan(m, losePlan) }}),
		"the commit after the insert fails once": breakOffsets(faultyOffsets{
			before: func(_ broker.TopicPartition, _ int64, m string) error { return isDone(m, failDone) }}),
		"the answer to the last commit is lost once": breakOffsets(faultyOffsets{
			after: func(_ broker.TopicPartition, _ int64, m string) error { return isDone(m, loseDone) }}),
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.keepParts()
			w.produce(topics.EventsResolved, "a", facts("a", 0, 200)...)
			w.start(change)
			w.wantCommitted(topics.EventsResolved, 0)
			w.wantStored(200)
			w.produce(topics.EventsResolved, "a", facts("a", 200, 300)...)
			w.wantCommitted(topics.EventsResolved, 0)
			w.wantStored(300)
		})
	}
}

func TestACrashBetweenInsertAndCommitLandsOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	w.produce(topics.EventsResolved, "a", facts("a", 0, 200)...)
	landed := make(chan struct{}, 100)
	first := &faultyStore{}
	dying := w.start(both(breakStore(first), breakOffsets(faultyOffsets{
		before: func(_ broker.TopicPartition, _ int64, metadata string) error {
			if !planned(metadata) {
				landed <- struct{}{}
				return errInjected // for ever: this member never learns that its block is in
			}
			return nil
		}})))
	<-landed
	dying.end()
	w.wantStored(200)
	// What came since must not slip into the block.
	w.produce(topics.EventsResolved, "a", facts("a", 200, 300)...)

	second := &faultyStore{}
	heir := w.start(breakStore(second))
	w.wantCommitted(topics.EventsResolved, 0)
	w.wantStored(300)
	if got, want := second.tokens[:3], first.tokens[:3]; !slices.Equal(got, want) {
		t.Errorf("the heir began with tokens %v, want those of the dead member %v", got, want)
	}
	if n := metric(t, heir.reg, "freshet_warehouse_blocks_total"); n < 1 {
		t.Errorf("no block was counted")
	}
}

func TestACrashBetweenPlanAndInsertLandsOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	w.produce(topics.EventsResolved, "a", facts("a", 0, 200)...)
	planned := make(chan string, 100)
	dying := w.start(breakStore(&faultyStore{before: func(_ table, token string) error {
		planned <- token
		return errInjected
	}}))
	token := <-planned
	dying.end()
	w.wantStored(0)
	w.produce(topics.EventsResolved, "a", facts("a", 200, 300)...)

	heirs := &faultyStore{}
	w.start(breakStore(heirs))
	w.wantCommitted(topics.EventsResolved, 0)
	w.wantStored(300)
	if heirs.tokens[0] != "events "+token {
		t.Errorf("the heir began with %q, want the planned block %q", heirs.tokens[0], token)
	}
}

// A crash in the middle of a block: events are in, order events are not.
func TestACrashBetweenTwoTablesLandsOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	w.produce(topics.EventsResolved, "a", facts("a", 0, 200)...)
	reached := make(chan struct{}, 100)
	dying := w.start(breakStore(&faultyStore{before: func(tab table, _ string) error {
		if tab.name != "order_events" {
			return nil
		}
		reached <- struct{}{}
		return errInjected
	}}))
	<-reached
	dying.end()
	w.want(200, "SELECT count() FROM {dw}.events_rows")
	w.want(0, "SELECT count() FROM {dw}.order_events_rows")

	w.start(nil)
	w.wantCommitted(topics.EventsResolved, 0)
	w.wantStored(200)
}

// An owner is paused (SIGSTOP, a long collection) between plan and insert, loses
// its partitions, and wakes up when the new owner has long gone on.
func TestAPausedOwnerThatWakesUpDoublesNothing(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	w.produce(topics.EventsResolved, "a", facts("a", 0, 200)...)
	asleep, wake := make(chan struct{}), make(chan struct{})
	var first sync.Once
	sleeper := w.start(func(s *Service) {
		s.store = &sleepyStore{inserter: s.store, sleep: func() {
			first.Do(func() {
				close(asleep)
				<-wake
			})
		}}
	})
	<-asleep
	w.start(nil) // joins; the sleeper does not answer and is thrown out of the group
	w.produce(topics.EventsResolved, "a", facts("a", 200, 300)...)
	w.wantCommitted(topics.EventsResolved, 0)
	w.wantStored(300)
	close(wake)
	sleeper.end()
	w.wantCommitted(topics.EventsResolved, 0)
	w.wantStored(300)
}

// sleepyStore does not notice that its context ended, as a stopped process does not.
type sleepyStore struct {
	inserter
	sleep func()
}

func (s *sleepyStore) insert(ctx context.Context, t table, token string) error {
	s.sleep()
	return s.inserter.insert(context.WithoutCancel(ctx), t, token)
}

// Members come and go while records arrive: what is stored is exact without FINAL.
func TestRebalancesUnderLoadDoubleAndLoseNothing(t *testing.T) {
	w := newWorld(t, 4)
	w.keepParts()
	w.cfg.BlockRows = 300
	const customers, rounds, each = 20, 30, 20
	stop := w.start(nil)
	var load sync.WaitGroup
	load.Go(func() {
		for r := range rounds {
			for c := range customers {
				name := fmt.Sprint("c", c)
				w.produce(topics.EventsResolved, name, facts(name, r*each, (r+1)*each)...)
			}
		}
	})
	second := w.start(nil)
	w.atLeast(500)
	stop.end() // the first leaves in the middle of its blocks
	third := w.start(nil)
	w.atLeast(customers * rounds * each / 2)
	second.end()
	load.Wait()
	for p := range 4 {
		w.wantCommitted(topics.EventsResolved, p)
	}
	w.wantStored(customers * rounds * each)
	third.end()
}

func (w *world) atLeast(n int64) {
	w.t.Helper()
	testkit.Eventually(w.t, patience, func() error {
		got, err := w.count("SELECT count() FROM {dw}.events_rows")
		if err == nil && got < n {
			err = fmt.Errorf("%d events, want at least %d", got, n)
		}
		return err
	})
}

func TestClickHouseThatIsAwayIsWaitedFor(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	w.cfg.BlockRows = 50
	proxy := w.throughProxy()
	m := w.start(nil)
	w.produce(topics.EventsResolved, "a", facts("a", 0, 100)...)
	w.wantStored(100)
	w.wantCommitted(topics.EventsResolved, 0)
	proxy.Shut()
	w.produce(topics.EventsResolved, "a", facts("a", 100, 1000)...)
	testkit.Eventually(t, patience, func() error {
		if m.Ready() == nil {
			return fmt.Errorf("the service says that it is ready while ClickHouse is away")
		}
		return nil
	})
	proxy.Open()
	w.wantCommitted(topics.EventsResolved, 0)
	w.wantStored(1000)
	if err := m.Ready(); err != nil {
		t.Errorf("still not ready: %v", err)
	}
}

func TestABlockThatLandedByHalfIsCompleted(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	s := &store{conn: w.conn, names: w.names, timeout: Default().InsertTimeout}
	rowsOf := func(from, to int) table {
		b := newFactRows(to - from)
		for i := from; i < to; i++ {
			r := fact("a", i)
			r.Event.OccurredMs = base.AddDate(0, -i, 1-base.Day()).UnixMilli() // each in a month of its own, which a day that not every month has is not
			b.addEvent(r, "track")
		}
		return b.result().tables[0]
	}
	// ClickHouse writes a part a month, one after the other; it died after three.
	for _, to := range []int{3, 110} {
		if err := s.insert(t.Context(), rowsOf(0, to), "token"); err != nil {
			t.Fatal(err)
		}
	}
	w.want(110, "SELECT count() FROM {dw}.events_rows")
}
