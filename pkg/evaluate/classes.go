package evaluate

import (
	"fmt"
	"math"
	"slices"
)

// AUC is the chance that a positive row has a higher score than a negative one, ties counting half: the area under the ROC curve (Hanley and McNeil 1982).
func AUC(y, p, w []float64) (float64, error) {
	positive, all, err := twoClasses(y, p, w)
	if err != nil {
		return 0, err
	}
	above, area := 0.0, 0.0
	ties(y, p, w, func(pos, neg float64) {
		area += neg * (above + pos/2)
		above += pos
	})
	return area / (positive * (all - positive)), nil
}

// AveragePrecision is the area under the precision-recall curve, without interpolation: the sum over thresholds of precision times the step in recall.
func AveragePrecision(y, p, w []float64) (float64, error) {
	positive, _, err := twoClasses(y, p, w)
	if err != nil {
		return 0, err
	}
	hit, seen, sum := 0.0, 0.0, 0.0
	ties(y, p, w, func(pos, neg float64) {
		hit, seen = hit+pos, seen+pos+neg
		if seen > 0 {
			sum += pos / positive * hit / seen
		}
	})
	return sum, nil
}

// Clip is how far probabilities are kept from 0 and 1 where a logarithm is taken of them.
const Clip = 1e-15

// LogLoss is the mean negative log-likelihood, in nats.
func LogLoss(y, p, w []float64) (float64, error) {
	return mean(y, p, w, func(y, p float64) float64 {
		p = min(max(p, Clip), 1-Clip)
		if y == 1 {
			return -math.Log(p)
		}
		return -math.Log1p(-p)
	})
}

// Brier is the mean squared error of probabilities (Brier 1950).
func Brier(y, p, w []float64) (float64, error) {
	return mean(y, p, w, func(y, p float64) float64 { return (y - p) * (y - p) })
}

// Accuracy is the share of rows on the right side of one half.
func Accuracy(y, p, w []float64) (float64, error) {
	return mean(y, p, w, func(y, p float64) float64 {
		if (p >= 0.5) == (y == 1) {
			return 1
		}
		return 0
	})
}

// mean is of probabilities; one outside 0 to 1 is an error.
func mean(y, p, w []float64, of func(y, p float64) float64) (float64, error) {
	_, all, err := check(y, p, w)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i := range y {
		if p[i] < 0 || p[i] > 1 {
			return 0, fmt.Errorf("prediction %d is %v, which is no probability", i, p[i])
		}
		sum += weight(w, i) * of(y[i], p[i])
	}
	return sum / all, nil
}

// Bin is one part of a reliability table.
type Bin struct {
	// From and To are the smallest and the largest probability in it.
	From, To float64
	// Rows is the weight in it, Mean the mean probability, Rate the share of positive rows.
	Rows, Mean, Rate float64
}

// Reliability cuts the rows into at most n bins with about as many rows each, the lowest probabilities first; equal ones stay together.
func Reliability(y, p, w []float64, n int) ([]Bin, error) {
	_, all, err := check(y, p, w)
	if err != nil {
		return nil, err
	}
	rows := ranked(p)
	slices.Reverse(rows)
	var out []Bin
	bin, done := Bin{}, 0.0
	for i := 0; i < len(rows); i++ {
		r := rows[i]
		x := weight(w, r)
		if bin.Rows == 0 {
			bin.From = p[r]
		}
		bin.To, bin.Rows, bin.Mean, bin.Rate = p[r], bin.Rows+x, bin.Mean+x*p[r], bin.Rate+x*y[r]
		done += x
		last := i == len(rows)-1
		if last || p[rows[i+1]] != p[r] && done >= all*float64(len(out)+1)/float64(n)-1e-9*all {
			if bin.Rows > 0 {
				bin.Mean, bin.Rate = bin.Mean/bin.Rows, bin.Rate/bin.Rows
				out = append(out, bin)
			}
			bin = Bin{}
		}
	}
	return out, nil
}

// ECE is the expected calibration error: the mean distance between Mean and Rate of a reliability table, by weight (Naeini et al. 2015).
func ECE(bins []Bin) float64 {
	sum, all := 0.0, 0.0
	for _, b := range bins {
		sum += b.Rows * math.Abs(b.Mean-b.Rate)
		all += b.Rows
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

// Gain is one point of a gains curve: among the Share of rows with the highest scores are Found of all positive ones.
type Gain struct{ Share, Found float64 }

// Gains is the curve of cumulative gains, from (0, 0) to (1, 1). Rows of equal scores are one straight piece.
func Gains(y, p, w []float64) ([]Gain, error) {
	positive, all, err := twoClasses(y, p, w)
	if err != nil {
		return nil, err
	}
	out := []Gain{{}}
	found, seen := 0.0, 0.0
	ties(y, p, w, func(pos, neg float64) {
		found, seen = found+pos, seen+pos+neg
		out = append(out, Gain{seen / all, found / positive})
	})
	return out, nil
}

// Lift is how many times as many positive rows the share with the highest scores has as any rows have. share is above 0 and at most 1.
func Lift(y, p, w []float64, share float64) (float64, error) {
	if !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("share %v is not above 0 and at most 1", share)
	}
	curve, err := Gains(y, p, w)
	if err != nil {
		return 0, err
	}
	return FoundAt(curve, share) / share, nil
}

// FoundAt reads a gains curve.
func FoundAt(curve []Gain, share float64) float64 {
	i := slices.IndexFunc(curve, func(g Gain) bool { return g.Share >= share })
	if i <= 0 {
		return curve[max(i, 0)].Found
	}
	a, b := curve[i-1], curve[i]
	return a.Found + (b.Found-a.Found)*(share-a.Share)/(b.Share-a.Share)
}
