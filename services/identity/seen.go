package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/customer"
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
const bucketMS = int64(customer.RepeatsWithin / time.Millisecond)

var newestKey = []byte{spaceNewest}

// transaction is what seen needs of *stream.Tx; tests drive it without a broker.
type transaction interface {
	Now() time.Time
	Passed() time.Time
	Get(key []byte) ([]byte, bool, error)
	Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) error
	Set(key, value []byte)
	Delete(key []byte)
	SetTimer(key []byte, due time.Time)
}

// seen knows the events that were handled, by workspace and event id.
type seen struct {
	newest int // -1: not read yet
	// filled are the buckets that may hold ids: the others need not be asked. Nil: not read yet.
	filled map[int]bool
	// from is the key from which a sweep that is under way goes on; nil: the first, also after a restart.
	from []byte

	// partition and budget are of the filters; without a budget there are none.
	partition int
	budget    *filterBudget
	filters   map[int]*filter // by bucket
}

// newSeen is the memory of one partition, which begins with no filters.
func newSeen(partition int, budget *filterBudget) seen {
	budget.set(partition, 0)
	return seen{newest: -1, partition: partition, budget: budget, filters: map[int]*filter{}}
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

// sighting is an event that was looked for.
type sighting struct {
	verdict verdict
	bucket  int
	key     []byte
	value   []byte
}

// look says whether the event came before. The bucket
// follows from the time of receipt, so that a replay decides as the first run did; a
// collector whose clock runs ahead cannot make ids expire early. It changes nothing: the
// event may still turn out to be one that cannot be folded.
func (s *seen) look(tx transaction, e rawEvent) (sighting, error) {
	if err := s.load(tx); err != nil {
		return sighting{}, err
	}
	b := int(min(e.receivedMS, tx.Now().UnixMilli()) / bucketMS)
	hash := eventHash(e.workspace, e.id)
	for _, at := range [...]int{b, b - 1, b + 1} {
		if !s.filled[at] || s.filters[at].lacks(hash[:]) {
			continue
		}
		before, ok, err := tx.Get(seenKey(at, hash))
		if err != nil || ok {
			return sighting{verdict: likened(before, e)}, err
		}
	}
	return sighting{verdict: first, bucket: b, key: seenKey(b, hash), value: likeness(e)}, nil
}

// keep remembers an event that was looked for and is the first of its id. It must be the last thing that is done with an event, when
// nothing can fail any more: a transaction that is undone leaves the fields of seen as they are.
func (s *seen) keep(tx transaction, at sighting) {
	if at.verdict != first {
		return
	}
	tx.Set(at.key, at.value)
	if f := s.filterOf(at.bucket); f != nil {
		s.learn(f, at.key)
	}
	s.filled[at.bucket] = true
	s.advance(tx, at.bucket)
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
func (s *seen) load(tx transaction) error {
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
			at = bucketOf(key)
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
	for bucket := range filled {
		s.filterOf(bucket)
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
