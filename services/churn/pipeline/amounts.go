package pipeline

import "github.com/freshet/freshet/pkg/evaluate"

// Amounts is every figure of predicted amounts. See package evaluate for what each is.
type Amounts struct {
	Rows int `json:"rows"`
	// Mean is what came, on average.
	Mean     float64 `json:"mean"`
	RMSE     float64 `json:"rmse"`
	MAE      float64 `json:"mae"`
	R2       float64 `json:"r2"`
	Spearman float64 `json:"spearman"`
	// Predicted and Actual are the sums of all rows, Total the first over the second.
	Predicted float64 `json:"predicted"`
	Actual    float64 `json:"actual"`
	Total     float64 `json:"total"`
	// MAE10 is the mean absolute error among the tenth with the highest predictions, Gain10 what part of all that came is theirs; 0 where an amount is below 0.
	MAE10  float64 `json:"mae_10"`
	Gain10 float64 `json:"gain_10"`
}

// judgeAmounts computes the figures. What has no value, an order of equal predictions say, is 0.
func judgeAmounts(y, p []float64) (Amounts, error) {
	r := evaluate.Real{Predicted: p, Actual: y}
	a := Amounts{Rows: len(y), Mean: mean(y)}
	for i := range y {
		a.Predicted, a.Actual = a.Predicted+p[i], a.Actual+y[i]
	}
	var err error
	if a.RMSE, err = r.RMSE(); err != nil {
		return a, err
	}
	if a.MAE, err = r.MAE(); err != nil {
		return a, err
	}
	a.R2, _ = r.R2()
	a.Spearman, _ = r.Spearman()
	a.Total, _ = r.Total()
	a.MAE10, _ = r.TopMAE(.1)
	a.Gain10, _ = gain10(r)
	return a, nil
}

func gain10(r evaluate.Real) (float64, error) {
	curve, err := r.GainCurve(10)
	if err != nil {
		return 0, err
	}
	return curve[1].Gain, nil
}

// meanAmounts is over outcomes: the mean of what is an error or an order within a split, and the sums of all.
func meanAmounts(outcomes []outcome, of func(outcome) []float64) (Amounts, error) {
	var y, p []float64
	var sum Amounts
	n := float64(len(outcomes))
	for _, out := range outcomes {
		r, err := judgeAmounts(out.y, of(out))
		if err != nil {
			return r, err
		}
		y, p = append(y, out.y...), append(p, of(out)...)
		sum.RMSE, sum.MAE, sum.R2, sum.Spearman = sum.RMSE+r.RMSE/n, sum.MAE+r.MAE/n, sum.R2+r.R2/n, sum.Spearman+r.Spearman/n
	}
	all, err := judgeAmounts(y, p)
	all.RMSE, all.MAE, all.R2, all.Spearman = sum.RMSE, sum.MAE, sum.R2, sum.Spearman
	return all, err
}

// intervalsOfAmounts are of the figures, by their names.
func intervalsOfAmounts(y, p []float64, r evaluate.Resample) map[string]Interval {
	out := map[string]Interval{}
	for name, of := range map[string]func(evaluate.Real) (float64, error){
		"rmse": evaluate.Real.RMSE, "mae": evaluate.Real.MAE, "r2": evaluate.Real.R2, "spearman": evaluate.Real.Spearman, "total": evaluate.Real.Total,
		"mae_10": func(r evaluate.Real) (float64, error) { return r.TopMAE(.1) }, "gain_10": gain10,
	} {
		if i, err := (evaluate.Real{Predicted: p, Actual: y}).Interval(of, r); err == nil {
			out[name] = Interval{i.Low, i.High}
		}
	}
	return out
}
