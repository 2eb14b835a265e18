package segmentation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// follower keeps the board equal to segments.cutpoints.v1. Faults are waited out: meanwhile the cut points that are known
// stay good. A log that is not what it was is read anew.
type follower struct {
	broker *broker.Client
	board  *board
	logger *slog.Logger
}

// run follows until ctx ends, and calls caughtUp once it has read all there is: no customer is to be looked at with no cut
// points or old ones.
func (f *follower) run(ctx context.Context, caughtUp func()) error {
	log := f.broker.Follow(ctx, broker.FollowConfig{Name: "segmentation.cutpoints", Gaps: broker.GapRestart}, broker.Start{
		At: broker.TopicPartition{Topic: topics.SegmentCutPoints.Name}, Place: broker.Place{Offset: broker.First},
	})
	for {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("follow the cut points: %w", err)
		}
		f.show(batch.Records)
		if batch.Next >= batch.End {
			caughtUp()
		}
	}
}

// show puts cut points on the board.
func (f *follower) show(records []broker.Record) {
	for _, r := range records {
		var c segmentationv1.CutPoints
		if err := proto.Unmarshal(r.Value, &c); err != nil {
			f.logger.Error("cut points are unreadable, the ones before them stay", "offset", r.Offset, "error", err)
			continue
		}
		f.board.put(&c)
	}
}

// sizes are what all partitions hold of one workspace.
type sizes struct {
	customers int64
	segments  map[string]int64
}

// computer computes the cut points while this process has partition 0.
type computer struct {
	cfg        CutPointsConfig
	population Population
	producer   *broker.Producer
	board      *board
	logger     *slog.Logger
	metrics    *metrics
	now        func() time.Time
	// sizes reads the sizes by workspace; ok is false when another process has partition 0.
	sizes func(context.Context) (all map[string]sizes, ok bool, err error)
	// dir is where customers are sorted that do not fit into memory.
	dir  string
	last map[string]*attempt
}

// attempt is the last computation for a workspace.
type attempt struct {
	at        time.Time
	customers int64 // counted then
	// patience is how long a drifting tier waits for the next computation: it doubles
	// while computing does not mend it, for instance because ClickHouse lags behind.
	patience time.Duration
}

// run checks until ctx ends. A fault is logged and tried again at the next check.
func (c *computer) run(ctx context.Context) error {
	for retry.Sleep(ctx, c.cfg.CheckEvery) == nil {
		if err := c.check(ctx); err != nil && ctx.Err() == nil {
			c.metrics.computations.WithLabelValues("failed").Inc()
			c.logger.Warn("cut points could not be computed, trying again", "error", err)
		}
	}
	return nil
}

// check computes for every workspace where it is time.
func (c *computer) check(ctx context.Context) error {
	all, ok, err := c.sizes(ctx)
	if err != nil || !ok {
		return err
	}
	for workspace, s := range all {
		if s.customers < tier.MinPopulation || !c.due(workspace, s) {
			continue
		}
		if err := c.compute(ctx, workspace); err != nil {
			return err
		}
	}
	return nil
}

// due says whether it is time for a computation, and notes it as the last.
func (c *computer) due(workspace string, s sizes) bool {
	present, last, now := c.board.of(workspace), c.last[workspace], c.now()
	if last == nil {
		last = &attempt{customers: present.GetCustomers(), at: time.UnixMilli(present.GetComputedMs()), patience: c.cfg.CheckEvery}
		c.last[workspace] = last
	}
	counts := map[string]int{}
	for name := range tier.Shares {
		counts[name] = int(s.segments[name])
	}
	band := 0.025 + 1/float64(s.customers)
	drifts := tier.Drift(counts, int(s.customers)) > band
	switch age := now.Sub(last.at); {
	case present == nil, age >= c.cfg.Every, s.customers*5 >= last.customers*6:
		last.patience = c.cfg.CheckEvery
	case drifts && age >= last.patience:
		last.patience = min(2*last.patience, c.cfg.Every)
	default:
		return false
	}
	last.at, last.customers = now, s.customers
	return true
}

// compute publishes new cut points of a workspace, unless the present ones still serve.
func (c *computer) compute(ctx context.Context, workspace string) (err error) {
	now := c.now()
	present := c.board.of(workspace)
	census := tier.NewCensus(c.dir, present, now.UnixMilli())
	defer func() { err = errors.Join(err, census.Close()) }()
	if err := c.population.Customers(ctx, workspace, now, census.Add); err != nil {
		return err
	}
	if present != nil && (census.Customers() == 0 || census.Drift() <= c.cfg.KeepWithin) {
		c.metrics.computations.WithLabelValues("kept").Inc()
		return nil
	}
	cuts, ok, err := census.Compute()
	if err != nil || !ok {
		return err // Not ok: ClickHouse does not have them all yet.
	}
	cuts.Workspace = workspace
	value, err := proto.Marshal(cuts)
	if err != nil {
		return fmt.Errorf("encode cut points: %w", err)
	}
	if err := c.producer.Produce(ctx, broker.Message{Topic: topics.SegmentCutPoints.Name, Key: []byte(workspace), Value: value}); err != nil {
		return fmt.Errorf("publish cut points: %w", err)
	}
	c.metrics.computations.WithLabelValues("published").Inc()
	c.logger.Info("new cut points", "workspace", workspace, "version", cuts.Version, "customers", cuts.Customers)
	return nil
}
