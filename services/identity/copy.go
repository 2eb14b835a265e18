package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/services/identity/graph"
)

// storeName is the folder of the store. Its number grows with every change of the rules, which the rows do
// not tell: the new version reads the log from its start. Another layout of the rows is told by copiedKey's.
const storeName = "identity.resolver.4"

// copiedKey holds what the store is a copy of. It lies outside the key spaces of package graph.
var copiedKey = []byte{0}

// errForeign says that the store's rows cannot be read, or that nobody knows what they are a copy of.
var errForeign = errors.New("the identity store is none of this release")

// copied is what a store is a copy of: the records of one log from an offset to a place. It is written with the rows that follow from
// them, in one step.
type copied struct {
	from int64 // 0, or where a log began whose head was given up
	at   broker.Place
}

// fresh is a copy of nothing: at the beginning of whichever log there is. Not at the first record that it still has: what is gone shows.
func fresh() copied { return copied{} }

// empty says that nothing was copied yet.
func (c copied) empty() bool { return c.at.Offset == c.from }

// encode writes the number of the rows' layout first: a store whose rows this release does not read is foreign.
func (c copied) encode() []byte {
	return c.at.Append(binary.AppendVarint(graph.Format.Begin(nil), c.from))
}

func decodeCopied(b []byte) (c copied, err error) {
	in, _, err := graph.Format.Open(b)
	if err != nil {
		return c, fmt.Errorf("%w: %w", errForeign, err)
	}
	c.from = in.Varint()
	at, rest, err := broker.ReadPlace(in.Rest())
	if err != nil || len(rest) > 0 || c.from < 0 || at.Offset < c.from {
		return copied{}, fmt.Errorf("%w: what it is a copy of cannot be read", errForeign)
	}
	c.at = at
	return c, nil
}

// readCopied gives what a store is a copy of.
func readCopied(db *pebble.DB) (copied, error) {
	v, ok, err := graph.NewSnapshot(db).Get(copiedKey)
	if err != nil {
		return copied{}, fmt.Errorf("read what the identity store is a copy of: %w", err)
	}
	if !ok {
		return fresh(), nil
	}
	return decodeCopied(v)
}

// open gives the store and what it is a copy of. A store that cannot be read is thrown away: the log is the truth. Whether it is a copy of
// the log that there is now, the log says when it is read on.
func (r *resolver) open() (*pebble.DB, copied, error) {
	if err := os.MkdirAll(r.dir, 0o750); err != nil {
		return nil, copied{}, fmt.Errorf("make the folder %s: %w", r.dir, err)
	}
	db, err := openStore(r.dir, r.cache)
	if err == nil {
		var c copied
		if c, err = readCopied(db); err == nil {
			return db, c, nil
		}
		err = errors.Join(err, db.Close())
	}
	// A store that is locked by another process is neither foreign nor damaged, and stays.
	if !errors.Is(err, errForeign) && !errors.Is(localstore.Fault(err), localstore.ErrDamaged) {
		return nil, copied{}, err
	}
	r.logger.Warn("identity store thrown away; reading the whole log again", "error", err)
	if err := r.throwAway(); err != nil {
		return nil, copied{}, err
	}
	db, err = openStore(r.dir, r.cache)
	return db, fresh(), err
}

// throwAway removes the store, which must be closed.
func (r *resolver) throwAway() error {
	return localstore.Remove(nil, r.dir)
}

func openStore(dir string, cacheBytes int64) (*pebble.DB, error) {
	opts := &pebble.Options{
		CacheSize:          cacheBytes,
		MemTableSize:       8 << 20,
		MaxOpenFiles:       256,
		FormatMajorVersion: pebble.FormatNewest,
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := localstore.Open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("identity's copy of its log: %w", err)
	}
	return db.DB, nil
}
