package pipeline

import (
	"fmt"

	"github.com/freshet/freshet/pkg/evaluate"
)

// Difference is the challenger's loss less the champion's, log-loss or of amounts MAE, on the same rows: below 0 means that the challenger is better.
type Difference struct {
	Champion   float64 `json:"champion"`
	Challenger float64 `json:"challenger"`
	Value      float64 `json:"value"`
	// Low and High are where the difference lies with a confidence of 95 %.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Better says that the challenger is better by more than luck with the rows explains.
func (d Difference) Better() bool { return d.High < 0 }

// draws of a comparison.
const draws = 1000

// Compare judges two models by what they predicted of the same rows, whose labels y are. Both are judged on the same draws of rows, which takes luck out: a
// difference that either model's own interval hides is seen (TestCompare). groups, when given, has the customer of each row: the rows of one are drawn
// together, since a customer who occurs at several dates tells one story. The same seed gives the same answer.
func Compare(y, champion, challenger []float64, kind Kind, seed uint64, groups ...int) (Difference, error) {
	how := evaluate.Resample{Times: draws, Seed: seed, Group: groups}
	var d Difference
	var i evaluate.Interval
	var err error
	if kind == Real {
		a, b := evaluate.Real{Predicted: champion, Actual: y}, evaluate.Real{Predicted: challenger, Actual: y}
		if i, err = b.Difference(a, evaluate.Real.MAE, how); err == nil {
			d.Champion, err = a.MAE()
		}
	} else {
		a, b := evaluate.Binary{Score: champion, Label: y}, evaluate.Binary{Score: challenger, Label: y}
		if i, err = b.Difference(a, evaluate.Binary.LogLoss, how); err == nil {
			d.Champion, err = a.LogLoss()
		}
	}
	if err != nil {
		return Difference{}, fmt.Errorf("compare a challenger with the champion on %d rows: %w", len(y), err)
	}
	d.Value, d.Low, d.High = i.Value, i.Low, i.High
	d.Challenger = d.Champion + d.Value
	return d, nil
}
