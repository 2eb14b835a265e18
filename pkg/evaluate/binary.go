package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrOneClass is the error of every measure that compares those who did with those who did not, when one side is empty.
var ErrOneClass = errors.New("all rows have the same label, so the measure has no value: take a longer span or more rows")

// ErrNoRows is the error of every measure of nothing.
var ErrNoRows = errors.New("there are no rows (or all weights are 0)")

// Binary is what a model said about a yes-or-no question, and what came. Its measures change nothing and may be called
// by many goroutines.
type Binary struct {
	// Score of each row, higher for a surer yes. AUC, AveragePrecision, Gain and Lift take any finite number; LogLoss, Brier,
	// ECE, Reliability and Accuracy take probabilities, 0 to 1.
	Score []float64
	// Label of each row: 1 for yes, 0 for no.
	Label []float64
	// Weight of each row: finite, 0 or more. Nil means 1 for all. A row of weight 2 counts as two rows.
	Weight []float64

	order []int // the rows by falling score, once sorted
}

func (b Binary) weight(row int) float64 {
	if b.Weight == nil {
		return 1
	}
	return b.Weight[row]
}

// sorted returns b with its rows checked and put in order, so that many measures of one Binary sort once.
func (b Binary) sorted() (Binary, error) {
	if b.order != nil {
		return b, nil
	}
	if err := b.check(); err != nil {
		return b, err
	}
	b.order = make([]int, len(b.Score))
	for i := range b.order {
		b.order[i] = i
	}
	// The row number breaks ties, so that sums are taken in one order whatever the sort does.
	slices.SortFunc(b.order, func(i, j int) int {
		switch {
		case b.Score[i] > b.Score[j]:
			return -1
		case b.Score[i] < b.Score[j]:
			return 1
		default:
			return i - j
		}
	})
	return b, nil
}

func (b Binary) check() error {
	if len(b.Label) != len(b.Score) {
		return fmt.Errorf("there are %d scores and %d labels: each row needs both", len(b.Score), len(b.Label))
	}
	if err := checkWeights(b.Weight, len(b.Score)); err != nil {
		return err
	}
	for i, s := range b.Score {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return fmt.Errorf("row %d has score %v: want a finite number", i, s)
		}
		if l := b.Label[i]; l != 0 && l != 1 {
			return fmt.Errorf("row %d has label %v: want 0 or 1", i, l)
		}
	}
	return nil
}

func checkWeights(weight []float64, rows int) error {
	if weight == nil {
		return nil
	}
	if len(weight) != rows {
		return fmt.Errorf("there are %d weights for %d rows", len(weight), rows)
	}
	for i, w := range weight {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("row %d has weight %v: want a finite number of 0 or more", i, w)
		}
	}
	return nil
}

// probabilities is sorted for measures of probabilities.
func (b Binary) probabilities() (Binary, error) {
	b, err := b.sorted()
	if err != nil {
		return b, err
	}
	if n := len(b.order); n > 0 {
		for _, row := range []int{b.order[0], b.order[n-1]} {
			if s := b.Score[row]; s < 0 || s > 1 {
				return b, fmt.Errorf("row %d has score %v: this measure needs probabilities, 0 to 1; calibrate the scores first", row, s)
			}
		}
	}
	return b, nil
}

// step is all rows of one score.
type step struct{ score, yes, no float64 }

// steps calls f with each score that has weight, from the highest down.
func (b Binary) steps(f func(step)) {
	var s step
	for i, row := range b.order {
		if i > 0 && b.Score[row] != s.score {
			if s.yes+s.no > 0 {
				f(s)
			}
			s = step{}
		}
		s.score = b.Score[row]
		w := b.weight(row)
		if b.Label[row] == 1 {
			s.yes += w
		} else {
			s.no += w
		}
	}
	if s.yes+s.no > 0 {
		f(s)
	}
}

// totals are the weights of both classes. Summed by steps, because the order of a sum decides its last digit.
func (b Binary) totals() (yes, no float64) {
	b.steps(func(s step) { yes, no = yes+s.yes, no+s.no })
	return yes, no
}

// both is sorted with the totals of both classes, or ErrNoRows, or ErrOneClass.
func (b Binary) both() (sorted Binary, yes, no float64, err error) {
	if b, err = b.sorted(); err != nil {
		return b, 0, 0, err
	}
	yes, no = b.totals()
	switch {
	case yes+no == 0:
		return b, 0, 0, ErrNoRows
	case yes == 0 || no == 0:
		return b, 0, 0, ErrOneClass
	}
	return b, yes, no, nil
}

// BaseRate is the share of yes.
func (b Binary) BaseRate() (float64, error) {
	b, err := b.sorted()
	if err != nil {
		return 0, err
	}
	yes, no := b.totals()
	if yes+no == 0 {
		return 0, ErrNoRows
	}
	return yes / (yes + no), nil
}

// times is b with each weight multiplied; by has a number for each row. It keeps the order.
func (b Binary) times(by []float64) Binary {
	w := make([]float64, len(by))
	for i := range by {
		w[i] = by[i] * b.weight(i)
	}
	b.Weight = w
	return b
}
