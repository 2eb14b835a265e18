// Package behind estimates how far the stages behind the collector are behind, so that live events go before history.
//
// Both stand in one log, in one order, so behind the collector's door nobody can let the one pass the other. Hence
// the door: while a stage behind it needs longer than limits.history_behind to catch up with what came to it, history is answered 429 with
// the time after which to come again, and live events are taken as ever. Nothing is lost: what was refused was not acknowledged. The log
// says when it begins and when the stages have caught up, and answers to what was taken say so meanwhile: X-Freshet-Behind in HTTP,
// behind_seconds in gRPC (TestHistoryWaitsWhileAStageIsBehind, TestAnswersByGRPCSayThatTheStackIsBehind). services/watch tells of it
// by the metrics of this package.
//
// The time is an estimate, by the slowest stage: what waits, by the records a second that the stage has lately done, and at least leastRate
// (TestHowFarTheStagesAreBehind). Nobody is told to wait for a stage whose group has never been. A stage that cannot be asked is taken
// to stand where it last did: an outage of the broker neither begins nor ends a deferral.
package behind

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
)

const (
	// lookEvery is how often the stages are looked at, and how long a look may take.
	lookEvery = 2 * time.Second
	// leastRate is what a stage surely does in a second: who does nothing because there is nothing to do is not slow.
	leastRate = 1000
)

// Estimate says how far the stages are behind.
type Estimate struct {
	limit  time.Duration // 0: nobody waits
	stages []follower
	look   func(ctx context.Context) []stand // one for each stage
	logger *slog.Logger
	metrics

	backlog atomic.Pointer[Backlog] // nil while history is taken

	// Of the one goroutine that looks.
	speeds []speed
	since  time.Time
}

// Backlog is what history waits for.
type Backlog struct {
	// Needs is about how long the stages need to catch up. Above 0.
	Needs time.Duration
	// Stage is where most of it stands.
	Stage string
}

// New makes an estimate that is taken once run. limit is how long a stage may need to catch up; 0: nobody waits, and nothing is looked at.
// warehouseGroup is the warehouse's consumer group. An error is one of registering metrics twice.
func New(limit time.Duration, warehouseGroup string, client *broker.Client, logger *slog.Logger, reg prometheus.Registerer) (*Estimate, error) {
	b := &Estimate{limit: limit, stages: followers(warehouseGroup), logger: logger, metrics: newMetrics()}
	b.speeds = make([]speed, len(b.stages))
	b.look = func(ctx context.Context) []stand { return stands(ctx, client, b.stages) }
	b.most.Set(b.limit.Seconds())
	return b, b.register(reg)
}

// Run looks until ctx ends; it returns at once where nobody waits.
func (b *Estimate) Run(ctx context.Context) {
	if b.limit == 0 {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if found := b.look(ctx); ctx.Err() == nil {
				b.judge(time.Now(), found)
			}
		}
	}
}

// judge estimates how long the stages need; it begins to defer history above the limit and ends below half of it.
func (b *Estimate) judge(now time.Time, found []stand) {
	worst := 0
	for i := range found {
		b.speeds[i].see(now, found[i])
		b.show(b.stages[i].stage, found[i], b.speeds[i].needs)
		if b.speeds[i].needs > b.speeds[worst].needs {
			worst = i
		}
	}
	needs, stage := b.speeds[worst].needs, b.stages[worst].stage
	switch defers := b.backlog.Load() != nil; {
	case !defers && needs > b.limit:
		b.since = now
		b.began.Set(float64(now.UnixMilli()) / 1000)
		b.logger.Warn("what was taken is not worked off in time: history is answered 429 until the stages have caught up; live events are taken",
			"stage", stage, "records", found[worst].waiting, "catches_up_in", needs.Round(time.Second))
		b.backlog.Store(&Backlog{needs, stage})
	case defers && needs < b.limit/2:
		b.logger.Info("the stages have caught up: history is taken again", "were_behind_for", now.Sub(b.since).Round(time.Second))
		b.began.Set(0)
		b.backlog.Store(nil)
	case defers:
		b.backlog.Store(&Backlog{max(needs, 1), stage})
	}
}

// Deferral is what history has to wait for now, nil when it is taken. Every call counts as a request that has to wait.
func (b *Estimate) Deferral() *Backlog {
	back := b.backlog.Load()
	if back != nil {
		b.deferred.Inc()
	}
	return back
}

// CatchesUp is about how long the stages need to catch up; 0 while history is taken.
func (b *Estimate) CatchesUp() time.Duration {
	if back := b.backlog.Load(); back != nil {
		return back.Needs
	}
	return 0
}
