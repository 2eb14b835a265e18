package candidate

import "sync"

// Board adds scores up by item and remembers which item of the history gave most. It is for one answer at a time: take one with
// GetBoard, give it back with Put. Adding is one access to memory, and emptying it costs what was added, not the catalogue.
type Board struct {
	cells   []cell
	touched []int32
	best    Best
}

// cell is what is known of an item: four of them are a line of the processor's cache.
type cell struct {
	score float64
	most  float32 // the largest part of the score
	// from is what gave it, counted from 2, and 1 for Nothing; 0: nothing was added.
	from int32
}

// fromZero is what item 0 is as cell.from.
const fromZero = 2

var boards = sync.Pool{New: func() any { return new(Board) }}

// GetBoard gives an empty board for items below n.
func GetBoard(n int) *Board {
	b := boards.Get().(*Board)
	if len(b.cells) < n {
		b.cells = make([]cell, n+n/8) // a catalogue that grows does not make a board anew for each item
	}
	return b
}

// Put empties the board and gives it back.
func (b *Board) Put() {
	for _, i := range b.touched {
		b.cells[i] = cell{}
	}
	b.touched = b.touched[:0]
	boards.Put(b)
}

// Add adds part to an item's score; because gave it.
func (b *Board) Add(item int32, part float64, because int32) {
	c := &b.cells[item]
	if c.from == 0 {
		c.from = fromZero + Nothing
		b.touched = append(b.touched, item)
	}
	c.score += part
	if most := float32(part); most > c.most {
		c.most, c.from = most, fromZero+because
	}
}

// Times multiplies each score by what of says of its item, which is above 0.
func (b *Board) Times(of func(item int32) float64) {
	for _, item := range b.touched {
		by := of(item)
		c := &b.cells[item]
		c.score, c.most = c.score*by, c.most*float32(by)
	}
}

// Append appends the k best above 0 that the query does not refuse.
func (b *Board) Append(dst []Candidate, q *Query, kind Kind) []Candidate {
	b.best.Reset(q.K)
	for _, item := range b.touched {
		c := &b.cells[item]
		score := c.score
		if score <= 0 || !b.best.Takes(item, score) || q.Refused(item) {
			continue
		}
		b.best.Offer(Candidate{Item: item, Score: score, Reason: Reason{Kind: kind, Because: c.from - fromZero, Share: min(c.most/float32(score), 1)}})
	}
	return b.best.Append(dst)
}
