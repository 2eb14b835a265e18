// Package alike is user-user neighbours: what visitors take who resemble this one. It is for long-term taste, as ease and als are, and needs no training: what
// a visitor takes is known at once.
//
// With H the distinct items of the history, I(v) those of a visitor v, N visitors, n(i) those who took i:
//
//	idf(i)  = ln(1 + N / n(i))
//	sim(v)  = sum over i in H and I(v) of idf(i)^2 / (sqrt(sum over H of idf^2 * sum over I(v) of idf^2) + Shrink)
//	near    = the Neighbours most alike, of equal ones the one who came later, among the Sample newest visitors of each i in H
//	score(i) = sum over v in near that took i of sim(v)
//
// idf is counted anew by a census, whenever there are an eighth more visitors: until then an item keeps the one it had, and a new one that of somebody's alone.
// Behind a census the formulas hold as they stand.
//
// It is the cosine of Breese, Heckerman, Kadie ("Empirical analysis of predictive algorithms", UAI 1998) with inverse frequencies; the sample bounds an answer.
//
// Bounds: an answer looks at Sample visitors for each of the Look newest items of the history. A visitor keeps the Longest newest items.
//
// Invariants, each with its test: answers equal a plain search (TestEqualToAPlainSearch); what somebody takes counts at once for whoever is asked next
// (TestATakeCountsAtOnce); readers and a writer may run at once (TestReadersAndAWriter, under -race).
package alike

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// Options of an index. Start with Default.
type Options struct {
	// Neighbours that speak. 1 or more.
	Neighbours int
	// Sample is how many visitors of an item are looked at, the newest. 1 or more.
	Sample int
	// Look is how many distinct items of a history are looked at, the newest. 1 or more.
	Look int
	// Longest is how many items of a visitor are kept, the newest. 1 or more.
	Longest int
	// Shrink is added below the fraction. 0 or more.
	Shrink float64
}

// Default suits customers of a shop.
func Default() Options {
	return Options{Neighbours: 100, Sample: 500, Look: 100, Longest: 2000, Shrink: 1}
}

// Index has who took what. Many goroutines may use it.
type Index struct {
	o        Options
	mu       sync.RWMutex
	visitors [][]int32 // by visitor, oldest first
	norms    []float64 // by visitor: sum of idf^2
	items    []taken
	counted  int // visitors at the last census
	work     sync.Pool
}

// taken are those who took an item: a ring of the Sample newest, and how many there ever were.
type taken struct {
	by  []int32
	all int
	idf float64
}

// New makes an empty index.
func New(o Options) (*Index, error) {
	if o.Neighbours < 1 || o.Sample < 1 || o.Look < 1 || o.Longest < 1 || !(o.Shrink >= 0) || math.IsInf(o.Shrink, 0) {
		return nil, fmt.Errorf("user-user neighbours: %+v: want all 1 or more, and a shrink of 0 or more", o)
	}
	x := &Index{o: o}
	x.work.New = func() any { return &scratch{} }
	return x, nil
}

// Add adds a visitor with what was taken, oldest first, and gives the number.
func (x *Index) Add(items []int32) int32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	v := int32(len(x.visitors))
	x.visitors, x.norms = append(x.visitors, nil), append(x.norms, 0)
	for _, item := range interaction.Distinct(items) {
		x.take(v, item)
	}
	if len(x.visitors) > x.counted+x.counted/8 {
		x.census()
	}
	return v
}

// Census counts frequencies anew, such as when all is read that there is.
func (x *Index) Census() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.census()
}

func (x *Index) census() {
	x.counted = len(x.visitors)
	for i := range x.items {
		if t := &x.items[i]; t.all > 0 {
			t.idf = math.Log1p(float64(x.counted) / float64(t.all))
		}
	}
	for v, mine := range x.visitors {
		x.norms[v] = 0
		for _, item := range mine {
			x.norms[v] += x.items[item].idf * x.items[item].idf
		}
	}
}

// Take tells that a visitor who was added took an item. What was taken before counts no more than once.
func (x *Index) Take(visitor, item int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if visitor >= 0 && int(visitor) < len(x.visitors) {
		x.take(visitor, item)
	}
}

func (x *Index) take(v, item int32) {
	mine := x.visitors[v]
	if item < 0 || slices.Contains(mine, item) {
		return
	}
	if len(mine) == x.o.Longest {
		x.norms[v] -= x.items[mine[0]].idf * x.items[mine[0]].idf
		mine = append(mine[:0], mine[1:]...)
	}
	x.visitors[v] = append(mine, item)
	for int(item) >= len(x.items) {
		x.items = append(x.items, taken{})
	}
	t := &x.items[item]
	if len(t.by) < x.o.Sample {
		t.by = append(t.by, v)
	} else {
		t.by[t.all%x.o.Sample] = v
	}
	if t.all++; t.all == 1 {
		t.idf = math.Log1p(float64(len(x.visitors)))
	}
	x.norms[v] += t.idf * t.idf
}

// near is a visitor who shares items.
type near struct {
	visitor int32
	sim     float64
	most    float64 // the largest idf of a shared item
	because int32
}

// scratch is what one answer needs, used again.
type scratch struct {
	found []near
	at    []int32 // by visitor: 1 + where in found; 0: not there
}

// Candidates implements candidate.Source.
func (x *Index) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 {
		return dst
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.work.Get().(*scratch)
	defer x.work.Put(s)
	history := interaction.Distinct(q.History)
	x.share(s, history[max(0, len(history)-x.o.Look):])
	slices.SortFunc(s.found, func(a, b near) int { return cmp.Or(cmp.Compare(b.sim, a.sim), cmp.Compare(b.visitor, a.visitor)) })
	board := candidate.GetBoard(len(x.items))
	defer board.Put()
	for _, v := range s.found[:min(len(s.found), x.o.Neighbours)] {
		for _, item := range x.visitors[v.visitor] {
			board.Add(item, v.sim, v.because)
		}
	}
	return board.Append(dst, q, candidate.Alike)
}

// share finds who took items of the history, and how alike each is.
func (x *Index) share(s *scratch, history []int32) {
	s.found = s.found[:0]
	if len(s.at) < len(x.visitors) {
		s.at = make([]int32, len(x.visitors)+len(x.visitors)/8)
	}
	mine := 0.0
	for _, item := range history {
		if item < 0 || int(item) >= len(x.items) || x.items[item].all == 0 {
			continue
		}
		idf := x.items[item].idf
		mine += idf * idf
		for _, v := range x.items[item].by {
			i := s.at[v]
			if i == 0 {
				s.found = append(s.found, near{visitor: v})
				i = int32(len(s.found))
				s.at[v] = i
			}
			f := &s.found[i-1]
			f.sim += idf * idf
			if idf >= f.most { // of equal ones the newest
				f.most, f.because = idf, item
			}
		}
	}
	for i := range s.found {
		f := &s.found[i]
		s.at[f.visitor] = 0
		f.sim /= math.Sqrt(mine*max(x.norms[f.visitor], 0)) + x.o.Shrink
	}
}

var _ candidate.Source = (*Index)(nil)
