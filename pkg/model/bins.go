package model

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
)

const (
	// quantileBins is into how many bins of about equal size numbers go.
	quantileBins = 10
	// mostLevels is how many levels of a category have a bin of their own: the most frequent ones.
	mostLevels = 20
)

// Bins is where values of one column are counted: what stood in training, and how to find a value's bin again. It is written to a version's files as JSON.
type Bins struct {
	// Name is the column's.
	Name string `json:"name"`
	// Cuts are of numbers, ascending and finite: a number is in the first bin whose cut is not below it, else in the one behind the last cut. The first cut is
	// just below the least number of training and the last one is the greatest, so that what training never saw has bins of its own.
	Cuts []float64 `json:"cuts,omitempty"`
	// Levels are of a category, in order of name: one bin each, and one behind them for all others.
	Levels []string `json:"levels,omitempty"`
	// Category says that values are text.
	Category bool `json:"category,omitempty"`
	// Counts are the rows of training by bin; the last bin is for what is missing.
	Counts []int64 `json:"counts"`
}

// NumberBins makes the bins of numbers as training has them: ten of about equal size, fewer where values are often the same, one below and one above all that
// training has seen, and one for missing (NaN). An infinity counts as the least or the greatest.
func NumberBins(name string, values []float64) Bins {
	b := Bins{Name: name, Cuts: cutsOf(values)}
	b.Counts = make([]int64, b.size())
	for _, v := range values {
		b.Counts[b.number(v)]++
	}
	return b
}

// cutsOf are the quantiles of the finite values.
func cutsOf(values []float64) []float64 {
	sorted := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sorted = append(sorted, v)
		}
	}
	if len(sorted) == 0 {
		return nil
	}
	slices.Sort(sorted)
	cuts := make([]float64, 0, quantileBins+1)
	if least := math.Nextafter(sorted[0], math.Inf(-1)); !math.IsInf(least, 0) {
		cuts = append(cuts, least)
	}
	for k := 1; k <= quantileBins; k++ {
		cuts = append(cuts, sorted[(k*len(sorted)+quantileBins-1)/quantileBins-1])
	}
	return slices.Compact(cuts)
}

// CategoryBins makes the bins of a category as training has it: the twenty most frequent levels, all others, and missing (empty).
func CategoryBins(name string, values []string) Bins {
	seen := map[string]int64{}
	for _, v := range values {
		if v != "" {
			seen[v]++
		}
	}
	levels := slices.SortedFunc(maps.Keys(seen), func(a, b string) int { return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a, b)) })
	levels = levels[:min(len(levels), mostLevels)]
	slices.Sort(levels)
	b := Bins{Name: name, Category: true, Levels: levels}
	b.Counts = make([]int64, b.size())
	for _, v := range values {
		b.Counts[b.text(v)]++
	}
	return b
}

// size is how many bins there are.
func (b *Bins) size() int {
	if b.Category {
		return len(b.Levels) + 2
	}
	return len(b.Cuts) + 2
}

// number is the bin of a number.
func (b *Bins) number(x float64) int {
	if math.IsNaN(x) {
		return len(b.Cuts) + 1
	}
	return sort.SearchFloat64s(b.Cuts, x) // not slices.BinarySearch, which asks at each step whether one is NaN
}

// text is the bin of a level.
func (b *Bins) text(s string) int {
	if s == "" {
		return len(b.Levels) + 1
	}
	if i, ok := slices.BinarySearch(b.Levels, s); ok {
		return i
	}
	return len(b.Levels)
}

// check reports bins that nothing can be counted into: of a file that is not ours.
func (b *Bins) check() error {
	switch {
	case len(b.Counts) != b.size():
		return fmt.Errorf("column %q has %d counts for %d bins", b.Name, len(b.Counts), b.size())
	case !slices.IsSorted(b.Cuts) || slices.ContainsFunc(b.Cuts, func(x float64) bool { return math.IsNaN(x) }):
		return fmt.Errorf("the cuts of column %q do not ascend", b.Name)
	case !slices.IsSorted(b.Levels):
		return fmt.Errorf("the levels of column %q are not in order", b.Name)
	case slices.ContainsFunc(b.Counts, func(n int64) bool { return n < 0 }):
		return fmt.Errorf("column %q has a count below zero", b.Name)
	}
	return nil
}
