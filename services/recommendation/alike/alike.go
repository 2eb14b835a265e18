// Package alike proposes what the visitors took who resemble the one who asks: user-user neighbours among the recent visitors, live. They change with every touch, so there is nothing to train.
//
// With the Look newest items j of the history, v a visitor of whom the Items newest are known, and n(j) how many visitors ever took j:
//
//	alike(v) = sum over the j that v has of 1 / ln(e + n(j)), over sqrt(items of v)     rare things in common say more (as in Breese, Heckerman, Kadie, UAI 1998)
//	score(i) = sum over the Near most alike that have i of alike(v)
//
// Invariants, each with its test:
//   - scores are the formulas' over all visitors, while no bound is reached (TestScoresAreTheFormulas);
//   - memory: at most Visitors visitors, of each Items items, and of each item the Sample visitors who took it last (TestMemoryIsBounded); the visitor who came first
//     leaves first;
//   - what a visitor had to leave out for newer items does not count (TestWhatWasLeftOutDoesNotCount);
//   - who asks is not alike to himself (TestScoresAreTheFormulas); readers and a writer may meet.
package alike

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Options of an index; all are above 0. Start with Default.
type Options struct{ Visitors, Items, Sample, Look, Near int }

// Default suits a shop: some 100 MB where all places are taken.
func Default() Options { return Options{Visitors: 200_000, Items: 50, Sample: 200, Look: 10, Near: 50} }

type person struct {
	key   uint64
	items []int32 // the newest last
}

// face is what an answer asks of all who took an item: eight bytes each, so that many stay in the processor's cache.
type face struct {
	gen  uint32 // who had the place before has a lower one
	n    uint16 // items
	lost bool   // an item was left out for a newer one, so a ring may name somebody for what he has no more, or twice
}

// ref is a visitor's place, and whose it was.
type ref struct {
	at  int32
	gen uint32
}

// ring has those who took an item last.
type ring struct {
	refs []ref
	next int
	all  int64
}

// Index is the model. Many goroutines may ask while one adds.
type Index struct {
	o       Options
	mu      sync.RWMutex
	persons []person
	faces   []face // by a person's place
	next    int    // whose place is given away next
	at      map[uint64]int32
	items   []ring
	roots   []float64 // 1 / sqrt(n)
}

// New makes an empty index.
func New(o Options) (*Index, error) {
	if min(o.Visitors, o.Items, o.Sample, o.Look, o.Near) < 1 {
		return nil, errors.New("visitors alike: want all bounds above 0")
	}
	if o.Items > math.MaxUint16 {
		return nil, fmt.Errorf("visitors alike: %d items of a visitor, at most %d can be kept", o.Items, math.MaxUint16)
	}
	x := &Index{o: o, at: map[uint64]int32{}, roots: make([]float64, o.Items+1)}
	for n := range x.roots {
		x.roots[n] = 1 / math.Sqrt(max(float64(n), 1))
	}
	return x, nil
}

// Touch notes that a visitor took an item.
func (x *Index) Touch(visitor string, item int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for int(item) >= len(x.items) {
		x.items = append(x.items, ring{})
	}
	at := x.place(xxhash.Sum64String(visitor))
	p, f := &x.persons[at], &x.faces[at]
	if i := slices.Index(p.items, item); i >= 0 {
		p.items = append(slices.Delete(p.items, i, i+1), item)
		return
	}
	if len(p.items) == x.o.Items {
		p.items = slices.Delete(p.items, 0, 1)
		f.lost = true
	}
	p.items = append(p.items, item)
	f.n = uint16(len(p.items))
	r := &x.items[item]
	r.all++
	if len(r.refs) < x.o.Sample {
		r.refs = append(r.refs, ref{at, f.gen})
		return
	}
	r.refs[r.next] = ref{at, f.gen}
	r.next = (r.next + 1) % x.o.Sample
}

