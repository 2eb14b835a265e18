package candidate

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

func (b *Best) down(i int) { sink(b.heap, i) }

// sink moves a candidate to its place in a heap, the worst first.
func sink(heap []Candidate, i int) {
	moved := heap[i]
	for {
		child := 2*i + 1
		if child >= len(heap) {
			break
		}
		if other := child + 1; other < len(heap) && Better(heap[child], heap[other]) {
			child = other
		}
		if !Better(moved, heap[child]) {
			break
		}
		heap[i] = heap[child]
		i = child
	}
	heap[i] = moved
}

// Append sorts what was kept, best first, and appends it. Reset before the next use.
func (b *Best) Append(dst []Candidate) []Candidate { return append(dst, b.Sorted()...) }

// Sorted is what was kept, best first, until the next Reset, which must be the next call. The heap is taken apart: its worst one goes to the end, and so on.
func (b *Best) Sorted() []Candidate {
	for end := len(b.heap) - 1; end > 0; end-- {
		b.heap[0], b.heap[end] = b.heap[end], b.heap[0]
		sink(b.heap[:end], 0)
	}
	return b.heap
}
