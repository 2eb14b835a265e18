// Package index finds a shelf's items by brand and by category, the newest first, without looking through the shelf.
//
// It follows the shelf: Refresh compares what each number holds with what it held before, which for 100,000 items is some milliseconds, and makes anew the lists of the brands and categories that changed.
// What is between two refreshes is not seen; who answers looks at the item itself before it is proposed. Lists are never changed once they are told: readers need no lock for them.
//
// Bounds: an item stands in the list of its brand and in those of at most 20 categories, 16 bytes each; nothing else grows.
//
// Invariant: after Refresh the lists are those of a plain search through the shelf (TestEqualToAPlainSearch); readers may read meanwhile (TestReadersAndARefresh, under -race).
package index

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Entry is an item in a list.
type Entry struct {
	Item      int32
	CreatedMs int64
}

// key is a brand, folded, or a category.
type key struct {
	category bool
	name     string
}

// Index is of one shelf. Many goroutines may read it and refresh it.
type Index struct {
	shelf *catalogue.Shelf
	turn  sync.Mutex // one refresh at a time; guards seen
	seen  []*catalogue.Item
	mu    sync.RWMutex // guards lists
	lists map[key][]Entry
}

func newIndex(shelf *catalogue.Shelf) *Index {
	return &Index{shelf: shelf, lists: map[key][]Entry{}}
}

// Fold is a brand's name without what people write in two ways: capitals and spaces around it.
func Fold(brand string) string { return strings.ToLower(strings.TrimSpace(brand)) }

// Brand gives the items of a brand, the newest first. It must not be changed.
func (x *Index) Brand(name string) []Entry { return x.list(key{false, Fold(name)}) }

// Category gives the items of a category, as Item.categories has it, the newest first. It must not be changed.
func (x *Index) Category(path string) []Entry { return x.list(key{true, path}) }

func (x *Index) list(k key) []Entry {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.lists[k]
}

// change is what a list loses and what it gets.
type change struct {
	gone map[int32]bool
	come []Entry
}

// Refresh takes what has changed on the shelf, and returns how many items that was.
func (x *Index) Refresh() int {
	x.turn.Lock()
	defer x.turn.Unlock()
	changes, n := map[key]*change{}, 0
	of := func(k key) *change {
		c := changes[k]
		if c == nil {
			c = &change{gone: map[int32]bool{}}
			changes[k] = c
		}
		return c
	}
	for i := range int32(x.shelf.Len()) {
		if int(i) >= len(x.seen) {
			x.seen = append(x.seen, nil)
		}
		was, is := x.seen[i], x.shelf.Item(i)
		if was == is {
			continue
		}
		n++
		for _, k := range keys(was) {
			of(k).gone[i] = true
		}
		for _, k := range keys(is) {
			c := of(k)
			c.come = append(c.come, Entry{i, is.Proto.GetCreatedMs()})
		}
		x.seen[i] = is
	}
	x.take(changes)
	return n
}

func (x *Index) take(changes map[key]*change) {
	for k, c := range changes {
		next := make([]Entry, 0, len(x.list(k))+len(c.come))
		for _, e := range x.list(k) {
			if !c.gone[e.Item] {
				next = append(next, e)
			}
		}
		next = append(next, c.come...)
		slices.SortFunc(next, func(a, b Entry) int {
			return cmp.Or(cmp.Compare(b.CreatedMs, a.CreatedMs), cmp.Compare(a.Item, b.Item))
		})
		x.mu.Lock()
		if len(next) == 0 {
			delete(x.lists, k)
		} else {
			x.lists[k] = next
		}
		x.mu.Unlock()
	}
}

// keys are the lists that an item stands in: none for one that is only numbered or was taken off.
func keys(i *catalogue.Item) []key {
	if i == nil || i.Proto == nil || i.Proto.GetRemoved() {
		return nil
	}
	var out []key
	if b := Fold(i.Proto.GetBrand()); b != "" {
		out = append(out, key{false, b})
	}
	for _, c := range i.Proto.GetCategories() {
		if k := (key{true, c}); c != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// Shelves has an index of each shelf that was ever asked for. Many goroutines may use it.
type Shelves struct {
	mu      sync.RWMutex
	indexes map[*catalogue.Shelf]*Index
}

// NewShelves is of none.
func NewShelves() *Shelves { return &Shelves{indexes: map[*catalogue.Shelf]*Index{}} }

// Of gives the index of a shelf. The first who asks waits until it is made.
func (s *Shelves) Of(shelf *catalogue.Shelf) *Index {
	s.mu.RLock()
	x := s.indexes[shelf]
	s.mu.RUnlock()
	if x != nil {
		return x
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x = s.indexes[shelf]; x == nil {
		x = newIndex(shelf)
		x.Refresh()
		s.indexes[shelf] = x
	}
	return x
}

// Refresh refreshes all, one after the other.
func (s *Shelves) Refresh() {
	s.mu.RLock()
	all := make([]*Index, 0, len(s.indexes))
	for _, x := range s.indexes {
		all = append(all, x)
	}
	s.mu.RUnlock()
	for _, x := range all {
		x.Refresh()
	}
}

// Run refreshes all again and again until the context ends: every is how old an index gets.
func (s *Shelves) Run(ctx context.Context, every time.Duration) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			s.Refresh()
		}
	}
}
