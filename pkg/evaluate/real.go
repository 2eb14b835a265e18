package evaluate

import (
	"fmt"
	"math"
)

// Real is what a model said about an amount (spend, purchases), and what came.
type Real struct {
	Predicted, Actual []float64
	// Weight of each row: finite, 0 or more. Nil means 1 for all.
	Weight []float64

	byPredicted, byActual []int // the rows by falling amount, once sorted
}

// RMSE is the root of the mean squared error, in the amount's unit. It is ruled by the few largest errors.
func (r Real) RMSE() (float64, error) {
	mse, err := r.mean("RMSE", func(p, a float64) float64 { return (p - a) * (p - a) })
	return math.Sqrt(mse), err
}

// MAE is the mean absolute error, in the amount's unit.
func (r Real) MAE() (float64, error) {
	return r.mean("MAE", func(p, a float64) float64 { return math.Abs(p - a) })
}

// Bias is the mean of predicted minus actual: above 0 when the model says too much in total.
func (r Real) Bias() (float64, error) {
	return r.mean("bias", func(p, a float64) float64 { return p - a })
}

// Correlation is Pearson's, -1 to 1. A constant side is an error.
func (r Real) Correlation() (float64, error) {
	mp, err := r.mean("correlation", func(p, _ float64) float64 { return p })
	if err != nil {
		return 0, err
	}
	ma, err := r.mean("correlation", func(_, a float64) float64 { return a })
	if err != nil {
		return 0, err
	}
	var pp, aa, pa float64
	for i, p := range r.Predicted {
		dp, da, w := p-mp, r.Actual[i]-ma, r.weight(i)
		pp, aa, pa = pp+w*dp*dp, aa+w*da*da, pa+w*dp*da
	}
	if pp == 0 || aa == 0 {
		return 0, fmt.Errorf("correlation: all predicted or all actual amounts are the same, so it has no value")
	}
	return pa / math.Sqrt(pp) / math.Sqrt(aa), nil
}

func (r Real) weight(row int) float64 {
	if r.Weight == nil {
		return 1
	}
	return r.Weight[row]
}

func (r Real) check() error {
	if len(r.Predicted) != len(r.Actual) {
		return fmt.Errorf("there are %d predicted and %d actual amounts: each row needs both", len(r.Predicted), len(r.Actual))
	}
	for i, p := range r.Predicted {
		if d := p - r.Actual[i]; math.IsNaN(d) || math.IsInf(d, 0) {
			return fmt.Errorf("row %d has predicted %v and actual %v: want finite numbers", i, p, r.Actual[i])
		}
	}
	return checkWeights(r.Weight, len(r.Predicted))
}

func (r Real) mean(name string, of func(predicted, actual float64) float64) (float64, error) {
	if err := r.check(); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	sum, all := 0.0, 0.0
	for i, p := range r.Predicted {
		w := r.weight(i)
		sum += w * of(p, r.Actual[i])
		all += w
	}
	if all == 0 {
		return 0, fmt.Errorf("%s: %w", name, ErrNoRows)
	}
	return sum / all, nil
}

func (r Real) times(by []float64) Real {
	w := make([]float64, len(by))
	for i := range by {
		w[i] = by[i] * r.weight(i)
	}
	r.Weight = w
	return r
}
