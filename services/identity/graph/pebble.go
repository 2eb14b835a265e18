package graph

import (
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// Batch is a Store over an indexed Pebble batch: reads see the batch's own writes
// and, below them, the database. The owner commits or discards the batch, and must
// not commit it when Err is set. For one goroutine.
type Batch struct {
	Snapshot
	batch *pebble.Batch
	err   error
}

// NewBatch wraps a batch made by pebble.DB.NewIndexedBatch.
func NewBatch(b *pebble.Batch) *Batch {
	return &Batch{Snapshot: Snapshot{reader: b}, batch: b}
}

// Set writes a key.
func (b *Batch) Set(key, value []byte) {
	b.err = errors.Join(b.err, b.batch.Set(key, value, nil))
}

// Delete removes a key.
func (b *Batch) Delete(key []byte) {
	b.err = errors.Join(b.err, b.batch.Delete(key, nil))
}

// Err is the first fault of Set or Delete.
func (b *Batch) Err() error { return b.err }

// Snapshot is a Reader over anything of Pebble's that can be read: a database, a
// batch or a snapshot. It is as safe for concurrent use as that is.
type Snapshot struct {
	reader pebble.Reader
}

// NewSnapshot wraps r.
func NewSnapshot(r pebble.Reader) Snapshot { return Snapshot{reader: r} }

// Get reads a key; the value is the caller's.
func (s Snapshot) Get(key []byte) ([]byte, bool, error) {
	v, closer, err := s.reader.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v = slices.Clone(v)
	return v, true, closer.Close()
}

// Scan walks the keys with a prefix. The slices given to fn are valid during the call.
func (s Snapshot) Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) (err error) {
	lower := prefix
	if slices.Compare(from, prefix) > 0 {
		lower = from
	}
	it, err := s.reader.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: after(prefix)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if more, err := fn(it.Key(), v); err != nil || !more {
			return err
		}
	}
	return it.Error()
}

// after is the first key behind all keys with the prefix.
func after(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}
