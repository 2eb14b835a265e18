package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/freshet/freshet/pkg/localstore"
)

// MaxSent is how many message ids a Sent remembers: about 50 bytes each on disk.
const MaxSent = 50_000_000

// Sent is the set of events that were sent under one mapping, by their message ids, with a hash of what each said: of a file that is replaced every
// week by one that has last week's rows too, only what is new is sent, for longer than the 7 days for which identity knows ids.
//
// It is durable before the ledger says that the events are: after a crash it may know more than the ledger, never less. What it knows of the import
// under way counts for nothing, so that what a crash left unrecorded is sent again (TestAKilledImportDoesNotKnowItself).
//
// An entry is the first 16 bytes of a hash of the message id, and behind it 8 of the content and 8 of the import. On disk it is bounded by MaxSent;
// in memory by Pebble's cache.
type Sent struct {
	// Import is the ID of the import under way.
	Import string

	db     *localstore.DB
	batch  *pebble.Batch
	count  uint64
	before uint64 // of them, how many were there when it was opened
	blind  bool
}

// cacheSize is how much of the set is held in memory, in bytes.
const cacheSize = 32 << 20

// countKey is shorter than any entry's.
var countKey = []byte("count")

// OpenSent opens the set of a mapping in the ledger's folder. A blind one remembers, but finds nothing.
func OpenSent(dir string, key Key, blind bool) (*Sent, error) {
	path := filepath.Join(dir, "sent-"+key.ID())
	options := &pebble.Options{FormatMajorVersion: pebble.FormatNewest, MemTableSize: 8 << 20, CacheSize: cacheSize}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10) // most rows of a first import are new: that is seen without reading
	}
	db, err := localstore.Open(path, options)
	switch {
	case errors.Is(err, localstore.ErrInUse):
		return nil, errors.New("another import with this mapping is under way: wait for it, or give its files to one command")
	case errors.Is(err, localstore.ErrDamaged):
		return nil, fmt.Errorf("what was sent before cannot be read: %w; remove %s to go on without knowing it", err, path)
	case err != nil:
		return nil, err
	}
	s := &Sent{db: db, batch: db.NewBatch(), blind: blind}
	v, closer, err := db.Get(countKey)
	if err == nil {
		s.count = binary.BigEndian.Uint64(v)
		err = closer.Close()
	}
	if err != nil && !errors.Is(err, pebble.ErrNotFound) {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), db.Close())
	}
	s.before = s.count
	return s, nil
}

// Full says that no more is remembered.
func (s *Sent) Full() bool { return s.count >= MaxSent }

func entry(id string) []byte {
	b := binary.BigEndian.AppendUint64(nil, xxhash.Sum64String(id))
	return binary.BigEndian.AppendUint64(b, xxhash.Sum64String("2"+id))
}

// Find says whether another import sent an event under the id, and whether it said the same.
func (s *Sent) Find(id string, content uint64) (found, same bool, err error) {
	if s.blind || s.before == 0 {
		return false, false, nil
	}
	v, closer, err := s.db.Get(entry(id))
	if errors.Is(err, pebble.ErrNotFound) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("look up what was sent before: %w", err)
	}
	if len(v) == 16 && !bytes.Equal(v[8:], s.mark()) {
		found, same = true, binary.BigEndian.Uint64(v) == content
	}
	return found, same, closer.Close()
}

// Mark is the import under way, in short.
func (s *Sent) Mark() uint64 { return xxhash.Sum64String(s.Import) }

func (s *Sent) mark() []byte { return binary.BigEndian.AppendUint64(nil, s.Mark()) }

// Add notes an event that is durable at the collector. It is durable here after Sync.
func (s *Sent) Add(id string, content uint64) error {
	if s.Full() {
		return nil
	}
	s.count++
	if err := s.batch.Set(entry(id), append(binary.BigEndian.AppendUint64(nil, content), s.mark()...), nil); err != nil {
		return fmt.Errorf("note what was sent: %w", err)
	}
	return nil
}

// Sync makes durable what was added.
func (s *Sent) Sync() error {
	if s.batch.Empty() {
		return nil
	}
	err := s.batch.Set(countKey, binary.BigEndian.AppendUint64(nil, s.count), nil)
	if err == nil {
		err = s.batch.Commit(pebble.Sync)
	}
	if err != nil {
		return fmt.Errorf("note what was sent: %w", err)
	}
	s.batch.Reset()
	return nil
}

// Close releases the set. What was not synced is forgotten: the ledger does not have it either.
func (s *Sent) Close() error { return errors.Join(s.batch.Close(), s.db.Close()) }
