package stream

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/freshet/freshet/pkg/localstore"
)

// The local store's key spaces, by first byte.
const (
	spaceMeta  = 'm' // bookkeeping: one key
	spaceState = 's' // the handler's keys
	spaceTimer = 't' // timer key -> due
	spaceDue   = 'd' // due, timer key -> nothing: the timers in the order of time
)

var metaKey = []byte{spaceMeta}

// staleAfter is the age from which a local store is thrown away: compaction drops
// the marks of deleted keys after a day, and a store that missed them would keep the keys.
const staleAfter = 12 * time.Hour

// store is the local copy of one changelog partition. Reads are safe from any
// goroutine; one goroutine writes.
type store struct {
	dir string

	mu sync.RWMutex // held for writing only to close
	db *localstore.DB
	// snaps are what readers see while they scan.
	snaps snapshots
	// released tells the processor's memory that the store is closed.
	released func()

	// nextDue is a lower bound of the earliest timer; used by the writer only.
	nextDue int64
	// dueFrom is the same, finer: the key in spaceDue of the first timer that due did not give yet; nil: not known. The writer's only.
	dueFrom []byte
	// recent is what the writer read lately, by the store's keys; used by the writer only.
	recent *recent
}

// errLocal marks faults of the local copy: it can be thrown away and read again.
var errLocal = errors.New("the local state is unusable")

// close is idempotent; later reads give ErrNotOwner.
func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	s.snaps.closeAll()
	err := s.db.Close()
	s.db = nil
	s.released()
	return err
}

func spaced(space byte, key []byte) []byte {
	return append(append(make([]byte, 0, 1+len(key)), space), key...)
}

func (s *store) get(key []byte) ([]byte, bool, error) { return s.read(spaced(spaceState, key)) }

func (s *store) read(key []byte) ([]byte, bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return nil, false, ErrNotOwner
	}
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, s.fault("read", err)
	}
	out := append(make([]byte, 0, len(v)), v...)
	return out, true, closer.Close()
}

// own is read for the writer, which may keep what it read.
func (s *store) own(key []byte) ([]byte, bool, error) {
	if v, ok := s.recent.get(key); ok {
		return v, true, nil
	}
	v, ok, err := s.read(key)
	if ok && err == nil {
		s.recent.put(string(key), v)
	}
	return v, ok, err
}

// scan walks the handler's keys with a prefix, for the writer. The slices given to fn are copies.
func (s *store) scan(prefix, from []byte, fn func(k, v []byte) (bool, error)) error {
	lower, upper := scanBounds(prefix, from)
	return s.walk(lower, upper, func(k, v []byte) (bool, error) {
		return fn(append([]byte(nil), k[1:]...), append([]byte{}, v...))
	})
}

func scanBounds(prefix, from []byte) (lower, upper []byte) {
	lower = spaced(spaceState, prefix)
	if from != nil && string(from) > string(prefix) {
		lower = spaced(spaceState, from)
	}
	return lower, upperBound(spaced(spaceState, prefix))
}

func (s *store) walk(lower, upper []byte, fn func(k, v []byte) (bool, error)) (err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return ErrNotOwner
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return s.fault("scan", err)
	}
	defer func() {
		if cerr := it.Close(); cerr != nil && err == nil { // also what ended the walk before its end
			err = s.fault("scan", cerr)
		}
	}()
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return s.fault("scan", err)
		}
		more, err := fn(it.Key(), v)
		if !more || err != nil {
			return err
		}
	}
	return nil
}

// upperBound is the first key after all keys with the prefix; nil when there is none.
func upperBound(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			up := append([]byte(nil), prefix[:i+1]...)
			up[i]++
			return up
		}
	}
	return nil
}

// meta reads the bookkeeping; ok is false for a new store.
func (s *store) meta() (m meta, ok bool, err error) {
	v, ok, err := s.read(metaKey)
	if err != nil || !ok {
		return meta{}, false, err
	}
	if m, err = decodeMeta(v); err != nil {
		return meta{}, false, fmt.Errorf("%w: %w", errLocal, err)
	}
	return m, true, nil
}

// fault wraps an error of the store's calls. Only one that proves damage has errLocal: a disk that is full, or does not answer, is no
// reason to throw away what is on it.
func (s *store) fault(deed string, err error) error {
	return fmt.Errorf("%s state in %s: %w", deed, s.dir, localFault(localstore.Fault(err)))
}

// apply writes changes, and the bookkeeping when m is given, in one step. It is not
// synced: what a power cut takes comes back from the changelog. Nothing more is written to a store that is damaged.
func (s *store) apply(c changes, m *meta) error {
	if err := s.db.Damage(); err != nil { // met in the background: what is read next may be wrong
		return s.fault("write", err)
	}
	b := s.db.NewBatch()
	defer b.Close()
	for k, v := range c.kv {
		key := spaced(spaceState, []byte(k))
		s.recent.wrote(string(key), v)
		if v == nil {
			_ = b.Delete(key, nil)
		} else {
			_ = b.Set(key, v, nil)
		}
	}
	for k, due := range c.timers {
		if err := s.applyTimer(b, k, due); err != nil {
			return err
		}
	}
	if m != nil {
		_ = b.Set(metaKey, m.encode(), nil)
	}
	if err := s.db.Apply(b, pebble.NoSync); err != nil {
		return s.fault("write", err)
	}
	return nil
}
