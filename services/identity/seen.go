package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/identity/graph"
)

// State keys of the partition task:
//
//	s bucket(2 bytes) hash(16 bytes)    an event that was handled: what it was like, see likeness
//	b                                   the newest bucket
const (
	spaceSeen   = 's'
	spaceNewest = 'b'
)

// bucketMS is the length of a bucket, 7 days in milliseconds. An event is looked for
// in its own bucket and its neighbours, and buckets before the last two are swept: so an id is
// kept for 7 to 14 days at one written key an event.
const bucketMS = 7 * 24 * 3600 * 1000

// sweepKeys bounds one piece of sweeping, sweepPause is the time between two: live
// events pass in between.
const (
	sweepKeys  = 2000
	sweepPause = 50 * time.Millisecond
)

var (
	newestKey  = []byte{spaceNewest}
	sweepTimer = []byte("sweep")
)

// seen knows the events that were handled, by workspace and event id.
type seen struct {
	newest int // -1: not read yet
	// filled are the buckets that may hold ids: the others need not be asked. Nil: not read yet.
	filled map[int]bool
}

// verdict is what a message id turns out to be.
type verdict int

const (
	// first: the id was not seen.
	first verdict = iota
	// repeated: the event came before.
	repeated
	// reused: another event came under this id.
	reused
)

// mark says whether the event came before, and if its id did not, remembers it. The bucket
// follows from the time of receipt, so that a replay decides as the first run did; a
// collector whose clock runs ahead cannot make ids expire early.
func (s *seen) mark(tx *stream.Tx, e rawEvent) (verdict, error) {
	if err := s.load(tx); err != nil {
		return first, err
	}
	b := int(min(e.receivedMS, tx.Now().UnixMilli()) / bucketMS)
	hash := eventHash(e.workspace, e.id)
	for _, at := range [...]int{b, b - 1, b + 1} {
		if !s.filled[at] {
			continue
		}
		before, ok, err := tx.Get(seenKey(at, hash))
		if err != nil || ok {
			return likened(before, e), err
		}
	}
	tx.Set(seenKey(b, hash), likeness(e))
	s.filled[b] = true
	if b > s.newest {
		s.newest = b
		tx.Set(newestKey, binary.BigEndian.AppendUint16(nil, uint16(b)))
		tx.SetTimer(sweepTimer, tx.Now())
	}
	return first, nil
}

// likeNames bounds how many of an event's names are remembered.
const likeNames = 4

// likeness is what is kept of an event to tell its repeat from another event under its id: 8 bytes of a hash of its content, and 2 of
// each of its first names. A client may know more names when it repeats an event, but then it still knows one of the first.
func likeness(e rawEvent) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+2*likeNames), e.content)
	for _, id := range e.identifiers[:min(len(e.identifiers), likeNames)] {
		b = binary.BigEndian.AppendUint16(b, nameHash(id))
	}
	return b
}

func nameHash(id graph.Identifier) uint16 {
	h := xxhash.New()
	_, _ = h.Write(id.Append(nil))
	return uint16(h.Sum64())
}

// likened compares an event with what is kept of the one that came first under its id.
func likened(before []byte, e rawEvent) verdict {
	if len(before) < 8 || binary.BigEndian.Uint64(before) != e.content {
		return reused
	}
	names := before[8:]
	if len(names) == 0 || len(e.identifiers) == 0 {
		return repeated
	}
	for _, id := range e.identifiers {
		for at := 0; at+2 <= len(names); at += 2 {
			if binary.BigEndian.Uint16(names[at:]) == nameHash(id) {
				return repeated
			}
		}
	}
	return reused
}

// load finds out once what the state holds.
func (s *seen) load(tx *stream.Tx) error {
	if s.filled != nil {
		return nil
	}
	v, ok, err := tx.Get(newestKey)
	if err != nil {
		return fmt.Errorf("read the newest bucket: %w", err)
	}
	if ok && len(v) == 2 {
		s.newest = int(binary.BigEndian.Uint16(v))
	}
	filled := map[int]bool{}
	for from := []byte{spaceSeen}; from != nil; {
		at := -1
		err := tx.Scan([]byte{spaceSeen}, from, func(key, _ []byte) (bool, error) {
			at = int(binary.BigEndian.Uint16(key[1:]))
			return false, nil
		})
		if err != nil {
			return fmt.Errorf("list the buckets: %w", err)
		}
		if from = nil; at >= 0 {
			filled[at] = true
			from = bucketPrefix(at + 1)
		}
	}
	s.filled = filled
	return nil
}

// sweep deletes a bounded number of ids from buckets that are too old, and comes
// back for more. It runs whenever a new bucket begins.
func (s *seen) sweep(tx *stream.Tx) error {
	if err := s.load(tx); err != nil {
		return err
	}
	end := bucketPrefix(max(s.newest-1, 0))
	var old [][]byte
	err := tx.Scan([]byte{spaceSeen}, nil, func(key, _ []byte) (bool, error) {
		if string(key) >= string(end) {
			return false, nil
		}
		old = append(old, key)
		return len(old) < sweepKeys, nil
	})
	if err != nil {
		return fmt.Errorf("sweep old event ids: %w", err)
	}
	for _, key := range old {
		tx.Delete(key)
	}
	if len(old) == sweepKeys {
		tx.SetTimer(sweepTimer, tx.Now().Add(sweepPause))
	}
	return nil
}

func bucketPrefix(bucket int) []byte {
	b := append(make([]byte, 0, 1+2+16), spaceSeen)
	return binary.BigEndian.AppendUint16(b, uint16(bucket))
}

func seenKey(bucket int, hash [16]byte) []byte { return append(bucketPrefix(bucket), hash[:]...) }

// eventHash is 128 bits of SHA-256 over the length-prefixed workspace and the id:
// ("a", "b-c") and ("a-b", "c") differ.
func eventHash(workspace, id string) (h [16]byte) {
	sum := sha256.Sum256(append(wire.AppendText(make([]byte, 0, 128), workspace), id...))
	copy(h[:], sum[:])
	return h
}
