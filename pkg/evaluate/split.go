package evaluate

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Fold is which rows train and which judge.
type Fold struct{ Train, Test []int }

// TimeSplits gives a fold for each cut: it trains on rows whose label was known at the cut, and judges on the rows from
// the cut to the next one (for the last cut, all later ones). at is the moment that a row's features are of. horizon is
// how long its label takes to be known: a row of the last 30 days cannot know whether a customer came back within 30
// days, and a model trained on it would know the future. A row trains when it is before the cut and at + horizon is not
// behind it. cuts must rise; a fold without rows on either side is an error.
func TimeSplits(at, cuts []time.Time, horizon time.Duration) ([]Fold, error) {
	if len(cuts) == 0 {
		return nil, fmt.Errorf("time split: no cuts: give one or more")
	}
	if horizon < 0 {
		return nil, fmt.Errorf("time split: horizon %v: want 0 or more", horizon)
	}
	folds := make([]Fold, len(cuts))
	for i, cut := range cuts {
		last := i == len(cuts)-1
		if !last && !cut.Before(cuts[i+1]) {
			return nil, fmt.Errorf("time split: cut %s is not before cut %s: want rising cuts", cut.Format(time.RFC3339), cuts[i+1].Format(time.RFC3339))
		}
		for row, t := range at {
			switch {
			case !t.Before(cut):
				if last || t.Before(cuts[i+1]) {
					folds[i].Test = append(folds[i].Test, row)
				}
			case !t.Add(horizon).After(cut):
				folds[i].Train = append(folds[i].Train, row)
			}
		}
		if len(folds[i].Train) == 0 || len(folds[i].Test) == 0 {
			return nil, fmt.Errorf("time split: the cut at %s has %d rows to train and %d to judge: want some of both; move the cut or take a longer span",
				cut.Format(time.RFC3339), len(folds[i].Train), len(folds[i].Test))
		}
	}
	return folds, nil
}

// StratifiedFolds gives each row a fold, 0 to k-1, so that every fold has the same share of each label, and sizes differ
// by one at most. Only for data without time: where rows have a time, TimeSplits tells the truth.
//
// The formula, the same in scripts/oracles/stats.py: rows of label 0, then those of label 1, each class by rising
// Mix(seed, row), ties by row; the i-th of this order is in fold i mod k.
func StratifiedFolds(label []float64, k int, seed uint64) ([]int, error) {
	if k < 2 || k > len(label) {
		return nil, fmt.Errorf("folds: %d of %d rows: want 2 or more, and a row for each", k, len(label))
	}
	order := make([]int, len(label))
	for row, l := range label {
		if l != 0 && l != 1 {
			return nil, fmt.Errorf("folds: row %d has label %v: want 0 or 1", row, l)
		}
		order[row] = row
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(label[a], label[b]), cmp.Compare(Mix(seed, uint64(a)), Mix(seed, uint64(b))), a-b)
	})
	fold := make([]int, len(label))
	for i, row := range order {
		fold[row] = i % k
	}
	return fold, nil
}

// StratifiedGroups is StratifiedFolds for rows of which several are of one customer, at several dates say: all rows of a group are in one fold, so that no
// model is judged by somebody it has seen. Folds have as many groups each, and the same share of groups with a row of label 1. Nil groups are StratifiedFolds.
func StratifiedGroups(label []float64, group []int, k int, seed uint64) ([]int, error) {
	if group == nil {
		return StratifiedFolds(label, k, seed)
	}
	if len(group) != len(label) {
		return nil, fmt.Errorf("folds: there are %d groups for %d rows: give each row its group", len(group), len(label))
	}
	groups := Resample{Group: group}.groups()
	of := make([]float64, len(groups))
	for i, rows := range groups {
		for _, row := range rows {
			if l := label[row]; l != 0 && l != 1 {
				return nil, fmt.Errorf("folds: row %d has label %v: want 0 or 1", row, l)
			}
			of[i] = max(of[i], label[row])
		}
	}
	folds, err := StratifiedFolds(of, k, seed)
	if err != nil {
		return nil, fmt.Errorf("groups: %w", err)
	}
	out := make([]int, len(label))
	for i, rows := range groups {
		for _, row := range rows {
			out[row] = folds[i]
		}
	}
	return out, nil
}

// Mix is a random-looking number for (seed, n), the same everywhere and for ever: the n-th output of SplitMix64 begun at
// seed. Source: Steele, Lea and Flood (2014). Example: Mix(0, 0) is 0xe220a8397b1dcdaf.
func Mix(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Rows turns what StratifiedFolds gives into the rows of each fold.
func Rows(fold []int, k int) []Fold {
	folds := make([]Fold, k)
	for row, f := range fold {
		for i := range folds {
			if i == f {
				folds[i].Test = append(folds[i].Test, row)
			} else {
				folds[i].Train = append(folds[i].Train, row)
			}
		}
	}
	return folds
}
