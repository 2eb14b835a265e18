package collector

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// Live before history. Both stand in one log, in one order, so behind the collector's door nobody can let the one pass the other. Hence
// the door: while identity, the first to read events.raw.v1, needs longer than limits.history_behind to catch up, history is answered 429 with the time
// after which to come again, and live events are taken as ever. Nothing is lost: what was refused was not acknowledged. The log says when it
// begins and when identity has caught up, and answers carry X-Freshet-Behind meanwhile (TestHistoryWaitsWhileIdentityIsBehind).
//
// The time is an estimate: what waits, by the records a second that identity has lately done, and at least leastRate. Where
// identity's group has never been, or cannot be asked, nobody is told to wait.

const (
	behindGroup  = "identity.state"
	behindHeader = "X-Freshet-Behind"
	// behindEvery is how often identity is looked at.
	behindEvery = 2 * time.Second
	// leastRate is what identity surely does in a second: who does nothing because there is nothing to do is not slow.
	leastRate = 1000
	// longestDeferral is the longest that history is told to wait before it asks again.
	longestDeferral = 30 * time.Second
)

// behind says how far identity is behind.
type behind struct {
	limit    time.Duration // 0: nobody waits
	look     func(ctx context.Context) (waiting, done int64, err error)
	logger   *slog.Logger
	seconds  prometheus.Gauge
	deferred prometheus.Counter

	wait atomic.Int64 // ns to catch up; above 0 only while history has to wait

	// Of the one goroutine that looks.
	at    time.Time
	done  int64
	rate  float64
	since time.Time
}

func newBehind(limit time.Duration, client *broker.Client, logger *slog.Logger, reg prometheus.Registerer) (*behind, error) {
	b := &behind{
		limit: limit, logger: logger, look: func(ctx context.Context) (int64, int64, error) { return waitingFor(ctx, client) },
		seconds: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_collector_behind_seconds", Help: "About how long identity needs to catch up with what was taken."}),
		deferred: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_collector_history_deferred_total", Help: "Requests with history answered 429 because identity was behind."}),
	}
	for _, c := range []prometheus.Collector{b.seconds, b.deferred} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register the collector's metrics: %w", err)
		}
	}
	return b, nil
}

// waitingFor is how many records identity has before it, and how many it has done since its topics began.
func waitingFor(ctx context.Context, client *broker.Client) (waiting, done int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, behindEvery)
	defer cancel()
	spans, err := client.Spans(ctx, topics.EventsRaw.Name)
	if err != nil {
		return 0, 0, err
	}
	tps := make([]broker.TopicPartition, 0, len(spans))
	for n := range spans {
		tps = append(tps, broker.TopicPartition{Topic: topics.EventsRaw.Name, Partition: n})
	}
	committed, err := client.Committed(ctx, behindGroup, tps...)
	if err != nil {
		return 0, 0, err
	}
	for _, tp := range tps {
		if at := committed[tp].Offset; at >= 0 { // -1: it was never there
			waiting += max(0, spans[tp.Partition].Next-at)
			done += at
		}
	}
	return waiting, done, nil
}

// run looks until ctx ends.
func (b *behind) run(ctx context.Context) {
	if b.limit == 0 {
		return
	}
	tick := time.NewTicker(behindEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			waiting, done, err := b.look(ctx)
			if err != nil { // the broker is away: there is another answer for that
				waiting, done = 0, b.done
			}
			b.judge(time.Now(), waiting, done)
		}
	}
}

// judge estimates how long identity needs; it begins to defer history above the limit and ends below half of it.
func (b *behind) judge(now time.Time, waiting, done int64) {
	if took := now.Sub(b.at).Seconds(); !b.at.IsZero() && took > 0 {
		b.rate = (b.rate + max(0, float64(done-b.done)/took)) / 2
	}
	b.at, b.done = now, done
	wait := time.Duration(float64(waiting) / max(b.rate, leastRate) * float64(time.Second))
	b.seconds.Set(wait.Seconds())
	switch defers := b.wait.Load() > 0; {
	case !defers && wait > b.limit:
		b.since = now
		b.logger.Warn("identity is behind what was taken: history is answered 429 until it has caught up; live events are taken",
			"records", waiting, "catches_up_in", wait.Round(time.Second))
		b.wait.Store(int64(wait))
	case defers && wait < b.limit/2:
		b.logger.Info("identity has caught up: history is taken again", "was_behind_for", now.Sub(b.since).Round(time.Second))
		b.wait.Store(0)
	case defers:
		b.wait.Store(int64(max(wait, 1)))
	}
}

// deferral is the answer to history that has to wait, nil when it has not.
func (b *behind) deferral() *refusal {
	wait := time.Duration(b.wait.Load())
	if wait == 0 {
		return nil
	}
	b.deferred.Inc()
	ref := refused(http.StatusTooManyRequests, "behind", fmt.Sprintf(
		"history waits while the %d s of events before it are worked off, so that live events are not late: send the same request again", seconds(wait)))
	ref.wait = min(wait, longestDeferral)
	return ref
}

// tell says in an answer that what was taken is late.
func (b *behind) tell(h http.Header) {
	if wait := time.Duration(b.wait.Load()); wait > 0 {
		h.Set(behindHeader, strconv.Itoa(seconds(wait)))
	}
}
