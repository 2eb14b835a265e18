package candidate

import "sync"

// Board adds scores up by item and remembers which item of the history gave most. It is for one answer at a time: take one with
// GetBoard, give it back with Put. Adding is an array access, and emptying it costs what was added, not the catalogue.
type Board struct {
	scores  []float64
	most    []float64 // the largest part of each score
	because []int32   // what gave it
	touched []int32
	marked  []bool
	best    Best
}

var boards = sync.Pool{New: func() any { return new(Board) }}

// GetBoard gives an empty board for items below n.
func GetBoard(n int) *Board {
	b := boards.Get().(*Board)
	if len(b.scores) < n {
		n += n / 8 // a catalogue that grows does not make a board anew for each item
		b.scores, b.most, b.because, b.marked = make([]float64, n), make([]float64, n), make([]int32, n), make([]bool, n)
	}
	return b
}

// Put empties the board and gives it back.
func (b *Board) Put() {
	for _, i := range b.touched {
		b.scores[i], b.most[i], b.marked[i] = 0, 0, false
	}
	b.touched = b.touched[:0]
	boards.Put(b)
}

// Add adds part to an item's score; because gave it.
func (b *Board) Add(item int32, part float64, because int32) {
	if !b.marked[item] {
		b.marked[item], b.because[item] = true, Nothing
		b.touched = append(b.touched, item)
	}
	b.scores[item] += part
	if part > b.most[item] {
		b.most[item], b.because[item] = part, because
	}
}

// Append appends the k best above 0 that the query does not refuse.
func (b *Board) Append(dst []Candidate, q *Query, kind Kind) []Candidate {
	b.best.Reset(q.K)
	for _, item := range b.touched {
		score := b.scores[item]
		if score <= 0 || !b.best.Takes(item, score) || q.Refused(item) {
			continue
		}
		b.best.Offer(Candidate{Item: item, Score: score, Reason: Reason{Kind: kind, Because: b.because[item], Share: float32(min(b.most[item]/score, 1))}})
	}
	return b.best.Append(dst)
}
