package tally

import (
	"cmp"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
)

// sale is how many sales stand at one moment, Unix milliseconds. n is never zero.
type sale struct{ at, n int64 }

// addSale adds to the sorted list.
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

// standing are the latest moments at which a sale stands, rising, at most n of them (0: all).
func standing(list []sale, n int) []int64 {
	var out []int64
	for i := len(list) - 1; i >= 0 && (n == 0 || len(out) < n); i-- {
		if list[i].n > 0 {
			out = append(out, list[i].at)
		}
	}
	slices.Reverse(out)
	return out
}

// ofTheSales reads a column that is made of the times of sales.
func ofTheSales(c *catalog.Column, list []sale, r *catalog.Reading) {
	switch c.Op {
	case catalog.OpTimes:
		r.Times = standing(list, catalog.MaxTimes)
	case catalog.OpLastTime:
		if last := standing(list, 1); len(last) > 0 {
			r.Any, r.AtMs = true, last[0]
		}
	default:
		if i := slices.IndexFunc(list, func(s sale) bool { return s.n > 0 }); i >= 0 {
			r.Any, r.AtMs = true, list[i].at
		}
	}
}
