package gbdt

import "slices"

// places are where rows of a group stand by their scores: the best first, of equal ones the first row first. What finds them sorts no more than is asked for.
type places struct {
	// top are rows by their places: the first few, or all.
	top []int32
	// good are the rows that were asked for, by their places.
	good []placed

	all []placed
}

// placed is a row of a group, with its score or its place.
type placed struct {
	score float64
	row   int32
	place int
}

// higher is by hand: half of what a ranking costs is sorting.
func higher(a, b placed) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return int(a.row) - int(b.row)
}

// findGood finds the places of some rows: by counting, which is cheaper than to sort while they are few.
func (p *places) findGood(scores []float64, good []int32) {
	p.good = p.good[:0]
	if len(good) > few {
		p.sort(scores)
		for place, row := range p.top {
			if _, ok := slices.BinarySearch(good, row); ok {
				p.good = append(p.good, placed{row: row, place: place})
			}
		}
		return
	}
	for _, row := range good {
		p.good = append(p.good, placed{row: row, place: placeOf(scores, int(row))})
	}
	slices.SortFunc(p.good, func(a, b placed) int { return a.place - b.place })
}

// few rows are counted, more are sorted.
const few = 8

// placeOf is how many stand before a row.
func placeOf(scores []float64, row int) int {
	mine, n := scores[row], 0
	for _, v := range scores[:row] {
		n += int(bit(v >= mine))
	}
	for _, v := range scores[row+1:] {
		n += int(bit(v > mine))
	}
	return n
}

// find finds the places of the good rows, and the rows of the first places: all of them where a good one is among the first few.
func (p *places) find(scores []float64, good []int32, first int) {
	p.findGood(scores, good)
	switch {
	case len(good) > few: // they are sorted
	case len(p.good) > 0 && p.good[0].place >= first:
		p.best(scores, first)
	default:
		p.sort(scores)
	}
}

func (p *places) sort(scores []float64) {
	p.all = slices.Grow(p.all[:0], len(scores))
	for i, v := range scores {
		p.all = append(p.all, placed{score: v, row: int32(i)})
	}
	slices.SortFunc(p.all, higher)
	p.rows()
}

// best finds the first few alone: by insertion, as most do not come in.
func (p *places) best(scores []float64, n int) {
	p.all = p.all[:0]
	for i, v := range scores {
		if len(p.all) == n {
			if v <= p.all[n-1].score {
				continue
			}
			p.all = p.all[:n-1]
		}
		at := len(p.all)
		for at > 0 && p.all[at-1].score < v {
			at--
		}
		p.all = slices.Insert(p.all, at, placed{score: v, row: int32(i)})
	}
	p.rows()
}

func (p *places) rows() {
	p.top = p.top[:0]
	for _, x := range p.all {
		p.top = append(p.top, x.row)
	}
}
