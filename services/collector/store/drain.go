package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/services/collector/spool"
)

const (
	// drainBytes is about how much is read from the spool at once.
	drainBytes = 4 << 20
	// handOver is with how many events left in the spool requests are asked to wait for the last of them.
	handOver = 5000
	// handOverWithin is how long they wait at most, and handOverEvery how often they are asked.
	handOverWithin, handOverEvery = 250 * time.Millisecond, time.Second
	// drainRetry is the longest pause after a fault that the producer does not retry by itself.
	drainRetry = time.Second
)

// drainer brings what is in the spool to the broker.
type drainer struct {
	cancel context.CancelFunc
	done   chan struct{}
	asked  time.Time     // when requests were last asked to wait
	took   time.Duration // to store the batch before; 0: there was none
}

// Start drains from now on, until Stop. Without a spool it does nothing.
func (st *Store) Start(ctx context.Context) {
	if st.log.Load() == nil {
		return
	}
	ctx, st.drain.cancel = context.WithCancel(ctx)
	st.drain.done = make(chan struct{})
	go func() { defer close(st.drain.done); st.drainAll(ctx) }()
}

// Stop lets the drainer go on until the spool is empty or ctx ends, unless the broker is not there, and
// closes the spool.
func (st *Store) Stop(ctx context.Context) error {
	log := st.log.Load()
	if log == nil {
		return nil
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !log.Empty() && st.health.broker() == nil && ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	st.drain.cancel()
	<-st.drain.done
	if s := log.Stats(); s.Events > 0 {
		st.logger.Warn("events stay in the spool until the collector runs again", "events", s.Events, "bytes", s.Bytes, "dir", st.cfg.Dir)
	}
	return log.Close()
}

func (st *Store) drainAll(ctx context.Context) {
	log := st.log.Load()
	defer st.door.open()
	for log.Wait(ctx) == nil {
		b := log.Read(drainBytes)
		if len(b.Messages) == 0 {
			continue // damage was all there was
		}
		if !st.untilFresh(ctx, log) {
			return
		}
		st.handOver(log, len(b.Messages))
		begun := time.Now()
		if !st.bring(ctx, b.Messages) {
			return
		}
		log.Advance(b)
		st.drain.took = time.Since(begun)
		st.Metrics.drained.Add(float64(len(b.Messages)))
		if log.Empty() {
			st.door.open()
			st.drain.took = 0
			st.logger.Info("the spool is empty: events go to Kafka directly")
		}
	}
}

// untilFresh holds the drainer while what comes next has waited so long that identity may have forgotten its first copy: this collector alone
// was cut off from Kafka, or its machine slept. False when ctx ended. Nobody but a person can end that: see fresh.
func (st *Store) untilFresh(ctx context.Context, log *spool.Log) bool {
	err := st.fresh(log.Stats())
	if err == nil {
		return true
	}
	st.logger.Error("the spool is held: nothing of it is sent, and new events wait behind it", "error", err)
	st.health.stale.Store(&err)
	<-ctx.Done()
	return false
}

// handOver asks new requests to wait a moment when the spool is nearly empty: under load it would never become
// empty otherwise, since every request that comes while the last batch is stored adds to it.
func (st *Store) handOver(log *spool.Log, reading int) {
	if quick := st.drain.took > 0 && st.drain.took < handOverWithin; !quick || time.Since(st.drain.asked) < handOverEvery || log.Stats().Events-int64(reading) > handOver {
		return
	}
	st.drain.asked = time.Now()
	st.door.shut(handOverWithin)
}

// bring stores a batch, however long that takes; false when ctx ended first.
func (st *Store) bring(ctx context.Context, msgs []broker.Message) bool {
	d := st.deliver(msgs)
	pauses := retry.Backoff{First: 50 * time.Millisecond, Most: drainRetry}
	for {
		err := d.try(ctx)
		if err == nil {
			st.quarantined(d.unstorable)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		st.health.complain(st.logger, err)
		if pauses.Wait(ctx) != nil {
			return false
		}
	}
}

// door is where requests wait for the spool to become empty. The zero value is open.
type door struct {
	closed atomic.Pointer[chan struct{}]
	mu     sync.Mutex
	timer  *time.Timer
}

// shut closes the door for no longer than d.
func (d *door) shut(limit time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Load() != nil {
		return
	}
	c := make(chan struct{})
	d.closed.Store(&c)
	d.timer = time.AfterFunc(limit, d.open)
}

// open lets everybody in.
func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.closed.Swap(nil); c != nil {
		d.timer.Stop()
		close(*c)
	}
}

// wait returns when the door is open or ctx has ended.
func (d *door) wait(ctx context.Context) {
	if c := d.closed.Load(); c != nil {
		select {
		case <-*c:
		case <-ctx.Done():
		}
	}
}
