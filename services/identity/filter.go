package identity

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/bits-and-blooms/bloom/v3"
)

// Nearly every event is new, and finding that out costs two look-ups of keys that the store does not have. A filter in memory for each
// bucket knows most of them to be new, at 10 to 20 bits an id. It says "not there" only of ids that are not (TestFiltersChangeNoVerdict): every id
// that is kept goes into its filter, also when it is undone afterwards. After a restart filters are filled from the store piece by piece between
// live events, and are not asked until they are complete. Where the budget is used up a bucket goes without.

const (
	// firstFilter is for how many ids the first filter of a bucket is; each further one is twice as large.
	firstFilter = 1 << 15
	// filterFaults is the part of new ids that a filter does not know to be new.
	filterFaults = 0.01
	// refillKeys is how many ids one piece of filling takes from the store: about a millisecond.
	refillKeys = 500
)

// filter knows the ids of one bucket.
type filter struct {
	parts    []*bloom.BloomFilter
	capacity uint // of the last part
	held     uint // in it
	ready    bool // everything in the store is in it
	spent    bool // the budget did not suffice: it is empty and stays so
	from     []byte
}

// add takes an id. grow is asked for the bytes of another part; when there are none the filter gives up what it has.
func (f *filter) add(hash []byte, grow func(bytes int64) bool) (gaveUp bool) {
	if f.spent {
		return false
	}
	if len(f.parts) == 0 || f.held == f.capacity {
		n := max(2*f.capacity, firstFilter)
		bits, hashes := bloom.EstimateParameters(n, filterFaults)
		if !grow(int64(bits / 8)) {
			*f = filter{spent: true}
			return true
		}
		f.parts, f.capacity, f.held = append(f.parts, bloom.New(bits, hashes)), n, 0
	}
	f.parts[len(f.parts)-1].Add(hash)
	f.held++
	return false
}

// lacks says that an id is certainly not in the bucket.
func (f *filter) lacks(hash []byte) bool {
	if f == nil || !f.ready {
		return false
	}
	for _, p := range slices.Backward(f.parts) { // the largest first
		if p.Test(hash) {
			return false
		}
	}
	return true
}

func (f *filter) bytes() (n int64) {
	for _, p := range f.parts {
		n += int64(p.Cap() / 8)
	}
	return n
}

// refill takes another piece of the store into the filters that are not complete.
func (s *seen) refill(tx transaction) error {
	if s.filled == nil || s.budget == nil {
		return nil
	}
	for bucket, f := range s.filters {
		if f.ready || f.spent {
			continue
		}
		read := 0
		err := tx.Scan(bucketPrefix(bucket), f.from, func(key, _ []byte) (bool, error) {
			f.from = append(bytes.Clone(key), 0)
			s.learn(f, key)
			read++
			return read < refillKeys && !f.spent, nil
		})
		if err != nil {
			return fmt.Errorf("fill the filter of bucket %d: %w", bucket, err)
		}
		f.ready = read < refillKeys && !f.spent
		return nil // one piece at a time
	}
	return nil
}

// filterOf is the filter of a bucket that ids are kept in; nil when it has none.
func (s *seen) filterOf(bucket int) *filter {
	if s.budget == nil || bucket < s.newest-1 {
		return nil
	}
	f := s.filters[bucket]
	if f == nil {
		f = &filter{ready: !s.filled[bucket]} // a bucket in which there is nothing is known at once
		s.filters[bucket] = f
	}
	return f
}

// forgetFilters drops those of buckets that are too old to be asked, and gives their memory back.
func (s *seen) forgetFilters() {
	if s.budget == nil {
		return
	}
	maps.DeleteFunc(s.filters, func(bucket int, _ *filter) bool { return bucket < s.newest-1 })
	s.account()
}

// account tells the budget what the filters take.
func (s *seen) account() {
	var all int64
	for _, f := range s.filters {
		all += f.bytes()
	}
	s.budget.set(s.partition, all)
}

// learn has a filter take a key of its bucket.
func (s *seen) learn(f *filter, key []byte) {
	if f.add(key[3:], s.grow) {
		s.account()
	}
}

func (s *seen) grow(bytes int64) bool { return s.budget.take(s.partition, bytes) }

// filterBudget is the memory of the filters of all partitions of a process.
type filterBudget struct {
	limit int64
	// owned lists the partitions of this process: what others took is free again.
	owned func() []int

	mu    sync.Mutex
	taken map[int]int64 // bytes by partition
}

func newFilterBudget(limit int64, owned func() []int) *filterBudget {
	return &filterBudget{limit: limit, owned: owned, taken: map[int]int64{}}
}

// take says whether a partition may have so many bytes more.
func (b *filterBudget) take(partition int, bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sum()+bytes > b.limit {
		mine := b.owned()
		maps.DeleteFunc(b.taken, func(p int, _ int64) bool { return p != partition && !slices.Contains(mine, p) })
	}
	if b.sum()+bytes > b.limit {
		return false
	}
	b.taken[partition] += bytes
	return true
}

// set says how much a partition has.
func (b *filterBudget) set(partition int, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken[partition] = bytes
}

func (b *filterBudget) sum() (all int64) {
	for _, n := range b.taken {
		all += n
	}
	return all
}

// bucketOf reads the bucket of a key of seen.
func bucketOf(key []byte) int { return int(binary.BigEndian.Uint16(key[1:])) }
