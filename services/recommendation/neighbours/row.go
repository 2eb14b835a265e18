package neighbours

import (
	"cmp"
	"math/bits"
	"slices"
)

// cell is one pair's sum of x(u,i) x(u,j), as of the landmark. groups counts what is in it, so that nothing is told of pairs that are gone but for rounding; a
// cell of no groups is free.
type cell struct {
	item   int32
	groups int32
	of     float64
}

// row has the pairs of one item: a table with open addresses, a power of two large and at most three quarters full. A map of Go's takes three times the memory
// and the time.
type row struct {
	cells []cell
	n     int
}

const (
	firstCells = 4
	spread     = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio (Knuth, "The Art of Computer Programming", volume 3, 6.4)
)

// home is where an item would lie in a table of so many cells.
func home(item int32, cells int) int {
	return int(uint64(uint32(item)) * spread >> (65 - uint(bits.Len(uint(cells)))))
}

// find gives the place of an item's cell, or of the free one where it would be. The table must not be empty.
func (r *row) find(item int32) int {
	mask := len(r.cells) - 1
	at := home(item, len(r.cells))
	for r.cells[at].groups != 0 && r.cells[at].item != item {
		at = (at + 1) & mask
	}
	return at
}

// add adds a part of one group more; with others of -1 it takes away a part of one that is gone, with 0 it changes what is there. A pair that was forgotten has
// nothing to be taken from.
func (r *row) add(item int32, part float64, others int32) {
	if len(r.cells) == 0 {
		if others <= 0 {
			return
		}
		r.cells = make([]cell, firstCells)
	}
	c := &r.cells[r.find(item)]
	switch {
	case c.groups != 0 && c.groups+others == 0:
		r.remove(item)
	case c.groups != 0:
		c.groups += others
		c.of = max(c.of+part, 0) // below 0 only where a part was forgotten, or by rounding
	case others > 0:
		*c = cell{item, 1, part}
		if r.n++; 4*r.n > 3*len(r.cells) {
			r.resize(2 * len(r.cells))
		}
	}
}

// remove frees an item's cell, which is there, and moves up what lies behind it because of it.
func (r *row) remove(item int32) {
	mask := len(r.cells) - 1
	free := r.find(item)
	r.n--
	for at := (free + 1) & mask; r.cells[at].groups != 0; at = (at + 1) & mask {
		if away := home(r.cells[at].item, len(r.cells)); (at-away)&mask >= (at-free)&mask {
			r.cells[free], free = r.cells[at], at
		}
	}
	r.cells[free] = cell{}
}

// resize makes a table of another size.
func (r *row) resize(cells int) {
	old := r.cells
	r.cells = make([]cell, cells)
	for i := range old {
		if old[i].groups != 0 {
			r.cells[r.find(old[i].item)] = old[i]
		}
	}
}

// sorted are the cells that are not free, by item.
func (r *row) sorted() []cell {
	out := make([]cell, 0, r.n)
	for i := range r.cells {
		if r.cells[i].groups != 0 {
			out = append(out, r.cells[i])
		}
	}
	slices.SortFunc(out, func(a, b cell) int { return cmp.Compare(a.item, b.item) })
	return out
}

// room is a table for n cells.
func room(n int) []cell {
	if n == 0 {
		return nil
	}
	cells := firstCells
	for 4*n > 3*cells {
		cells *= 2
	}
	return make([]cell, cells)
}

// fill makes the row of cells, each of another item.
func (r *row) fill(cells []cell) {
	r.cells, r.n = room(len(cells)), len(cells)
	for i := range cells {
		r.cells[r.find(cells[i].item)] = cells[i]
	}
}

// strong is a cell with how strong its pair is.
type strong struct {
	cell
	is float64
}

func (s *strong) before(o *strong) bool { return s.is > o.is || s.is == o.is && s.item < o.item }

// trim keeps the half of the most pairs that are the strongest, of equal ones those of the lower items.
func (r *row) trim(most int, strength func(*cell) float64) {
	all := make([]strong, 0, r.n)
	for i := range r.cells {
		if r.cells[i].groups != 0 {
			all = append(all, strong{r.cells[i], strength(&r.cells[i])})
		}
	}
	n := min(len(all), max(most/2, 1))
	part(all, n)
	kept := make([]cell, 0, n)
	for i := range all[:n] {
		kept = append(kept, all[i].cell)
	}
	r.fill(kept)
}

// part puts the n strongest before all others, in no order (Hoare, "Algorithm 65: Find", 1961). No two are equal.
func part(all []strong, n int) {
	for low, high := 0, len(all)-1; low < high; {
		pivot, i, j := all[(low+high)/2], low, high
		for i <= j {
			for all[i].before(&pivot) {
				i++
			}
			for pivot.before(&all[j]) {
				j--
			}
			if i <= j {
				all[i], all[j] = all[j], all[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j
		case n > i:
			low = i
		default:
			return
		}
	}
}
