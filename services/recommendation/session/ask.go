package session

import (
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// touch is a distinct item of the session that asks, with the place of its newest touch, from 1 for the last.
type touch struct {
	item  int32
	place int32
}

// near is a session that shares items with the one that asks.
type near struct {
	at      int32
	r       int32 // n * r(s): whole, so that equal ones are equal
	newest  int32 // the lowest place of a common item
	because int32 // that item
	age     int64
}

// head is an item's ring on its way from its newest session to its oldest.
type head struct {
	age   int64 // of the session that it stands at
	at    int32 // the place of that
	left  int32 // how many follow
	ring  *ring
	touch touch
}

// scratch is what one answer needs, used again.
type scratch struct {
	touches []touch
	found   []near
	heads   []head // a heap, the newest first
	counts  []int32
}

// Candidates implements candidate.Source; q.History is the session.
func (x *Index) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 || len(q.History) == 0 {
		return dst
	}
	s := x.work.Get().(*scratch)
	defer x.work.Put(s)
	n := s.look(q.History, x.o.Look)
	x.mu.RLock()
	defer x.mu.RUnlock()
	x.share(s, n)
	board := candidate.GetBoard(len(x.item))
	defer board.Put()
	for _, f := range s.nearest(x.o.Neighbours) {
		weight := (1 - float64(f.newest-1)/10) * float64(f.r) / float64(n)
		if weight <= 0 {
			continue
		}
		for _, item := range x.past[f.at].items {
			board.Add(item, weight, f.because)
		}
	}
	board.Times(x.rare)
	return board.Append(dst, q, candidate.Session)
}

// rare is how much an item counts: 1 + IDF * ln(all sessions / those with the item).
func (x *Index) rare(item int32) float64 {
	return 1 + x.o.IDF*math.Log(float64(x.all)/float64(x.item[item].all))
}

// look notes the distinct items of the last touches, the newest first, and returns how many touches those are.
func (s *scratch) look(history []int32, most int) int32 {
	s.touches = s.touches[:0]
	n := min(len(history), most)
	for place := 1; place <= n; place++ {
		item := history[len(history)-place]
		if !slices.ContainsFunc(s.touches, func(t touch) bool { return t.item == item }) {
			s.touches = append(s.touches, touch{item, int32(place)})
		}
	}
	return int32(n)
}

// share finds the Sample newest past sessions that share an item, the newest first, and how alike each is. Every ring has its sessions by their age, so the rings are
// merged, and no more of them is looked at than is needed; what several rings have of one session comes one after the other.
func (x *Index) share(s *scratch, n int32) {
	s.found, s.heads = s.found[:0], s.heads[:0]
	for _, t := range s.touches {
		if int(t.item) >= len(x.item) || t.item < 0 {
			continue
		}
		if r := &x.item[t.item]; len(r.at) > 0 {
			h := head{ring: r, left: int32(len(r.at)), touch: t}
			x.step(&h)
			s.heads = append(s.heads, h)
		}
	}
	for i := len(s.heads)/2 - 1; i >= 0; i-- {
		s.down(i)
	}
	for len(s.heads) > 0 {
		h := &s.heads[0]
		last := len(s.found) - 1
		if last < 0 || s.found[last].age != h.age {
			if len(s.found) == x.o.Sample {
				return
			}
			s.found = append(s.found, near{at: h.at, age: h.age, newest: h.touch.place, because: h.touch.item})
			last++
		}
		f := &s.found[last]
		f.r += n - h.touch.place + 1
		if h.touch.place < f.newest {
			f.newest, f.because = h.touch.place, h.touch.item
		}
		if h.left == 0 {
			s.heads[0] = s.heads[len(s.heads)-1]
			s.heads = s.heads[:len(s.heads)-1]
		} else {
			x.step(h)
		}
		s.down(0)
	}
}

// step moves a head to the next session of its ring, the newest first; there must be one.
func (x *Index) step(h *head) {
	h.left--
	i := h.ring.next + int(h.left) // a ring that is not full begins at 0
	if i >= len(h.ring.at) {
		i -= len(h.ring.at)
	}
	h.at = h.ring.at[i]
	h.age = x.ages[h.at]
}

// down moves a head to its place in the heap.
func (s *scratch) down(i int) {
	for {
		newest := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(s.heads) && s.heads[child].age > s.heads[newest].age {
				newest = child
			}
		}
		if newest == i {
			return
		}
		s.heads[i], s.heads[newest] = s.heads[newest], s.heads[i]
		i = newest
	}
}

// nearest keeps the k that are most alike, of equal ones the newest. They stay in the order of their age: sums of floats then do not depend on where a session is kept.
func (s *scratch) nearest(k int) []near {
	if len(s.found) <= k {
		return s.found
	}
	most := int32(0)
	for i := range s.found {
		most = max(most, s.found[i].r)
	}
	s.counts = slices.Grow(s.counts[:0], int(most)+1)[:most+1]
	clear(s.counts)
	for i := range s.found {
		s.counts[s.found[i].r]++
	}
	least, equal := most, k // of those with least so many are kept
	for ; int(s.counts[least]) < equal; least-- {
		equal -= int(s.counts[least])
	}
	kept := s.found[:0]
	for _, f := range s.found {
		switch {
		case f.r < least:
			continue
		case f.r == least:
			if equal == 0 {
				continue
			}
			equal--
		}
		kept = append(kept, f)
	}
	return kept
}
