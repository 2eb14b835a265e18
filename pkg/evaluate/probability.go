package evaluate

import (
	"fmt"
	"math"
)

// epsilon is the distance from 0 and 1 that log-loss keeps, as scikit-learn does: a sure prediction that was wrong costs 36, not infinity.
const epsilon = 0x1p-52

// LogLoss is the mean of -ln(the probability given to what came). Lower is better; ln 2 = 0.693 is a coin. One class is
// no error here. A probability of exactly 0 or 1 is moved by 2.2e-16.
func (b Binary) LogLoss() (float64, error) {
	return b.mean("log-loss", func(p, yes, no float64) float64 {
		p = min(max(p, epsilon), 1-epsilon)
		return -yes*math.Log(p) - no*math.Log1p(-p)
	})
}

// Brier is the mean squared distance between the probability and what came. Lower is better. Source: Brier (1950).
func (b Binary) Brier() (float64, error) {
	return b.mean("Brier score", func(p, yes, no float64) float64 { return yes*(1-p)*(1-p) + no*p*p })
}

// Accuracy is the share of rows on the right side of the threshold; a score equal to it is a yes.
func (b Binary) Accuracy(threshold float64) (float64, error) {
	return b.mean("accuracy", func(p, yes, no float64) float64 {
		if p >= threshold {
			return yes
		}
		return no
	})
}

// mean averages what of gives for each score, with the weights of its yeses and noes.
func (b Binary) mean(name string, of func(p, yes, no float64) float64) (float64, error) {
	b, err := b.probabilities()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	sum, all := 0.0, 0.0
	b.steps(func(s step) {
		sum += of(s.score, s.yes, s.no)
		all += s.yes + s.no
	})
	if all == 0 {
		return 0, fmt.Errorf("%s: %w", name, ErrNoRows)
	}
	return sum / all, nil
}

// Bin is one row of a reliability table.
type Bin struct {
	Low, High float64 // the lowest and highest score in it
	Weight    float64 // how many rows
	Score     float64 // mean score: what was said
	Rate      float64 // share of yeses: what came
}

// Reliability sorts the rows into at most bins groups of equal size by their score. Rows of equal score stay together,
// in the group where their middle lies, so a group may be larger or missing. bins must be above 0; 10 is usual.
func (b Binary) Reliability(bins int) ([]Bin, error) {
	if bins <= 0 {
		return nil, fmt.Errorf("reliability: %d bins: want 1 or more", bins)
	}
	b, err := b.probabilities()
	if err != nil {
		return nil, fmt.Errorf("reliability: %w", err)
	}
	yes, no := b.totals()
	if yes+no == 0 {
		return nil, fmt.Errorf("reliability: %w", ErrNoRows)
	}
	table := make([]Bin, bins)
	above := 0.0
	b.steps(func(s step) { // from the highest score down
		size := s.yes + s.no
		place := int(float64(bins) * (above + size/2) / (yes + no))
		table[bins-1-min(place, bins-1)].add(s.score, size, s.yes)
		above += size
	})
	return closed(table), nil
}

// add takes the rows of one score into the bin; until closed, Score and Rate are sums.
func (b *Bin) add(score, size, came float64) {
	if b.Weight == 0 {
		b.High = score
	}
	b.Low = score
	b.Weight += size
	b.Score += score * size
	b.Rate += came
}

func closed(table []Bin) []Bin {
	out := table[:0]
	for _, b := range table {
		if b.Weight > 0 {
			b.Score, b.Rate = b.Score/b.Weight, b.Rate/b.Weight
			out = append(out, b)
		}
	}
	return out
}

// ECE is the expected calibration error: the mean distance between what was said and what came over the bins of
// Reliability, each with its weight. 0 is perfect. A few hundred rows show 0.02 to 0.05 by chance alone, and more bins
// show more of it, so compare only equal bins and rows. Source: Naeini and others (2015), with bins of equal mass.
func (b Binary) ECE(bins int) (float64, error) {
	table, err := b.Reliability(bins)
	if err != nil {
		return 0, fmt.Errorf("ECE: %w", err)
	}
	sum, all := 0.0, 0.0
	for _, bin := range table {
		sum += bin.Weight * math.Abs(bin.Score-bin.Rate)
		all += bin.Weight
	}
	return sum / all, nil
}
