package content

import (
	"slices"
	"sync/atomic"
)

// near is an item that is described like another.
type near struct {
	item  int32
	score float32
}

// mostNear is how many of the items that are most like one are kept: half a kilobyte for each item that was asked for.
const mostNear = 64

// nearest are the items that are most like one, best first, itself not among them. They are found when they are asked for, and kept as long as this build is:
// what is described otherwise makes another one. Nobody changes the list.
func (b *built) nearest(item int32) []near {
	kept := &b.kept[item]
	if list := kept.Load(); list != nil {
		return *list
	}
	list := b.find(item)
	kept.Store(&list)
	return list
}

// find compares an item with all that have words in common with it.
func (b *built) find(item int32) []near {
	s := b.sums(item)
	defer s.put()
	own, best := &b.sides[item], s.best[:0] // a heap, the worst first
	for _, j := range s.touched {
		if j == item || len(best) == mostNear && s.of[j] < best[0].score { // nothing fits better than by 1
			continue
		}
		n := near{j, s.of[j] * float32(fit(own, &b.sides[j]))}
		switch {
		case len(best) < mostNear:
			if best = append(best, n); len(best) == mostNear {
				for i := mostNear/2 - 1; i >= 0; i-- {
					down(best, i)
				}
			}
		case n.before(best[0]):
			best[0] = n
			down(best, 0)
		}
	}
	s.best = best
	list := slices.Clone(best)
	slices.SortFunc(list, func(a, b near) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return list
}

// before says that n stands before other: it is more like, of two alike the lower one.
func (n near) before(other near) bool {
	return n.score > other.score || n.score == other.score && n.item < other.item
}

func down(heap []near, i int) {
	for {
		worst := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(heap) && heap[worst].before(heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		heap[worst], heap[i] = heap[i], heap[worst]
		i = worst
	}
}

// kept has room for the nearest of each item.
type kept []atomic.Pointer[[]near]
