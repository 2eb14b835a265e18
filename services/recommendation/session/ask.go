package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// touch is a distinct item of the session that asks, with the place of its newest touch, from 1 for the last.
type touch struct {
	item  int32
	place int
}

// near is a session that shares items with the one that asks.
type near struct {
	at      int32
	age     int64
	r       int   // n * r(s): whole, so that equal ones are equal
	newest  int   // the lowest place of a common item
	because int32 // that item
}

// scratch is what one answer needs, used again.
type scratch struct {
	touches []touch
	found   []near
	at      []int32 // by place of a session: 1 + where in found it is, 0 when it is not there
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
	found := nearest(newest(s.found, x.o.Sample), x.o.Neighbours)
	board := candidate.GetBoard(len(x.item))
	defer board.Put()
	for i := range found {
		weight := max(0, 1-float64(found[i].newest-1)/10) * float64(found[i].r) / float64(n)
		for _, item := range x.past[found[i].at].items {
			board.Add(item, weight*x.rare(item), found[i].because)
		}
	}
	return board.Append(dst, q, candidate.Session)
}

// rare is how much an item counts: 1 + IDF * ln(all sessions / those with the item).
func (x *Index) rare(item int32) float64 {
	return 1 + x.o.IDF*math.Log(float64(x.all)/float64(x.item[item].all))
}

// look notes the distinct items of the last touches, the newest first, and returns how many touches those are.
func (s *scratch) look(history []int32, most int) int {
	s.touches = s.touches[:0]
	n := min(len(history), most)
	for place := 1; place <= n; place++ {
		item := history[len(history)-place]
		if !slices.ContainsFunc(s.touches, func(t touch) bool { return t.item == item }) {
			s.touches = append(s.touches, touch{item, place})
		}
	}
	return n
}

// share finds the past sessions that share an item, and how alike each is.
func (x *Index) share(s *scratch, n int) {
	s.found = s.found[:0]
	if len(s.at) < len(x.past) {
		s.at = make([]int32, len(x.past)+len(x.past)/8)
	}
	for _, t := range s.touches {
		if int(t.item) >= len(x.item) || t.item < 0 {
			continue
		}
		for _, at := range x.item[t.item].at {
			i := s.at[at]
			if i == 0 {
				s.found = append(s.found, near{at: at, age: x.past[at].age, newest: t.place, because: t.item})
				i = int32(len(s.found))
				s.at[at] = i
			}
			s.found[i-1].r += n - t.place + 1
		}
	}
	for i := range s.found {
		s.at[s.found[i].at] = 0
	}
}

// newest keeps the m sessions that ended last, in no order.
func newest(found []near, m int) []near {
	return first(found, m, func(a, b *near) bool { return a.age > b.age })
}

// nearest keeps the k that are most alike, of equal ones the newest, in that order: sums of floats then do not depend on where a session is kept.
func nearest(found []near, k int) []near {
	found = first(found, k, func(a, b *near) bool { return a.r > b.r || a.r == b.r && a.age > b.age })
	slices.SortFunc(found, func(a, b near) int { return cmp.Or(cmp.Compare(b.r, a.r), cmp.Compare(b.age, a.age)) })
	return found
}

// first keeps the n that come first, in no order. Source: Hoare's selection, with the middle as pivot.
func first(found []near, n int, before func(a, b *near) bool) []near {
	if len(found) <= n {
		return found
	}
	for low, high := 0, len(found)-1; low < high; {
		pivot := found[(low+high)/2]
		i, j := low, high
		for i <= j {
			for before(&found[i], &pivot) {
				i++
			}
			for before(&pivot, &found[j]) {
				j--
			}
			if i <= j {
				found[i], found[j] = found[j], found[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n-1 <= j:
			high = j
		case n-1 >= i:
			low = i
		default:
			return found[:n]
		}
	}
	return found[:n]
}