// place is a visitor's, that of who came first where all are taken.
func (x *Index) place(key uint64) int32 {
	if at, ok := x.at[key]; ok {
		return at
	}
	at := int32(len(x.persons))
	if len(x.persons) < x.o.Visitors {
		x.persons, x.faces = append(x.persons, person{key: key}), append(x.faces, face{})
	} else {
		at = int32(x.next)
		x.next = (x.next + 1) % x.o.Visitors
		old := &x.persons[at]
		delete(x.at, old.key)
		*old = person{key: key, items: old.items[:0]}
		x.faces[at] = face{gen: x.faces[at].gen + 1}
	}
	x.at[key] = at
	return at
}

type near struct {
	at    int32
	by    int32 // the item that counted last
	alike float64
}

// before says that a is more alike than b, of equals he whose place is higher.
func before(a, b near) bool { return a.alike > b.alike || a.alike == b.alike && a.at > b.at }

// Candidates appends at most k items, best first, for a visitor with a history, oldest first. skip may be nil.
func (x *Index) Candidates(dst []candidate.Candidate, visitor string, history []int32, k int, skip func(int32) bool) []candidate.Candidate {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	list := x.nearest(s, xxhash.Sum64String(visitor), history)
	board := candidate.GetBoard(len(x.items))
	defer board.Put()
	for _, n := range list {
		for _, item := range x.persons[n.at].items {
			board.Add(item, n.alike, candidate.Nothing)
		}
	}
	return board.Append(dst, &candidate.Query{K: k, Skip: skip}, candidate.Alike)
}

// scratch is what one answer needs, used again.
type scratch struct {
	list   []near
	at     []int32 // by a person's place: 1 + where in list, 0 when not there
	looked []int32
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// nearest are the most alike, in the scratch's memory.
func (x *Index) nearest(s *scratch, self uint64, history []int32) []near {
	s.list, s.looked = s.list[:0], s.looked[:0]
	if len(s.at) < len(x.persons) {
		s.at = make([]int32, len(x.persons)+len(x.persons)/8)
	}
	own, there := x.at[self]
	if !there {
		own = -1
	}
	for i := len(history) - 1; i >= 0 && len(s.looked) < x.o.Look; i-- {
		if item := history[i]; !slices.Contains(s.looked, item) {
			s.looked = append(s.looked, item)
			if item >= 0 && int(item) < len(x.items) {
				x.share(s, own, item)
			}
		}
	}
	for i := range s.list {
		n := &s.list[i]
		s.at[n.at] = 0
		n.alike *= x.roots[x.faces[n.at].n]
	}
	return first(s.list, x.o.Near)
}

// share adds what it says to have an item to all who have it, each once.
func (x *Index) share(s *scratch, self, item int32) {
	r := &x.items[item]
	says := 1 / math.Log(math.E+float64(r.all))
	for _, ref := range r.refs {
		f := x.faces[ref.at]
		if f.gen != ref.gen || ref.at == self {
			continue
		}
		j := s.at[ref.at]
		if f.lost && (j > 0 && s.list[j-1].by == item || !slices.Contains(x.persons[ref.at].items, item)) {
			continue
		}
		if j == 0 {
			s.list = append(s.list, near{at: ref.at})
			j = int32(len(s.list))
			s.at[ref.at] = j
		}
		n := &s.list[j-1]
		n.alike += says
		n.by = item
	}
}

// first moves the k that stand before all others to the front of a list, and sorts them: what is behind the worst of those seen so far is passed over at once.
func first(list []near, k int) []near {
	if len(list) <= k {
		slices.SortFunc(list, order)
		return list
	}
	best := list[:k] // a heap, the worst first
	for i := k/2 - 1; i >= 0; i-- {
		down(best, i)
	}
	for _, n := range list[k:] {
		if before(n, best[0]) {
			best[0] = n
			down(best, 0)
		}
	}
	slices.SortFunc(best, order)
	return best
}

func down(heap []near, i int) {
	for {
		worst := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(heap) && before(heap[worst], heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		heap[worst], heap[i] = heap[i], heap[worst]
		i = worst
	}
}

func order(a, b near) int { return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(b.at, a.at)) }
