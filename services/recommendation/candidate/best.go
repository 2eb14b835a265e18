package candidate

import "slices"

// Better says that a stands before b: the higher score, and of equal ones the lower item.
func Better(a, b Candidate) bool {
	return a.Score > b.Score || a.Score == b.Score && a.Item < b.Item
}

// Best keeps the k best of the candidates that it is offered, in memory for k. Each item must be offered once.
type Best struct {
	k    int
	heap []Candidate // the worst first
}

// Reset empties it for k candidates.
func (b *Best) Reset(k int) { b.k, b.heap = k, b.heap[:0] }

// Takes says whether a candidate with this score could still come in. It saves making its reason.
func (b *Best) Takes(item int32, score float64) bool {
	return b.k > 0 && (len(b.heap) < b.k || Better(Candidate{Item: item, Score: score}, b.heap[0]))
}

// Offer keeps c when it is among the k best so far.
func (b *Best) Offer(c Candidate) {
	switch {
	case !b.Takes(c.Item, c.Score):
	case len(b.heap) < b.k:
		b.heap = append(b.heap, c)
		b.up(len(b.heap) - 1)
	default:
		b.heap[0] = c
		b.down(0)
	}
}

func (b *Best) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !Better(b.heap[parent], b.heap[i]) {
			return
		}
		b.heap[parent], b.heap[i] = b.heap[i], b.heap[parent]
		i = parent
	}
}

func (b *Best) down(i int) {
	for {
		worst := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(b.heap) && Better(b.heap[worst], b.heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		b.heap[worst], b.heap[i] = b.heap[i], b.heap[worst]
		i = worst
	}
}

// Append sorts what was kept, best first, and appends it. Reset before the next use.
func (b *Best) Append(dst []Candidate) []Candidate { return append(dst, b.Sorted()...) }

// Sorted is what was kept, best first, until the next Reset, which must be the next call.
func (b *Best) Sorted() []Candidate {
	slices.SortFunc(b.heap, compare)
	return b.heap
}

func compare(a, b Candidate) int {
	switch {
	case Better(a, b):
		return -1
	case Better(b, a):
		return 1
	}
	return 0
}
