package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// logPartition is the one partition of identity.log.v1.
var logPartition = broker.TopicPartition{Topic: topics.IdentityLog.Name}

// applyAtOnce is how many log records become visible together: few enough that nobody
// who waits for the first waits long.
const applyAtOnce = 1000

// follower is the resolver's name in logs and metrics, as one who follows a partition.
const follower = "identity.resolver"

// heldRetry is how often a log that misses records is asked whether it has them again: a broker that was away may bring them back.
const heldRetry = 30 * time.Second

// lookEvery is how often a copy to which nothing new comes is held against the log.
const lookEvery = time.Minute

// Run opens the store and follows the log until ctx ends (nil) or the store cannot be used. Faults of the broker that pass
// are waited out. When the log turns out not to be the one that was read, the store is thrown away and the log read anew.
func (r *resolver) Run(ctx context.Context) error {
	for {
		err := r.runOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var broken *broker.Break
		if !errors.As(err, &broken) {
			return err
		}
		r.logger.Error("identity's copy is not of the log that there is; reading it anew", "kind", broken.Kind.String(), "error", broken)
		if err := r.throwAway(); err != nil {
			return err
		}
	}
}

func (r *resolver) runOnce(ctx context.Context) (err error) {
	db, c, err := r.open()
	if err != nil {
		return err
	}
	err = r.change(func() error {
		r.db, r.applied = db, c.at.Offset-1
		clear(r.gone)
		r.generation++ // what was answered before, by another log perhaps, holds no more
		return nil
	})
	defer func() {
		err = errors.Join(err, r.change(func() error { r.db, r.current = nil, false; return db.Close() }))
	}()
	if err != nil {
		return err
	}
	return r.follow(ctx, db, c)
}

// follow applies the log from where the copy ends. A *broker.Break that it returns means: throw the copy away and read the log anew. It does not
// return those that say that links are missing from the log and nobody has decided to go on without them.
func (r *resolver) follow(ctx context.Context, db *pebble.DB, c copied) error {
	if err := r.hasMore(ctx, c); err != nil {
		return err
	}
	for ctx.Err() == nil {
		err := r.followFrom(ctx, db, &c, broker.GapStop)
		var gone *broker.Break
		if !errors.As(err, &gone) || gone.Kind == broker.BreakCut || gone.Kind == broker.BreakAnew {
			return err
		}
		if r.broker.Gaps() != broker.GapSkip {
			if err := r.hold(ctx, db, &c); err != nil {
				return err
			}
			continue
		}
		if gone.Kind == broker.BreakRemoved {
			if !c.empty() {
				return gone // others cannot have what it has
			}
			c.from = gone.GoOn.Offset
		}
		r.broker.PassedOver(follower, gone)
		c.at = gone.Accept(gone.At)
		if err := r.apply(db, nil, c); err != nil { // what was accepted stays accepted
			return err
		}
	}
	return nil
}

// hasMore says, as a break, that the log has lost its head since the copy was begun, and that replicas are to go on without: then those that
// had read it have to forget it as well, or they would differ for good from those that could not.
func (r *resolver) hasMore(ctx context.Context, c copied) error {
	if c.empty() || r.broker.Gaps() != broker.GapSkip {
		return nil
	}
	var pauses retry.Backoff
	for {
		log, err := r.broker.Spans(ctx, logPartition.Topic)
		if err == nil {
			if have := log[logPartition.Partition]; have.First > c.from {
				return &broker.Break{Kind: broker.BreakRemoved, Partition: logPartition, At: c.at.At(c.from), Have: have, Missing: have.First - c.from, GoOn: c.at.At(have.First)}
			}
			return nil
		}
		if !broker.Passing(err) {
			return err
		}
		if err := pauses.Wait(ctx); err != nil {
			return err
		}
	}
}

// hold stands before what is missing, and says so, for as long as nothing changes.
func (r *resolver) hold(ctx context.Context, db *pebble.DB, c *copied) error {
	ctx, stop := context.WithTimeout(ctx, r.heldRetry)
	defer stop()
	return r.followFrom(ctx, db, c, broker.GapHold)
}

