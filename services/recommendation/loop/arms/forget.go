package arms

import (
	"cmp"
	"slices"
)

// weak is an arm by what is lost with it.
type weak struct {
	of            map[string]*kin
	name, context string
	all           bool // that of all contexts; the others have one, which may be empty
	seen          float64
}

// forget leaves out a tenth of the arms of items and categories: those that were seen least of late, and of two alike the one of a context first. No context outlives all together.
func (a *Arms) forget() {
	list := a.weakest()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range list {
		switch k := w.of[w.name]; {
		case k == nil:
		case w.all:
			delete(w.of, w.name)
			a.size -= 1 + len(k.in)
		default:
			a.size -= k.drop(w.context)
		}
	}
}

// weakest finds them. It keeps drawing waiting for nothing but the look through all.
func (a *Arms) weakest() []weak {
	ms := a.now().UnixMilli()
	a.mu.RLock()
	list := make([]weak, 0, a.size)
	for _, s := range a.scenes {
		for _, of := range []map[string]*kin{s.items, s.categories} {
			for name, k := range of {
				list = append(list, weak{of: of, name: name, all: true, seen: k.all.at(ms, a.half).seen})
				for i := range k.in {
					list = append(list, weak{of: of, name: name, context: k.in[i].context, seen: k.in[i].arm.at(ms, a.half).seen})
				}
			}
		}
	}
	a.mu.RUnlock()
	slices.SortFunc(list, func(x, y weak) int { return cmp.Or(cmp.Compare(x.seen, y.seen), cmp.Compare(x.last(), y.last())) })
	return list[:(len(list)+9)/10]
}

// last has what is of a context before what is of all.
func (w *weak) last() int {
	if w.all {
		return 1
	}
	return 0
}
