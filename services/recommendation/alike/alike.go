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
//   - who asks is not alike to himself (TestScoresAreTheFormulas); readers and a writer may meet.
package alike

import (
	"cmp"
	"errors"
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
	gen   uint32  // who had the place before has a lower one
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
	next    int // whose place is given away next
	at      map[uint64]int32
	items   []ring
}

// New makes an empty index.
func New(o Options) (*Index, error) {
	if min(o.Visitors, o.Items, o.Sample, o.Look, o.Near) < 1 {
		return nil, errors.New("visitors alike: want all bounds above 0")
	}
	return &Index{o: o, at: map[uint64]int32{}}, nil
}

// Touch notes that a visitor took an item.
func (x *Index) Touch(visitor string, item int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for int(item) >= len(x.items) {
		x.items = append(x.items, ring{})
	}
	at := x.place(xxhash.Sum64String(visitor))
	p := &x.persons[at]
	if i := slices.Index(p.items, item); i >= 0 {
		p.items = append(slices.Delete(p.items, i, i+1), item)
		return
	}
	if len(p.items) == x.o.Items {
		p.items = slices.Delete(p.items, 0, 1)
	}
	p.items = append(p.items, item)
	r := &x.items[item]
	r.all++
	if len(r.refs) < x.o.Sample {
		r.refs = append(r.refs, ref{at, p.gen})
		return
	}
	r.refs[r.next] = ref{at, p.gen}
	r.next = (r.next + 1) % x.o.Sample
}

// place is a visitor's, that of who came first where all are taken.
func (x *Index) place(key uint64) int32 {
	if at, ok := x.at[key]; ok {
		return at
	}
	at := int32(len(x.persons))
	if len(x.persons) < x.o.Visitors {
		x.persons = append(x.persons, person{key: key})
	} else {
		at = int32(x.next)
		x.next = (x.next + 1) % x.o.Visitors
		old := &x.persons[at]
		delete(x.at, old.key)
		*old = person{key: key, gen: old.gen + 1, items: old.items[:0]}
	}
	x.at[key] = at
	return at
}

type near struct {
	at    int32
	alike float64
	by    int32 // the item that counted last
}

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
	for i := len(history) - 1; i >= 0 && len(s.looked) < x.o.Look; i-- {
		if item := history[i]; !slices.Contains(s.looked, item) {
			s.looked = append(s.looked, item)
			if item >= 0 && int(item) < len(x.items) {
				x.share(s, self, item)
			}
		}
	}
	for i := range s.list {
		s.at[s.list[i].at] = 0
	}
	slices.SortFunc(s.list, func(a, b near) int { return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(b.at, a.at)) })
	return s.list[:min(len(s.list), x.o.Near)]
}

// share adds those who have an item, each once.
func (x *Index) share(s *scratch, self uint64, item int32) {
	r := &x.items[item]
	says := 1 / math.Log(math.E+float64(r.all))
	for _, ref := range r.refs {
		p := &x.persons[ref.at]
		j := s.at[ref.at]
		if p.gen != ref.gen || p.key == self || j > 0 && s.list[j-1].by == item || !slices.Contains(p.items, item) {
			continue
		}
		if j == 0 {
			s.list = append(s.list, near{at: ref.at})
			j = int32(len(s.list))
			s.at[ref.at] = j
		}
		n := &s.list[j-1]
		n.alike += says / math.Sqrt(float64(len(p.items)))
		n.by = item
	}
}