// told notes what keeps the log from being followed, as far as it does not pass. Only the goroutine that follows calls it.
func (r *resolver) told(err error) {
	broken := (*broker.Break)(nil)
	if err == nil && r.held == nil || err != nil && !errors.As(err, &broken) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = err
}

// followFrom applies the log from where the copy ends until ctx ends (nil).
func (r *resolver) followFrom(ctx context.Context, db *pebble.DB, c *copied, gaps broker.GapPolicy) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	log := r.broker.Follow(ctx, broker.FollowConfig{
		Name: follower, Gaps: gaps, Told: func(_ broker.TopicPartition, err error) { r.told(err) },
	}, broker.Start{At: logPartition, Place: c.at})
	for {
		b, quiet, err := r.next(ctx, log)
		if quiet && gaps == broker.GapStop {
			err = r.look(ctx, c.at)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow identity's log: %w", err)
		}
		if quiet {
			continue
		}
		r.told(nil)
		if err := r.take(db, c, b); err != nil {
			return err
		}
	}
}

// next is what the log gives next. Quiet: nothing, for as long as one can wait without a look.
func (r *resolver) next(ctx context.Context, log *broker.Follower) (b broker.Batch, quiet bool, err error) {
	while, stop := context.WithTimeout(ctx, r.lookEvery)
	defer stop()
	b, err = log.Next(while)
	if err != nil && while.Err() != nil && ctx.Err() == nil {
		return broker.Batch{}, true, nil
	}
	return b, false, err
}

// look asks whether the log is still the one that was read. A follower asks before it gives further records; but a copy also answers while
// none come.
func (r *resolver) look(ctx context.Context, at broker.Place) error {
	_, err := r.broker.Stand(ctx, logPartition, at)
	if broker.Passing(err) {
		return nil
	}
	return err
}

// take applies a batch that the log gave.
func (r *resolver) take(db *pebble.DB, c *copied, b broker.Batch) error {
	for recs := range slices.Chunk(b.Records, applyAtOnce) {
		next := copied{from: c.from, at: b.After.After(recs[len(recs)-1])}
		if err := r.apply(db, recs, next); err != nil {
			return err
		}
		*c = next
	}
	r.metrics.lag.Set(float64(max(0, b.End-b.Next)))
	if b.Next < b.End || r.isCurrent() {
		return nil
	}
	r.logger.Info("identity has read its log", "next_offset", b.Next)
	return r.change(func() error { r.current = true; return nil })
}

// apply folds records and makes them visible in one step, with what the store is a copy of
// then. It is not synced: what a power cut takes is read again.
func (r *resolver) apply(db *pebble.DB, recs []broker.Record, c copied) error {
	batch := db.NewIndexedBatch()
	defer batch.Close()
	store := graph.NewBatch(batch)
	var merges []graph.Merge
	for _, rec := range recs {
		op, err := decodeOperation(rec)
		if err != nil {
			r.metrics.malformed.Inc()
			r.logger.Warn("log record skipped", "offset", rec.Offset, "error", err)
			continue
		}
		res, err := r.graph.Apply(store, op, rec.Offset)
		if err != nil {
			return err
		}
		merges = append(merges, res.Merges...)
	}
	store.Set(copiedKey, c.encode())
	if err := store.Err(); err != nil {
		return fmt.Errorf("write the identity store: %w", err)
	}
	return r.change(func() error {
		if err := batch.Commit(pebble.NoSync); err != nil {
			return fmt.Errorf("write the identity store: %w", err)
		}
		r.applied = c.at.Offset - 1
		r.bury(merges)
		return nil
	})
}

// decodeOperation reads a log record. All readers of the log must agree on which
// records count, so this is the only place that decides.
func decodeOperation(rec broker.Record) (*identityv1.LogRecord, error) {
	op := &identityv1.LogRecord{}
	if err := proto.Unmarshal(rec.Value, op); err != nil {
		return nil, fmt.Errorf("decode log record %d: %w", rec.Offset, err)
	}
	if op.GetWorkspace() == "" {
		return nil, fmt.Errorf("log record %d names no workspace", rec.Offset)
	}
	return op, nil
}
