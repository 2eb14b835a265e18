package calibrate

import (
	"errors"
	"fmt"
	"math"
)

// Platt is a logistic curve: the probability of score s is 1/(1+exp(A*s+B)). A is below 0 where a higher score means a surer yes.
type Platt struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
}

// FitPlatt finds the curve of greatest likelihood for Platt's targets: (yes+1)/(yes+2) in place of 1 and 1/(no+2) in
// place of 0, which keep the curve finite when the scores separate the classes. Give margins (log-odds) rather than
// probabilities. weight may be nil. Scores that are all equal give A = 0: everybody has the base rate.
// Sources: Platt (1999); the Newton steps with backtracking are those of Lin, Lin and Weng (2007).
func FitPlatt(score, label, weight []float64) (*Platt, error) {
	all, err := points(score, label, weight)
	if err != nil {
		return nil, fmt.Errorf("fit Platt calibration: %w", err)
	}
	mean, scale := centre(all)
	a, b, err := newton(targets(all, mean, scale))
	if err != nil {
		return nil, fmt.Errorf("fit Platt calibration: %w", err)
	}
	return &Platt{A: a / scale, B: b - a/scale*mean}, nil
}

// Probability of a score. A NaN gives a NaN.
func (m *Platt) Probability(score float64) float64 {
	if m.A == 0 {
		return sigmoid(-m.B)
	}
	return sigmoid(-(m.A*score + m.B))
}

// sigmoid is 1/(1+exp(-x)) without overflow.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// centre is the mean of the scores and their standard deviation, or 1 where that is 0.
func centre(all []point) (mean, scale float64) {
	_, weight := totals(all)
	for _, p := range all {
		mean += p.score * (p.weight / weight)
	}
	largest := 0.0
	for _, p := range all {
		largest = max(largest, math.Abs(p.score-mean))
	}
	if largest == 0 || len(all) == 1 {
		return mean, 1
	}
	sum := 0.0
	for _, p := range all { // divided by the largest first: squares may overflow
		d := (p.score - mean) / largest
		sum += p.weight / weight * d * d
	}
	return mean, largest * math.Sqrt(sum)
}

// targets replaces labels by Platt's targets: yes becomes the weight of the target's yes. Scores are standardised.
func targets(all []point, mean, scale float64) []point {
	yes, weight := totals(all)
	high, low := (yes+1)/(yes+2), 1/(weight-yes+2)
	out := make([]point, len(all))
	for i, p := range all {
		out[i] = point{(p.score - mean) / scale, p.weight, p.yes*high + (p.weight-p.yes)*low}
	}
	return out
}

// newton finds a and b of p = 1/(1+exp(a*s+b)). The likelihood is concave, so there is one peak.
func newton(all []point) (a, b float64, err error) {
	yes, weight := totals(all)
	b = math.Log((weight - yes) / yes)
	loss := lossOf(all, a, b)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for _, p := range all {
			q := sigmoid(-(a*p.score + b))
			d, h := p.yes-p.weight*q, p.weight*q*(1-q)
			ga, gb = ga+p.score*d, gb+d
			haa, hab, hbb = haa+p.score*p.score*h, hab+p.score*h, hbb+h
		}
		if math.Abs(ga)+math.Abs(gb) <= 1e-11*weight {
			return a, b, nil
		}
		haa, hbb = haa+1e-12*weight, hbb+1e-12*weight // equal scores leave a without any slope
		det := haa*hbb - hab*hab
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		step := 1.0
		for ; step > 1e-10; step /= 2 {
			// Near the peak the loss is flat to its last digits long before the slopes are 0: there the step itself is right.
			if next := lossOf(all, a+step*da, b+step*db); next <= loss+1e-13*weight {
				loss = next
				break
			}
		}
		a, b = a+step*da, b+step*db
	}
	return a, b, errors.New("the likelihood has not reached its peak in 100 steps")
}

// lossOf is minus the log-likelihood.
func lossOf(all []point, a, b float64) float64 {
	sum := 0.0
	for _, p := range all {
		f := a*p.score + b
		// ln(1+exp(f)) for yes, ln(1+exp(-f)) for no, both without overflow.
		sum += math.Log1p(math.Exp(-math.Abs(f)))*p.weight + p.yes*max(f, 0) + (p.weight-p.yes)*max(-f, 0)
	}
	return sum
}
