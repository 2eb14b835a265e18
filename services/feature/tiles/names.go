package tiles

import (
	"cmp"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/feature/spec"
)

// lastTime is the last time of one event name, Unix milliseconds.
type lastTime struct {
	name string
	at   int64
}

// later orders by time, the latest first, ties by name.
func later(a, b lastTime) int {
	return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(a.name, b.name))
}

// keep puts n into the list, which is ordered by later and holds a name at most
// once and at most spec.MaxNames of them.
//
// Forgetting is exact, whatever the order of insertion: a name falls out only when
// MaxNames others are later, they can only become later still, and an event that
// would bring the name back with an earlier time than the forgotten one falls out
// again.
func keep(list []lastTime, n lastTime) []lastTime {
	for i := range list {
		if list[i].name != n.name {
			continue
		}
		if list[i].at >= n.at {
			return list
		}
		list = slices.Delete(list, i, i+1)
		break
	}
	at, _ := slices.BinarySearchFunc(list, n, later)
	if at == spec.MaxNames {
		return list
	}
	list = slices.Insert(list, at, n)
	if len(list) > spec.MaxNames {
		list = list[:spec.MaxNames]
	}
	return list
}
