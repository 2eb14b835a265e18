package stream

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// BenchmarkTimerWave has b.N timers of one partition come due at the same moment, each of which changes a record of its own, with a live
// record each 10 ms between them, on one core: -benchtime 1000000x is a million customers at midnight.
func BenchmarkTimerWave(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c := newCluster(b, 1)
	const crowd = 10_000
	h := &midnight{wave: wave{crowd: crowd}, done: make(chan struct{}), live: map[string]time.Duration{}}
	records := (b.N + crowd - 1) / crowd
	h.total = int64(records * crowd)
	clock := newClock(time.UnixMilli(1_000_000))
	cfg := testConfig(b.TempDir())
	cfg.MaxBatch, cfg.MaxTimers, cfg.TickEvery, cfg.Pace = 0, 0, 0, DefaultPace
	c.send(b, records, records)
	c.start(b, cfg, h, clock.now)
	for h.set.Load() < int64(records) {
		time.Sleep(10 * time.Millisecond)
	}
	ctx, stop := context.WithCancel(context.Background())
	var live sync.WaitGroup
	live.Go(func() { h.liveEvents(ctx, c) })
	cpu := cpuTime(b)
	b.ResetTimer()
	clock.set(time.UnixMilli(100_000_000))
	<-h.done
	b.StopTimer()
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(h.total), "cpu-us/timer") // on a busy machine the figure that counts
	stop()
	live.Wait()
	b.ReportMetric(float64(h.total)/b.Elapsed().Seconds(), "timers/s")
	h.mu.Lock()
	defer h.mu.Unlock()
	var waits []time.Duration
	for _, d := range h.live {
		waits = append(waits, d)
	}
	if slices.Sort(waits); len(waits) > 0 {
		b.ReportMetric(float64(waits[len(waits)*99/100].Milliseconds()), "live-p99-ms")
	}
}

// cpuTime is what this process, its broker included, has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// midnight is a wave each of whose timers reads and writes a record of 100 bytes, and live records that are timed.
type midnight struct {
	wave
	set   atomic.Int64
	total int64
	done  chan struct{}

	mu   sync.Mutex
	live map[string]time.Duration
}

func (h *midnight) Process(tx *Tx, rec broker.Record) error {
	if string(rec.Key) == "live" {
		h.mu.Lock()
		defer h.mu.Unlock()
		var sent int64
		if _, err := fmt.Sscan(string(rec.Value), &sent); err != nil {
			return err
		}
		h.live[string(rec.Value)] = time.Since(time.Unix(0, sent))
		return nil
	}
	defer h.set.Add(1)
	for i := range h.crowd {
		tx.SetTimer(fmt.Appendf(nil, "%s/%d", rec.Key, i), time.UnixMilli(50_000_000))
	}
	return nil
}

func (h *midnight) Timer(tx *Tx, key []byte, _ time.Time) error {
	if _, _, err := tx.Get(key); err != nil {
		return err
	}
	tx.Set(key, make([]byte, 100))
	if h.fired.Add(1) == h.total {
		close(h.done)
	}
	return nil
}

// liveEvents sends a record each 10 ms.
func (h *midnight) liveEvents(ctx context.Context, c *cluster) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = c.in.Produce(ctx, broker.Message{Topic: inTopic.Name, Key: []byte("live"), Value: fmt.Appendf(nil, "%d", time.Now().UnixNano())})
		}
	}
}
