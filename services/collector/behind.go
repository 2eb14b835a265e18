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
)

// Live before history. Both stand in one log, in one order, so behind the collector's door nobody can let the one pass the other. Hence
// the door: while a stage behind it needs longer than limits.history_behind to catch up with what came to it, history is answered 429 with
// the time after which to come again, and live events are taken as ever. Nothing is lost: what was refused was not acknowledged. The log
// says when it begins and when the stages have caught up, and answers to what was taken say so meanwhile: X-Freshet-Behind in HTTP,
// behind_seconds in gRPC (TestHistoryWaitsWhileAStageIsBehind, TestAnswersByGRPCSayThatTheStackIsBehind). services/watch tells of it
// by the metrics of this file.
//
// The time is an estimate, by the slowest stage: what waits, by the records a second that the stage has lately done, and at least leastRate
// (TestHowFarTheStagesAreBehind). Nobody is told to wait for a stage whose group has never been. A stage that cannot be asked is taken
// to stand where it last did: an outage of the broker neither begins nor ends a deferral.

const (
	behindHeader = "X-Freshet-Behind"
	// behindEvery is how often the stages are looked at, and how long a look may take.
	behindEvery = 2 * time.Second
	// leastRate is what a stage surely does in a second: who does nothing because there is nothing to do is not slow.
	leastRate = 1000
	// longestDeferral is the longest that history is told to wait before it asks again.
	longestDeferral = 30 * time.Second
)

// behind says how far the stages are behind.
type behind struct {
	limit  time.Duration // 0: nobody waits
	stages []follower
	look   func(ctx context.Context) []stand // one for each stage
	logger *slog.Logger
	behindMetrics

	backlog atomic.Pointer[backlog] // nil while history is taken

	// Of the one goroutine that looks.
	speeds []speed
	since  time.Time
}

// backlog is what history waits for.
type backlog struct {
	needs time.Duration // about; above 0
	stage string        // where most of it stands
}

func newBehind(cfg Config, client *broker.Client, logger *slog.Logger, reg prometheus.Registerer) (*behind, error) {
	b := &behind{limit: cfg.Limits.HistoryBehind, stages: followers(cfg.WarehouseGroup), logger: logger, behindMetrics: newBehindMetrics()}
	b.speeds = make([]speed, len(b.stages))
	b.look = func(ctx context.Context) []stand { return stands(ctx, client, b.stages) }
	b.most.Set(b.limit.Seconds())
	return b, b.register(reg)
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
			if found := b.look(ctx); ctx.Err() == nil {
				b.judge(time.Now(), found)
			}
		}
	}
}

// judge estimates how long the stages need; it begins to defer history above the limit and ends below half of it.
func (b *behind) judge(now time.Time, found []stand) {
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
		b.backlog.Store(&backlog{needs, stage})
	case defers && needs < b.limit/2:
		b.logger.Info("the stages have caught up: history is taken again", "were_behind_for", now.Sub(b.since).Round(time.Second))
		b.began.Set(0)
		b.backlog.Store(nil)
	case defers:
		b.backlog.Store(&backlog{max(needs, 1), stage})
	}
}

// deferral is the answer to history that has to wait, nil when it has not.
func (b *behind) deferral() *refusal {
	back := b.backlog.Load()
	if back == nil {
		return nil
	}
	b.deferred.Inc()
	ref := refused(http.StatusTooManyRequests, "behind", fmt.Sprintf(
		"history waits while the events before it are worked off, %d s of them before %s, so that live events are not late: send the same request again",
		seconds(back.needs), back.stage))
	ref.wait = min(back.needs, longestDeferral)
	return ref
}

// seconds is what an answer says: about how long the stages need to catch up, 0 while history is taken.
func (b *behind) seconds() int {
	if back := b.backlog.Load(); back != nil {
		return seconds(back.needs)
	}
	return 0
}

// tell says in an answer that what was taken is late.
func (b *behind) tell(h http.Header) {
	if n := b.seconds(); n > 0 {
		h.Set(behindHeader, strconv.Itoa(n))
	}
}
