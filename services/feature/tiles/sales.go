package tiles

import (
	"cmp"
	"slices"
)

// sale is how many sales stand at one moment, Unix milliseconds. n is never zero.
type sale struct{ at, n int64 }

// addSale adds to the sorted list. All times are kept, about five bytes each: any sale may be taken back, and the first and the last of
// those that are left must be known then.
func addSale(list []sale, x sale) []sale {
	if x.n == 0 {
		return list
	}
	i, found := slices.BinarySearchFunc(list, x.at, func(s sale, at int64) int { return cmp.Compare(s.at, at) })
	if !found {
		return slices.Insert(list, i, x)
	}
	if list[i].n += x.n; list[i].n == 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// span is the first and the last moment at which a sale stands; zeros when none does.
func span(list []sale) (first, last int64) {
	stands := func(s sale) bool { return s.n > 0 }
	i := slices.IndexFunc(list, stands)
	if i < 0 {
		return 0, 0
	}
	for _, s := range list[i:] {
		if stands(s) {
			last = s.at
		}
	}
	return list[i].at, last
}
