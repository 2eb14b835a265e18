package evaluate

import (
	"math/rand/v2"
	"slices"
)

// Bins is how many bins ECE is computed over.
const Bins = 10

// Report is every figure of one set of predictions.
type Report struct {
	Rows             int     `json:"rows"`
	BaseRate         float64 `json:"base_rate"`
	AUC              float64 `json:"auc"`
	AveragePrecision float64 `json:"average_precision"`
	LogLoss          float64 `json:"log_loss"`
	Brier            float64 `json:"brier"`
	ECE              float64 `json:"ece"`
	Accuracy         float64 `json:"accuracy"`
	Lift5            float64 `json:"lift_5"`
	Lift10           float64 `json:"lift_10"`
	Lift20           float64 `json:"lift_20"`
}

// Judge computes a report of probabilities.
func Judge(y, p, w []float64) (Report, error) {
	positive, all, err := twoClasses(y, p, w)
	if err != nil {
		return Report{}, err
	}
	r := Report{Rows: len(y), BaseRate: positive / all}
	bins, err := Reliability(y, p, w, Bins)
	if err != nil {
		return Report{}, err
	}
	r.ECE = ECE(bins)
	curve, err := Gains(y, p, w)
	if err != nil {
		return Report{}, err
	}
	r.Lift5, r.Lift10, r.Lift20 = FoundAt(curve, .05)/.05, FoundAt(curve, .1)/.1, FoundAt(curve, .2)/.2
	for _, m := range []struct {
		into *float64
		of   func(y, p, w []float64) (float64, error)
	}{{&r.AUC, AUC}, {&r.AveragePrecision, AveragePrecision}, {&r.LogLoss, LogLoss}, {&r.Brier, Brier}, {&r.Accuracy, Accuracy}} {
		if *m.into, err = m.of(y, p, w); err != nil {
			return Report{}, err
		}
	}
	return r, nil
}

// Interval is where a figure lies with the confidence that Bootstrap was asked for.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Bootstrap draws rows with replacement, rounds times, and gives the percentile interval of each figure (Efron 1979) at a confidence of 0 to 1. A draw
// for which figures fails is drawn again, at most as often as there are rounds; ok is false when that is not enough.
func Bootstrap(rows, rounds int, confidence float64, seed uint64, figures func(rows []int) ([]float64, error)) (intervals []Interval, ok bool) {
	r := rand.New(rand.NewPCG(seed, uint64(rows))) //nolint:gosec // Statistics, no secret.
	draw := make([]int, rows)
	var seen [][]float64
	for range 2 * rounds {
		for i := range draw {
			draw[i] = r.IntN(rows)
		}
		values, err := figures(draw)
		if err != nil {
			continue
		}
		for len(seen) < len(values) {
			seen = append(seen, nil)
		}
		for i, v := range values {
			seen[i] = append(seen[i], v)
		}
		if len(seen[0]) == rounds {
			break
		}
	}
	if len(seen) == 0 || len(seen[0]) < rounds {
		return nil, false
	}
	for _, v := range seen {
		slices.Sort(v)
		cut := (1 - confidence) / 2 * float64(len(v)-1)
		intervals = append(intervals, Interval{Low: v[int(cut)], High: v[len(v)-1-int(cut)]})
	}
	return intervals, true
}
