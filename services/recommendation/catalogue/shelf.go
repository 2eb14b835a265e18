package catalogue

import (
	"sync"
	"sync/atomic"
)

// Shelf has the items of one workspace, and numbers them from 0: models index arrays by these numbers. A number is this process's own, and never given to another item.
// Many goroutines may use it.
type Shelf struct {
	// Workspace is the tenant.
	Workspace string

	mu      sync.RWMutex
	numbers map[string]int32
	items   []*atomic.Pointer[Item]
	most    int
}

// NewShelf makes an empty one for so many items at most.
func NewShelf(workspace string, most int) *Shelf {
	return &Shelf{Workspace: workspace, numbers: map[string]int32{}, most: most}
}

// Number gives an item's number, and false for one that has none.
func (s *Shelf) Number(id string) (int32, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, ok := s.numbers[id]
	return n, ok
}

// Ensure gives an item's number, a new one where it has none; false: the shelf is full.
func (s *Shelf) Ensure(id string) (int32, bool) {
	if n, ok := s.Number(id); ok {
		return n, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.numbers[id]; ok {
		return n, true
	}
	if len(s.items) >= s.most {
		return 0, false
	}
	n := int32(len(s.items))
	p := &atomic.Pointer[Item]{}
	p.Store(&Item{ID: id})
	s.items = append(s.items, p)
	s.numbers[id] = n
	return n, true
}

// Put takes what is known of an item; false: the shelf is full.
func (s *Shelf) Put(i *Item) bool {
	n, ok := s.Ensure(i.ID)
	if ok {
		s.slot(n).Store(i)
	}
	return ok
}

// Item is what is known of a number that was given; Proto is nil for one that is only numbered.
func (s *Shelf) Item(n int32) *Item { return s.slot(n).Load() }

// Len is how many numbers were given.
func (s *Shelf) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.items)
}

func (s *Shelf) slot(n int32) *atomic.Pointer[Item] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.items[n]
}
