package visitor

import (
	"cmp"
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	kindBuy    = recommendationv1.TouchKind_TOUCH_KIND_BUY
	kindReturn = recommendationv1.TouchKind_TOUCH_KIND_RETURN
)

// kept is one touch as the record keeps it.
type kept struct {
	Touch
	// basis is when the visitor consented to its being kept, Unix milliseconds; 0: nobody said anything, and the workspace's default allows it.
	basis int64
	// event is a hash of the event's id, line its item.
	event uint64
	line  int32
	// undone makes it no touch, but the word that order Order was cancelled.
	undone bool
}

// identity is what two copies of a touch have in common. A sale is its order's: browser and server tell of the same one by events of their own, at times of
// their own. All else is its event's.
type identity struct {
	atMs        int64
	order       uint64
	event       uint64
	line        int32
	item        string
	bought, end bool
}

func (k *kept) identity() identity {
	switch {
	case k.undone:
		return identity{order: k.Order, end: true}
	case k.Kind == kindBuy && k.Order != 0:
		return identity{order: k.Order, item: k.Item, bought: true}
	}
	return identity{atMs: k.AtMs, event: k.event, line: k.line}
}

// compare orders touches: what is kept longest last. The basis comes first, so that what a withdrawn consent takes away is always what would have been
// crowded out first: so the two commute. The rest of it makes equal only what is the same.
func (k *kept) compare(o *kept) int {
	return cmp.Or(cmp.Compare(k.basis, o.basis), cmp.Compare(k.AtMs, o.AtMs), cmp.Compare(k.event, o.event), cmp.Compare(k.line, o.line),
		cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Item, o.Item), cmp.Compare(k.Order, o.Order), cmp.Compare(k.Quantity, o.Quantity),
		cmp.Compare(k.Value, o.Value), compareBools(k.undone, o.undone))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// touches is a set of touches, sorted by compare; of those with one identity it has the last. A union of bounded ones, bounded again, is the same however it is
// grouped: a copy that is replaced by a later one only ever moves up, so what was left out for it stays below the bound (TestJoinIsASemilattice).
type touches []kept

// has finds a touch by its identity, -1 when it is not there.
func (s touches) find(id identity) int {
	return slices.IndexFunc(s, func(k kept) bool { return k.identity() == id })
}

// add puts a touch in. fresh says that no copy of it was there and that it stays; full that it was older than everything in a full set, so that nobody can tell.
func (s *touches) add(k kept, most int) (fresh, full bool) {
	i := s.find(k.identity())
	if i >= 0 {
		if (*s)[i].compare(&k) >= 0 {
			return false, false
		}
		*s = slices.Delete(*s, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(*s, k, func(x, y kept) int { return x.compare(&y) })
	if i < 0 && len(*s) >= most {
		if at == 0 {
			return false, true
		}
		*s = slices.Delete(*s, 0, len(*s)-most+1)
		at--
	}
	*s = slices.Insert(*s, at, k)
	return i < 0, false
}

// join adds all of another set.
func (s *touches) join(o touches, most int) {
	for i := range o {
		s.add(o[i], most)
	}
}

// drop takes out what is not to be kept.
func (s *touches) drop(out func(*kept) bool) {
	*s = slices.DeleteFunc(*s, func(k kept) bool { return out(&k) })
}
