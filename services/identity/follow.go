package identity

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/broker"
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

// Run opens the store and follows the log until ctx ends (nil) or the log cannot be
// read any more. Faults of the broker that pass are waited out.
func (r *resolver) Run(ctx context.Context) (err error) {
	db, at, err := r.open(ctx)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	err = r.change(func() error { r.db, r.applied = db, at.offset; return nil })
	defer func() {
		err = errors.Join(err, r.change(func() error { r.db, r.current = nil, false; return db.Close() }))
	}()
	if err != nil {
		return err
	}
	return r.follow(ctx, db, at.offset+1)
}

// unlessStopped drops an error that may follow from ctx having ended.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
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
	if !errors.Is(err, errForeign) && !pebble.IsCorruptionError(err) {
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

// follow applies the log from offset next on.
func (r *resolver) follow(ctx context.Context, db *pebble.DB, next int64) error {
	for ctx.Err() == nil {
		b, err := r.fetch(ctx, next)
		if err != nil {
			return unlessStopped(ctx, fmt.Errorf("follow identity's log: %w", err))
		}
		for recs := b.Records; len(recs) > 0; {
			n := min(len(recs), applyAtOnce)
			if err := r.apply(db, recs[:n]); err != nil {
				return err
			}
			recs = recs[n:]
		}
		next = b.Next
		r.metrics.lag.Set(float64(max(0, b.End-next)))
		if next >= b.End && r.Ready() != nil {
			if err := r.change(func() error { r.current = true; return nil }); err != nil {
				return err
			}
			r.logger.Info("identity has read its log", "next_offset", next)
		}
	}
	return nil
}

// fetch tries until the broker answers, the offset proves gone, or ctx ends.
func (r *resolver) fetch(ctx context.Context, offset int64) (broker.Batch, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		b, err := r.broker.Fetch(ctx, logPartition, offset, broker.FetchOptions{})
		var gone *broker.Break
		if errors.As(err, &gone) && gone.Kind == broker.BreakLost && r.broker.Gaps() == broker.GapSkip {
			r.logger.Error("links of identity's log are lost; going on", "error", gone, "missing", gone.Missing)
			offset = gone.GoOn.Offset
			continue
		}
		if err == nil || errors.Is(err, broker.ErrOffsetGone) || ctx.Err() != nil {
			return b, err
		}
		r.logger.Warn("reading identity's log failed; trying again", "offset", offset, "error", err)
		select {
		case <-ctx.Done():
			return broker.Batch{}, ctx.Err()
		case <-time.After(wait/2 + rand.N(wait/2)):
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

func (p place) encode() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(p.offset)), p.hash[:]...)
}

func decodePlace(b []byte) (place, error) {
	var p place
	if len(b) != 8+len(p.hash) {
		return p, fmt.Errorf("%w: its place has %d bytes", errForeign, len(b))
	}
	p.offset = int64(binary.BigEndian.Uint64(b))
	copy(p.hash[:], b[8:])
	return p, nil
}
