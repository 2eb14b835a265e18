package neighbours

import (
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Similar appends the k items that go best with one, as of a time; zero means the newest that was seen.
func (x *Index) Similar(dst []candidate.Candidate, item int32, k int, atMs int64, skip func(int32) bool) []candidate.Candidate {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if k <= 0 || item < 0 || int(item) >= len(x.pairs) {
		return dst
	}
	best := x.best.Get().(*candidate.Best)
	defer x.best.Put(best)
	best.Reset(k)
	scale := x.scale(atMs)
	for _, c := range x.pairs[item].cells {
		if c.groups == 0 {
			continue
		}
		if sim := x.sim(item, c.item, c.of, scale); sim > 0 && best.Takes(c.item, sim) && (skip == nil || !skip(c.item)) {
			best.Offer(candidate.Candidate{Item: c.item, Score: sim, Reason: candidate.Reason{Kind: candidate.Neighbour, Because: item, Share: 1}})
		}
	}
	return best.Append(dst)
}

func (x *Index) scale(atMs int64) float64 {
	if atMs == 0 {
		atMs = x.newest
	}
	return x.faded(atMs)
}

// sim is the similarity of two items whose sum is given.
func (x *Index) sim(i, j int32, of, scale float64) float64 {
	below := math.Sqrt(max(x.self[i].of, 0)*max(x.self[j].of, 0))*scale + x.o.Shrink
	if below == 0 {
		return 0
	}
	return of * scale / below
}

// Candidates implements candidate.Source.
func (x *Index) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 {
		return dst
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	board := candidate.GetBoard(len(x.pairs))
	defer board.Put()
	scale := x.scale(q.AtMs)
	seen := x.seen.Get().(*[]int32)
	defer x.seen.Put(seen)
	*seen = (*seen)[:0]
	weight := 1.0
	for i := len(q.History) - 1; i >= 0 && weight > 1e-9; i, weight = i-1, weight*x.o.Fade {
		item := q.History[i]
		if item < 0 || int(item) >= len(x.pairs) || slices.Contains(*seen, item) {
			continue
		}
		*seen = append(*seen, item)
		if x.o.Self {
			board.Add(item, weight*x.says(x.sim(item, item, x.self[item].of, scale)), item)
		}
		if x.o.Nearest == 0 || x.o.Inverse {
			for _, c := range x.pairs[item].cells {
				if c.groups == 0 {
					continue
				}
				if sim := x.sim(item, c.item, c.of, scale); x.o.Nearest == 0 || sim >= x.least(c.item, scale) {
					board.Add(c.item, weight*x.says(sim), item)
				}
			}
			continue
		}
		for _, c := range x.nearest(item, scale) {
			board.Add(c.item, weight*x.says(c.sim), item)
		}
	}
	return board.Append(dst, q, candidate.Neighbour)
}

// least is the similarity of the last of the Nearest of an item; 0 where it has fewer neighbours.
func (x *Index) least(item int32, scale float64) float64 {
	if near := x.nearest(item, scale); len(near) == x.o.Nearest {
		return near[len(near)-1].sim
	}
	return 0
}

// found are the neighbours of an item, as they were when so many changes had been made.
type found struct {
	changes int64
	list    []neighbour
}

type neighbour struct {
	item int32
	sim  float64
}

// says is what a similarity counts.
func (x *Index) says(sim float64) float64 {
	if x.o.Inverse {
		return sim
	}
	return sim * sim
}

// nearest are the neighbours of an item that give scores. They are kept until the next event, which may change any; where events fade they differ by the time of the question, too.
func (x *Index) nearest(item int32, scale float64) []neighbour {
	if f := x.kept[item].Load(); f != nil && f.changes == x.changes {
		return f.list
	}
	best := x.best.Get().(*candidate.Best)
	defer x.best.Put(best)
	best.Reset(x.o.Nearest)
	for _, c := range x.pairs[item].cells {
		if c.groups != 0 {
			best.Offer(candidate.Candidate{Item: c.item, Score: x.sim(item, c.item, c.of, scale)})
		}
	}
	sorted := best.Sorted()
	f := &found{changes: x.changes, list: make([]neighbour, len(sorted))}
	for i := range sorted {
		f.list[i] = neighbour{sorted[i].Item, sorted[i].Score}
	}
	if x.o.HalfLife == 0 {
		x.kept[item].Store(f)
	}
	return f.list
}

var _ candidate.Source = (*Index)(nil)
