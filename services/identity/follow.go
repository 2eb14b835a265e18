package identity

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

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

// placeKey holds how far the store is. It lies outside the key spaces of package graph.
var placeKey = []byte{0}

// applyAtOnce is how many log records become visible together: few enough that nobody
// who waits for the first waits long.
const applyAtOnce = 1000

// errForeign says that the store is not a copy of this log.
var errForeign = errors.New("the identity store does not belong to this log")

// place is the last record in the store. Its hash proves that the log is the one the
// store was made from: a log that was lost and made anew must not be continued.
type place struct {
	offset int64
	hash   [16]byte
}

func placeOf(rec broker.Record) place {
	sum := sha256.Sum256(rec.Value)
	p := place{offset: rec.Offset}
	copy(p.hash[:], sum[:])
	return p
}

// Run opens the store and follows the log until ctx ends (nil) or the store cannot be used. Faults of the broker that pass
// are waited out. When the log turns out not to be the one that was read, the store is thrown away and the log read anew.
func (r *resolver) Run(ctx context.Context) (err error) {
	for {
		err := r.runOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var broken *broker.Break
		if !errors.As(err, &broken) {
			return err
		}
		r.logger.Error("identity's log is not the one that was read; reading it anew", "kind", broken.Kind.String(), "error", broken)
		if err := os.RemoveAll(r.dir); err != nil {
			return fmt.Errorf("remove the identity store: %w", err)
		}
	}
}

func (r *resolver) runOnce(ctx context.Context) (err error) {
	db, at, err := r.open(ctx)
	if err != nil {
		return err
	}
	err = r.change(func() error {
		r.db, r.applied = db, at.offset
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
	return r.follow(ctx, db, at.offset+1)
}

// open gives the store and its place in the log. A store that is damaged or of
// another log is thrown away: the log is the truth.
func (r *resolver) open(ctx context.Context) (*pebble.DB, place, error) {
	if err := os.MkdirAll(r.dir, 0o750); err != nil {
		return nil, place{}, fmt.Errorf("make the folder %s: %w", r.dir, err)
	}
	db, err := openStore(r.dir, r.cache)
	if err == nil {
		var at place
		if at, err = r.verify(ctx, db); err == nil {
			return db, at, nil
		}
		err = errors.Join(err, db.Close())
	}
	// A store that is locked by another process is neither foreign nor corrupt, and stays.
	if !errors.Is(err, errForeign) && !pebble.IsCorruptionError(err) && !ofAnotherEngine(r.dir) {
		return nil, place{}, err
	}
	r.logger.Warn("identity store thrown away; reading the whole log again", "error", err)
	if err := os.RemoveAll(r.dir); err != nil {
		return nil, place{}, fmt.Errorf("remove the identity store: %w", err)
	}
	db, err = openStore(r.dir, r.cache)
	return db, place{offset: -1}, err
}

// verify reads the store's place and compares its last record with the log's.
func (r *resolver) verify(ctx context.Context, db *pebble.DB) (place, error) {
	v, ok, err := graph.NewSnapshot(db).Get(placeKey)
	if err != nil {
		return place{}, fmt.Errorf("read the store's place in the log: %w", err)
	}
	if !ok {
		return place{offset: -1}, nil
	}
	at, err := decodePlace(v)
	if err != nil {
		return place{}, err
	}
	b, err := r.fetch(ctx, at.offset)
	if errors.Is(err, broker.ErrOffsetGone) {
		return place{}, fmt.Errorf("%w: it ends at offset %d, which the log does not have", errForeign, at.offset)
	}
	if err != nil {
		return place{}, err
	}
	if len(b.Records) == 0 || placeOf(b.Records[0]) != at {
		return place{}, fmt.Errorf("%w: the log has another record at offset %d", errForeign, at.offset)
	}
	return at, nil
}

// follow applies the log from offset next on. Links that the broker says it lost end it, or are passed over, as broker.gaps says; a log that
// was cut or made anew ends it in any case: the store is of another one, and is made again.
func (r *resolver) follow(ctx context.Context, db *pebble.DB, next int64) error {
	for {
		err := r.followFrom(ctx, db, next)
		var gone *broker.Break
		if !errors.As(err, &gone) || gone.Kind != broker.BreakLost || r.broker.Gaps() != broker.GapSkip {
			return err
		}
		r.logger.Error("links of identity's log are lost; going on", "error", gone, "missing", gone.Missing)
		next = gone.GoOn.Offset
	}
}

func (r *resolver) followFrom(ctx context.Context, db *pebble.DB, next int64) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	log := r.broker.Follow(ctx, broker.FollowConfig{Name: "identity.resolver", Gaps: broker.GapStop},
		broker.Start{At: logPartition, Place: broker.Place{Offset: next}})
	for {
		b, err := log.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow identity's log: %w", err)
		}
		for recs := b.Records; len(recs) > 0; {
			n := min(len(recs), applyAtOnce)
			if err := r.apply(db, recs[:n]); err != nil {
				return err
			}
			recs = recs[n:]
		}
		r.metrics.lag.Set(float64(max(0, b.End-b.Next)))
		if b.Next >= b.End && r.Ready() != nil {
			if err := r.change(func() error { r.current = true; return nil }); err != nil {
				return err
			}
			r.logger.Info("identity has read its log", "next_offset", b.Next)
		}
	}
}

// fetch tries until the broker answers, the offset proves gone, or ctx ends.
func (r *resolver) fetch(ctx context.Context, offset int64) (broker.Batch, error) {
	var pauses retry.Backoff
	for {
		b, err := r.broker.Fetch(ctx, logPartition, offset, broker.FetchOptions{MaxBytes: 1})
		if err == nil || errors.Is(err, broker.ErrOffsetGone) || ctx.Err() != nil {
			return b, err
		}
		r.logger.Warn("reading identity's log failed; trying again", "offset", offset, "error", err)
		if err := pauses.Wait(ctx); err != nil {
			return broker.Batch{}, err
		}
	}
}

// apply folds records and makes them visible in one step, with the place they lead
// to. It is not synced: what a power cut takes is read again.
func (r *resolver) apply(db *pebble.DB, recs []broker.Record) error {
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
	last := placeOf(recs[len(recs)-1])
	store.Set(placeKey, last.encode())
	if err := store.Err(); err != nil {
		return fmt.Errorf("write the identity store: %w", err)
	}
	return r.change(func() error {
		if err := batch.Commit(pebble.NoSync); err != nil {
			return fmt.Errorf("write the identity store: %w", err)
		}
		r.applied = last.offset
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

// encode writes the number of the rows' layout before the place: a store whose rows this release does not read is foreign.
func (p place) encode() []byte {
	return append(binary.BigEndian.AppendUint64(graph.Format.Begin(nil), uint64(p.offset)), p.hash[:]...)
}

func decodePlace(b []byte) (p place, err error) {
	in, _, err := graph.Format.Open(b)
	if err != nil {
		return p, fmt.Errorf("%w: %w", errForeign, err)
	}
	var offset [8]byte
	in.Fixed(offset[:])
	in.Fixed(p.hash[:])
	if err := in.Done(); err != nil {
		return p, fmt.Errorf("%w: its place: %w", errForeign, err)
	}
	p.offset = int64(binary.BigEndian.Uint64(offset[:]))
	return p, nil
}
