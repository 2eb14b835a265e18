package catalogue

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Shelf has the items of one workspace, and numbers them from 0: models index arrays by these numbers. A number is this process's own, and never given to another item.
// Many goroutines may use it: Item waits for nobody, Number for those at most who number an item of the same shard.
type Shelf struct {
	// Workspace is the tenant.
	Workspace string

	most     int
	shards   [shards]shard
	mu       sync.Mutex // who gives numbers
	blocks   atomic.Pointer[[]*block]
	length   atomic.Int32
	versions atomic.Int64
	left     atomic.Int64
}

const (
	shards    = 64
	blockBits = 12
	blockSize = 1 << blockBits
)

// shard has the numbers of some of the ids.
type shard struct {
	mu      sync.RWMutex
	numbers map[string]int32
	_       [32]byte // the next one is in another cache line
}

// block has items in a row. It is never moved, so that a reader needs no lock while the shelf grows.
type block struct {
	items [blockSize]atomic.Pointer[Item]
	plain [blockSize / 32]uint32 // a bit an item; changed under Shelf.mu
}

var seed = maphash.MakeSeed()

// NewShelf makes an empty one for so many items at most.
func NewShelf(workspace string, most int) *Shelf {
	s := &Shelf{Workspace: workspace, most: most}
	s.blocks.Store(&[]*block{})
	for i := range s.shards {
		s.shards[i].numbers = map[string]int32{}
	}
	return s
}

func (s *Shelf) shard(id string) *shard { return &s.shards[maphash.String(seed, id)%shards] }

// Number gives an item's number, and false for one that has none.
func (s *Shelf) Number(id string) (int32, bool) {
	h := s.shard(id)
	h.mu.RLock()
	n, ok := h.numbers[id]
	h.mu.RUnlock()
	return n, ok
}

// Ensure gives an item's number, a new one where it has none; false: the shelf is full, which is counted.
func (s *Shelf) Ensure(id string) (int32, bool) {
	if n, ok := s.Number(id); ok {
		return n, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.Number(id); ok {
		return n, true
	}
	n := int(s.length.Load())
	if n >= s.most {
		s.left.Add(1)
		return 0, false
	}
	if n&(blockSize-1) == 0 {
		grown := append((*s.blocks.Load())[:n>>blockBits:n>>blockBits], new(block))
		s.blocks.Store(&grown)
	}
	s.slot(int32(n)).Store(&Item{ID: id, brief: briefOf(nil)})
	s.length.Store(int32(n + 1))
	h := s.shard(id)
	h.mu.Lock()
	h.numbers[id] = int32(n)
	h.mu.Unlock()
	return int32(n), true
}

// Put takes what is known of an item, which is the shelf's from now on; false: the shelf is full.
func (s *Shelf) Put(i *Item) bool {
	n, ok := s.Ensure(i.ID)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !i.brief.made {
		i.brief = briefOf(i.Proto)
	}
	word, bit := s.bit(n)
	atomic.AndUint32(word, ^bit) // whoever reads the bit and then the item reads no more than was true a moment ago
	s.slot(n).Store(i)
	if i.plain() {
		atomic.OrUint32(word, bit)
	}
	s.versions.Add(1)
	return true
}

// Plain says that an item may be shown to everybody at any time, by what is known of it: it is Offered, for all ages and in all languages. It is for passing over most
// items without looking at them: false says nothing.
func (s *Shelf) Plain(n int32) bool {
	word, bit := s.bit(n)
	return atomic.LoadUint32(word)&bit != 0
}

func (s *Shelf) bit(n int32) (word *uint32, bit uint32) {
	at := n & (blockSize - 1)
	return &(*s.blocks.Load())[n>>blockBits].plain[at/32], 1 << (at % 32)
}

// Item is what is known of a number that was given; Proto is nil for one that is only numbered.
func (s *Shelf) Item(n int32) *Item { return s.slot(n).Load() }

// Get is what is known of an item by its id; nil: nothing.
func (s *Shelf) Get(id string) *recommendationv1.Item {
	n, ok := s.Number(id)
	if !ok {
		return nil
	}
	return s.Item(n).Proto
}

// Len is how many numbers were given.
func (s *Shelf) Len() int { return int(s.length.Load()) }

// Version rises whenever an item is put: who has seen it needs not look at the items again.
func (s *Shelf) Version() int64 { return s.versions.Load() }

// LeftOut is how often an item got no number because the shelf is full.
func (s *Shelf) LeftOut() int64 { return s.left.Load() }

func (s *Shelf) slot(n int32) *atomic.Pointer[Item] {
	return &(*s.blocks.Load())[n>>blockBits].items[n&(blockSize-1)]
}
