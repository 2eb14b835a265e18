// Package calibrate turns a model's scores into probabilities that mean what they say: of those called 0.3, three in
// ten. It changes no order (Isotonic may make scores equal), so AUC stays; log-loss, Brier and ECE change.
//
// Calibrate on rows that the model was not trained on, and judge on a third set: a calibrator that has seen the judge's
// rows looks perfect. Platt has two numbers and needs a hundred rows; Isotonic has as many steps as the rows allow and
// wants a thousand or more, or it learns their noise.
//
// Both equal scikit-learn's (TestEqualToScikitLearn; scripts/oracles/stats.py). A row of weight k is k rows
// (TestAWeightIsThatManyRows). Both are plain data: encoding/json keeps them.
package calibrate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrOneClass is the error of a fit to rows that all have the same label.
var ErrOneClass = errors.New("all rows have the same label, so nothing can be learnt about probabilities: take a longer span or more rows")

// point is all rows of one score.
type point struct{ score, weight, yes float64 }

// points checks the rows and gives their distinct scores in rising order. weight may be nil, which is 1 for all.
func points(score, label, weight []float64) ([]point, error) {
	if len(label) != len(score) || weight != nil && len(weight) != len(score) {
		return nil, fmt.Errorf("there are %d scores, %d labels and %d weights: each row needs one of each", len(score), len(label), len(weight))
	}
	var all []point
	for i, s := range score {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		switch {
		case math.IsNaN(s) || math.IsInf(s, 0):
			return nil, fmt.Errorf("row %d has score %v: want a finite number", i, s)
		case label[i] != 0 && label[i] != 1:
			return nil, fmt.Errorf("row %d has label %v: want 0 or 1", i, label[i])
		case !(w >= 0) || math.IsInf(w, 1):
			return nil, fmt.Errorf("row %d has weight %v: want a finite number of 0 or more", i, w)
		case w > 0:
			all = append(all, point{s, w, w * label[i]})
		}
	}
	all = merged(all)
	if yes, weight := totals(all); yes == 0 || yes == weight {
		return nil, ErrOneClass
	}
	return all, nil
}

// merged sorts by score and adds up equal scores.
func merged(all []point) []point {
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(a.score, b.score) })
	out := all[:0]
	for _, p := range all {
		if n := len(out); n > 0 && out[n-1].score == p.score {
			out[n-1].weight += p.weight
			out[n-1].yes += p.yes
			continue
		}
		out = append(out, p)
	}
	return out
}

func totals(all []point) (yes, weight float64) {
	for _, p := range all {
		yes, weight = yes+p.yes, weight+p.weight
	}
	return yes, weight
}
