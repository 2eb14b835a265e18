package evaluate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Split is rows to learn from and rows to judge by. None is in both.
type Split struct{ Train, Test []int }

// Folds deals the rows into k parts that have about the same share of each label, seeded: each part is the Test of one split.
func Folds(y []float64, k int, seed uint64) ([]Split, error) {
	if k < 2 || k > len(y) {
		return nil, fmt.Errorf("%d folds of %d rows: give 2 or more, and no more than there are rows", k, len(y))
	}
	r := rand.New(rand.NewPCG(seed, uint64(len(y)))) //nolint:gosec // Statistics, no secret.
	part := make([]int, len(y))
	next := 0
	for _, label := range []float64{0, 1} {
		var rows []int
		for i := range y {
			if y[i] == label {
				rows = append(rows, i)
			}
		}
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, row := range rows {
			part[row] = next % k
			next++
		}
	}
	out := make([]Split, k)
	for row, p := range part {
		for i := range out {
			if i == p {
				out[i].Test = append(out[i].Test, row)
			} else {
				out[i].Train = append(out[i].Train, row)
			}
		}
	}
	return out, nil
}

// ByTime gives the newest rows, about share of them, to Test; rows of one time stay together, so nothing is learnt from a time that is judged.
func ByTime(times []time.Time, share float64) (Split, error) {
	rows := make([]int, len(times))
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return times[a].Compare(times[b]) })
	at := int(float64(len(rows)) * (1 - share))
	cut, off := 0, len(rows)+1
	for i := 1; i < len(rows); i++ {
		if d := max(i-at, at-i); d < off && !times[rows[i-1]].Equal(times[rows[i]]) {
			cut, off = i, d
		}
	}
	switch {
	case len(rows) == 0:
		return Split{}, errors.New("there are no rows to split")
	case cut == 0:
		return Split{}, fmt.Errorf("all rows have one time, %s: there is no newer part to judge by", times[rows[0]].UTC().Format(time.RFC3339))
	}
	return Split{Train: rows[:cut:cut], Test: rows[cut:]}, nil
}
