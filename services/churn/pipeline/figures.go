package pipeline

import (
	"fmt"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
)

// bins is how many bins a reliability table has, and ECE is computed over; points is how many a gain curve has.
const bins, points = 10, 200

// Report is every figure of one set of predictions. See package evaluate for what each is.
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

// judge computes a report of probabilities.
func judge(y, p []float64) (Report, error) {
	b := evaluate.Binary{Score: p, Label: y}
	r := Report{Rows: len(y)}
	lift := func(share float64) func(evaluate.Binary) (float64, error) {
		return func(b evaluate.Binary) (float64, error) { return b.Lift(share) }
	}
	for _, m := range []struct {
		into *float64
		of   func(evaluate.Binary) (float64, error)
	}{
		{&r.BaseRate, evaluate.Binary.BaseRate}, {&r.AUC, evaluate.Binary.AUC}, {&r.AveragePrecision, evaluate.Binary.AveragePrecision},
		{&r.LogLoss, evaluate.Binary.LogLoss}, {&r.Brier, evaluate.Binary.Brier}, {&r.ECE, func(b evaluate.Binary) (float64, error) { return b.ECE(bins) }},
		{&r.Accuracy, func(b evaluate.Binary) (float64, error) { return b.Accuracy(.5) }}, {&r.Lift5, lift(.05)}, {&r.Lift10, lift(.1)}, {&r.Lift20, lift(.2)},
	} {
		var err error
		if *m.into, err = m.of(b); err != nil {
			return Report{}, err
		}
	}
	return r, nil
}

// Interval is where a figure lies with a confidence of 95 %.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// interval is of the figures that rows drawn anew do not bend: ECE is left out, which grows with the ties that drawing makes.
func intervals(y, p []float64, r evaluate.Resample, kind Kind) map[string]Interval {
	if kind == Real {
		return intervalsOfAmounts(y, p, r)
	}
	out := map[string]Interval{}
	for name, of := range map[string]func(evaluate.Binary) (float64, error){
		"auc": evaluate.Binary.AUC, "average_precision": evaluate.Binary.AveragePrecision, "log_loss": evaluate.Binary.LogLoss, "brier": evaluate.Binary.Brier,
		"lift_10": func(b evaluate.Binary) (float64, error) { return b.Lift(.1) },
	} {
		if i, err := (evaluate.Binary{Score: p, Label: y}).Interval(of, r); err == nil {
			out[name] = Interval{i.Low, i.High}
		}
	}
	return out
}

// folds are stratified by the label, or by whether an amount is above the middle one; the rows of a group stay together.
func folds(t *Table, k int, seed uint64) ([]evaluate.Fold, error) {
	label := t.Y
	if t.Kind == Real {
		sorted := slices.Sorted(slices.Values(t.Y))
		label = make([]float64, len(t.Y))
		for i, y := range t.Y {
			if y > sorted[len(sorted)/2] {
				label[i] = 1
			}
		}
	}
	of, err := evaluate.StratifiedGroups(label, t.Groups, k, seed)
	if err != nil {
		return nil, err
	}
	return evaluate.Rows(of, k), nil
}

// newest is the time from which on about share of the rows are: no time is on both sides.
func newest(times []time.Time, share float64) (time.Time, error) {
	sorted := sortedTimes(times)
	at := int(float64(len(sorted)) * (1 - share))
	cut, off := 0, len(sorted)+1
	for i := 1; i < len(sorted); i++ {
		if d := max(i-at, at-i); d < off && !sorted[i-1].Equal(sorted[i]) {
			cut, off = i, d
		}
	}
	if cut == 0 {
		return time.Time{}, fmt.Errorf("all rows have one time, %s: there is no newer part to judge by", sorted[0].UTC().Format(time.RFC3339))
	}
	return sorted[cut], nil
}

func sortedTimes(times []time.Time) []time.Time {
	out := slices.Clone(times)
	slices.SortFunc(out, time.Time.Compare)
	return out
}
