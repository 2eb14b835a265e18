package evaluate

import "fmt"

// AUC is the chance that a yes drawn at random has a higher score than a no drawn at random; equal scores count half.
// 0.5 is a coin, 1 is perfect. Source: Hanley and McNeil (1982); equal to the area under the ROC curve.
// Example: scores .1 .4 .35 .8 with labels 0 0 1 1 give 0.75.
func (b Binary) AUC() (float64, error) {
	b, yes, no, err := b.both()
	if err != nil {
		return 0, fmt.Errorf("AUC: %w", err)
	}
	wins, above := 0.0, 0.0
	b.steps(func(s step) {
		wins += s.no * (above + s.yes/2)
		above += s.yes
	})
	return wins / yes / no, nil
}

// AveragePrecision is the area under the precision-recall curve as a sum of steps, without interpolation: the mean,
// over the yeses, of the share of yeses among all rows scored at least as high. The base rate is a coin, 1 is perfect.
// Known as PR-AUC. Example: scores .1 .4 .35 .8 with labels 0 0 1 1 give 0.8333.
func (b Binary) AveragePrecision() (float64, error) {
	b, yes, _, err := b.both()
	if err != nil {
		return 0, fmt.Errorf("average precision: %w", err)
	}
	sum, hits, seen := 0.0, 0.0, 0.0
	b.steps(func(s step) {
		hits += s.yes
		seen += s.yes + s.no
		sum += s.yes * hits / seen
	})
	return sum / yes, nil
}

// GainPoint is a point of the cumulative gains curve: who acts on the top Share of rows reaches Gain of all yeses.
// Both are 0 to 1.
type GainPoint struct{ Share, Gain float64 }

// GainCurve gives the gain at points+1 equal shares from 0 to 1. Rows of equal score are taken in proportion, so the
// curve is straight between them. points must be above 0.
func (b Binary) GainCurve(points int) ([]GainPoint, error) {
	if points <= 0 {
		return nil, fmt.Errorf("gains: %d points: want 1 or more", points)
	}
	shares := make([]float64, points+1)
	for i := range shares {
		shares[i] = float64(i) / float64(points)
	}
	return b.gains(shares)
}

// Gain is the share of all yeses among the share of rows with the highest scores. share is 0 to 1.
func (b Binary) Gain(share float64) (float64, error) {
	if !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("gain at share %v: want 0 to 1", share)
	}
	points, err := b.gains([]float64{share})
	if err != nil {
		return 0, err
	}
	return points[0].Gain, nil
}

// Lift is how many times as many yeses the share of rows with the highest scores holds as the same number of rows drawn
// at random. share is above 0, at most 1; at 1 the lift is 1. Example: Lift(0.1) is the top-decile lift.
func (b Binary) Lift(share float64) (float64, error) {
	if share == 0 {
		return 0, fmt.Errorf("lift at share 0: want above 0")
	}
	gain, err := b.Gain(share)
	return gain / share, err
}

// Precision is the share of yeses among the share of rows with the highest scores.
func (b Binary) Precision(share float64) (float64, error) {
	lift, err := b.Lift(share)
	if err != nil {
		return 0, err
	}
	rate, err := b.BaseRate()
	return lift * rate, err
}

// gains reads the curve at rising shares in one pass.
func (b Binary) gains(shares []float64) ([]GainPoint, error) {
	b, yes, no, err := b.both()
	if err != nil {
		return nil, fmt.Errorf("gains: %w", err)
	}
	out := make([]GainPoint, 0, len(shares))
	seen, hits, all := 0.0, 0.0, yes+no
	b.steps(func(s step) {
		size := s.yes + s.no
		for len(out) < len(shares) && shares[len(out)]*all <= seen+size {
			share := shares[len(out)]
			out = append(out, GainPoint{share, (hits + s.yes*(share*all-seen)/size) / yes})
		}
		seen, hits = seen+size, hits+s.yes
	})
	for len(out) < len(shares) { // rounding left the last share a hair beyond the last row
		out = append(out, GainPoint{shares[len(out)], 1})
	}
	return out, nil
}
