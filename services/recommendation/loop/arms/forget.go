package arms

import (
	"cmp"
	"slices"
)

// weak is an arm by what is lost with it.
type weak struct {
	in   *scene
	of   choice
	seen float64
}

// forget leaves out a tenth of the arms of items and categories: those that were seen least of late, and of two alike the one of a context first.
func (a *Arms) forget() {
	list := a.weakest()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range list {
		if _, ok := w.in.items[w.of]; ok {
			delete(w.in.items, w.of)
			a.size--
		}
	}
}

// weakest finds them. It keeps drawing waiting for nothing but the look through all.
func (a *Arms) weakest() []weak {
	ms := a.now().UnixMilli()
	a.mu.RLock()
	list := make([]weak, 0, a.size)
	for _, s := range a.scenes {
		for c, x := range s.items {
			list = append(list, weak{s, c, x.at(ms, a.half).seen})
		}
	}
	a.mu.RUnlock()
	slices.SortFunc(list, func(x, y weak) int { return cmp.Or(cmp.Compare(x.seen, y.seen), cmp.Compare(rank(x.of), rank(y.of))) })
	return list[:(len(list)+9)/10]
}

// rank has what is of a context before what is of all.
func rank(c choice) int {
	if c.all {
		return 1
	}
	return 0
}
