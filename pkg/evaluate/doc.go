// Package evaluate judges predictions: one place for all models, so that two figures with one name mean one thing.
//
// Labels are 0 or 1, scores and probabilities any numbers in the same order; weights may be nil for one each. NaN, an empty list, lists of different
// lengths, and for what compares the two classes a list with one of them, are errors. Every figure of one set of predictions is a Report
// (TestReportIsItsParts); intervals are the percentiles of a seeded bootstrap over rows (TestIntervalsCover).
package evaluate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrOneClass says that all labels are equal: nothing can be told apart.
var ErrOneClass = errors.New("all labels are equal")

// check is what every measure asks of its input. It gives the weight of the positive and of all rows.
func check(y, p, w []float64) (positive, all float64, err error) {
	switch {
	case len(y) == 0:
		return 0, 0, errors.New("there are no rows to judge")
	case len(y) != len(p) || w != nil && len(w) != len(y):
		return 0, 0, fmt.Errorf("%d labels, %d predictions and %d weights", len(y), len(p), len(w))
	}
	for i := range y {
		if y[i] != 0 && y[i] != 1 {
			return 0, 0, fmt.Errorf("label %d is %v, not 0 or 1", i, y[i])
		}
		if math.IsNaN(p[i]) {
			return 0, 0, fmt.Errorf("prediction %d is no number", i)
		}
		x := weight(w, i)
		if !(x >= 0) || math.IsInf(x, 1) {
			return 0, 0, fmt.Errorf("weight %d is %v", i, x)
		}
		all += x
		positive += x * y[i]
	}
	return positive, all, nil
}

func twoClasses(y, p, w []float64) (positive, all float64, err error) {
	if positive, all, err = check(y, p, w); err == nil && (positive == 0 || positive == all) {
		err = ErrOneClass
	}
	return positive, all, err
}

func weight(w []float64, i int) float64 {
	if w == nil {
		return 1
	}
	return w[i]
}

// ranked are the rows, the highest prediction first, ties by place.
func ranked(p []float64) []int {
	rows := make([]int, len(p))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	return rows
}

// ties walks groups of equal predictions, the highest first: the weight of positive and of negative rows of each.
func ties(y, p, w []float64, group func(positive, negative float64)) {
	rows := ranked(p)
	for i := 0; i < len(rows); {
		positive, negative := 0.0, 0.0
		j := i
		for ; j < len(rows) && p[rows[j]] == p[rows[i]]; j++ {
			positive += weight(w, rows[j]) * y[rows[j]]
			negative += weight(w, rows[j]) * (1 - y[rows[j]])
		}
		group(positive, negative)
		i = j
	}
}
