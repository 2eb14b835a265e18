package simulator

// entry is something that will happen: an event leaves, or, without one, a person's next visit begins.
type entry struct {
	at  int64 // even milliseconds
	seq uint64
	who int32
	ev  *draft
}

func (a *entry) before(b *entry) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

// queue is a heap of entries, the earliest first; equal times leave in the order they came, so that a run can be repeated.
type queue struct {
	heap []entry
	seq  uint64
}

func (q *queue) push(at int64, who int32, ev *draft) {
	q.seq++
	q.heap = append(q.heap, entry{at: at, seq: q.seq, who: who, ev: ev})
	h, i := q.heap, len(q.heap)-1
	for i > 0 {
		up := (i - 1) / 4
		if !h[i].before(&h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *queue) pop() entry {
	h := q.heap
	top, last := h[0], len(h)-1
	h[0], h[last] = h[last], entry{}
	h = h[:last]
	q.heap = h
	for i := 0; ; {
		best := i
		for c := 4*i + 1; c <= 4*i+4 && c < last; c++ {
			if h[c].before(&h[best]) {
				best = c
			}
		}
		if best == i {
			return top
		}
		h[i], h[best] = h[best], h[i]
		i = best
	}
}
