package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrNothing is the error of measures of an amount that is 0 in all rows.
var ErrNothing = errors.New("the actual amounts come to nothing, so the measure has no value")

// R2 is the share of the variance that is explained: 1 is perfect, 0 is to say the mean of these rows to everybody, below 0 is worse than that. It is
// ruled by the few largest amounts. Actual amounts that are all the same are an error.
func (r Real) R2() (float64, error) {
	centre, err := r.mean("R2", func(_, a float64) float64 { return a })
	if err != nil {
		return 0, err
	}
	spread, _ := r.mean("R2", func(_, a float64) float64 { return (a - centre) * (a - centre) })
	off, _ := r.mean("R2", func(p, a float64) float64 { return (p - a) * (p - a) })
	if spread == 0 {
		return 0, errors.New("R2: all actual amounts are the same, so it has no value")
	}
	return 1 - off/spread, nil
}

// Total is what was predicted of all rows together over what came: 1 is right, 1.2 is a fifth too much.
func (r Real) Total() (float64, error) {
	said, err := r.mean("total", func(p, _ float64) float64 { return p })
	if err != nil {
		return 0, err
	}
	came, _ := r.mean("total", func(_, a float64) float64 { return a })
	if came == 0 {
		return 0, fmt.Errorf("total: %w", ErrNothing)
	}
	return said / came, nil
}

// Deviance is the mean Poisson deviance, for amounts of 0 and more: like a squared error, but of large amounts only as much as they are large. Its least
// expected value is at the mean, so it suits amounts of which many are 0 and a few are huge. A prediction below least is taken as least, which must be above 0.
func (r Real) Deviance(least float64) (float64, error) {
	if !(least > 0) {
		return 0, fmt.Errorf("deviance with predictions of at least %v: want above 0", least)
	}
	return r.mean("deviance", func(p, a float64) float64 {
		p = max(p, least)
		if a <= 0 {
			return 2 * p
		}
		return 2 * (a*math.Log(a/p) - a + p)
	})
}

// Spearman is the correlation of the ranks, -1 to 1; equal amounts share the mean of their ranks. It says how right the order is, whatever the amounts.
// A constant side is an error.
func (r Real) Spearman() (float64, error) {
	r, err := r.sorted()
	if err != nil {
		return 0, fmt.Errorf("Spearman: %w", err)
	}
	ranks := Real{Predicted: make([]float64, len(r.Predicted)), Actual: make([]float64, len(r.Actual)), Weight: r.Weight}
	r.rank(r.byPredicted, r.Predicted, ranks.Predicted)
	r.rank(r.byActual, r.Actual, ranks.Actual)
	return ranks.Correlation()
}

// rank writes the places of values, whose order is given, a row of weight k taking k of them.
func (r Real) rank(order []int, values, out []float64) {
	above := 0.0
	for from := 0; from < len(order); {
		to, size := from, 0.0
		for ; to < len(order) && values[order[to]] == values[order[from]]; to++ {
			size += r.weight(order[to])
		}
		for _, row := range order[from:to] {
			out[row] = above + size/2
		}
		above, from = above+size, to
	}
}

// sorted returns r with its rows checked and their orders found, so that many measures sort once.
func (r Real) sorted() (Real, error) {
	if r.byPredicted != nil {
		return r, nil
	}
	if err := r.check(); err != nil {
		return r, err
	}
	r.byPredicted, r.byActual = falling(r.Predicted), falling(r.Actual)
	return r, nil
}

// falling are the rows by their value, the largest first.
func falling(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case values[i] > values[j]:
			return -1
		case values[i] < values[j]:
			return 1
		}
		return i - j
	})
	return order
}

// amounts are all rows of one prediction.
type amounts struct{ predicted, size, actual, off float64 }

// steps calls f with each prediction that has weight, from the highest down.
func (r Real) steps(f func(amounts)) {
	var s amounts
	for i, row := range r.byPredicted {
		if i > 0 && r.Predicted[row] != s.predicted {
			if s.size > 0 {
				f(s)
			}
			s = amounts{}
		}
		w := r.weight(row)
		s.predicted = r.Predicted[row]
		s.size, s.actual, s.off = s.size+w, s.actual+w*r.Actual[row], s.off+w*math.Abs(r.Predicted[row]-r.Actual[row])
	}
	if s.size > 0 {
		f(s)
	}
}

// sized is sorted, with the weight and the amount of all rows.
func (r Real) sized(name string) (sorted Real, size, actual float64, err error) {
	if r, err = r.sorted(); err != nil {
		return r, 0, 0, fmt.Errorf("%s: %w", name, err)
	}
	r.steps(func(s amounts) { size, actual = size+s.size, actual+s.actual })
	if size == 0 {
		return r, 0, 0, fmt.Errorf("%s: %w", name, ErrNoRows)
	}
	return r, size, actual, nil
}

// TopMAE is MAE among the share of rows with the highest predictions; rows of equal prediction are taken in proportion. share is above 0, at most 1.
func (r Real) TopMAE(share float64) (float64, error) {
	if !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("MAE of the top share %v: want above 0, at most 1", share)
	}
	r, all, _, err := r.sized("MAE of the top")
	if err != nil {
		return 0, err
	}
	left, sum := share*all, 0.0
	r.steps(func(s amounts) {
		take := min(left, s.size)
		sum, left = sum+s.off*take/s.size, left-take
	})
	return sum / (share * all), nil
}

// GainCurve gives the share of the whole amount among the highest predictions, at points+1 equal shares of the rows from 0 to 1. Rows of equal prediction
// are taken in proportion. Amounts below 0 are an error, and so is nothing. points must be above 0.
func (r Real) GainCurve(points int) ([]GainPoint, error) {
	if points <= 0 {
		return nil, fmt.Errorf("gains: %d points: want 1 or more", points)
	}
	r, all, amount, err := r.sized("gains")
	if err != nil {
		return nil, err
	}
	if slices.Min(r.Actual) < 0 {
		return nil, errors.New("gains: an actual amount is below 0, so there are no shares of the whole")
	}
	if amount == 0 {
		return nil, fmt.Errorf("gains: %w", ErrNothing)
	}
	out := make([]GainPoint, 0, points+1)
	seen, sum := 0.0, 0.0
	at := func() float64 { return float64(len(out)) / float64(points) }
	r.steps(func(s amounts) {
		for len(out) <= points && at()*all <= seen+s.size {
			out = append(out, GainPoint{at(), (sum + s.actual*(at()*all-seen)/s.size) / amount})
		}
		seen, sum = seen+s.size, sum+s.actual
	})
	for len(out) <= points { // rounding left the last share a hair beyond the last row
		out = append(out, GainPoint{at(), 1})
	}
	return out, nil
}

// Reliability sorts the rows into at most bins groups of equal size by their prediction: Score is what was predicted on average, Rate what came. Rows of
// equal prediction stay together. bins must be above 0; 10 is usual.
func (r Real) Reliability(bins int) ([]Bin, error) {
	if bins <= 0 {
		return nil, fmt.Errorf("reliability: %d bins: want 1 or more", bins)
	}
	r, all, _, err := r.sized("reliability")
	if err != nil {
		return nil, err
	}
	table, above := make([]Bin, bins), 0.0
	r.steps(func(s amounts) {
		place := bins - 1 - min(int(float64(bins)*(above+s.size/2)/all), bins-1)
		table[place].add(s.predicted, s.size, s.actual)
		above += s.size
	})
	return closed(table), nil
}
