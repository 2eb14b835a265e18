package linear

import (
	"fmt"
	"math"
)

// Model foretells a yes, or an amount, from one number a column: the form of a row is a number for each column in the order of the
// training, NaN for missing, the code for a category. It is not changed by use; many goroutines may call it.
type Model struct {
	Intercept float64 `json:"intercept"`
	Columns   []Term  `json:"columns"`
}

// Term is what one column adds to the log-odds, or to the amount.
type Term struct {
	Name string `json:"name"`
	// Slope is the effect of one standard deviation (Scale) above the Mean. Numeric columns only.
	Slope float64 `json:"slope,omitempty"`
	Mean  float64 `json:"mean,omitempty"`
	Scale float64 `json:"scale,omitempty"`
	// Least and Most are the range seen in training, which stands for an infinite value.
	Least float64 `json:"least,omitempty"`
	Most  float64 `json:"most,omitempty"`
	// Categories and the effect of each. Categorical columns only.
	Categories []string  `json:"categories,omitempty"`
	Effects    []float64 `json:"effects,omitempty"`
	// Missing is the effect of a missing value; where training had none, it is Average.
	Missing float64 `json:"missing"`
	// Average effect over the training rows: what a category that training had not seen is given.
	Average float64 `json:"average"`
}

// Effect of a value on the log-odds.
func (t *Term) Effect(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return t.Missing
	case t.Categories == nil && t.Scale == 0: // one value in training
		return 0
	case t.Categories == nil:
		if math.IsInf(v, 0) {
			v = min(max(v, t.Least), t.Most)
		}
		return t.Slope * ((v - t.Mean) / t.Scale)
	case v >= 0 && v < float64(len(t.Effects)):
		return t.Effects[int(v)]
	}
	return t.Average
}

// Check says what is wrong with a model that came from elsewhere, a file say: one that Fit made passes, and one that passes gives a number for any row.
func (m *Model) Check() error {
	if !finite(m.Intercept) {
		return fmt.Errorf("the intercept is %v", m.Intercept)
	}
	for i := range m.Columns {
		t := &m.Columns[i]
		if !finite(t.Slope, t.Mean, t.Scale, t.Least, t.Most, t.Missing, t.Average) || !finite(t.Effects...) || t.Scale < 0 || len(t.Effects) != len(t.Categories) || len(t.Effects) > 0 && t.Scale > 0 {
			return fmt.Errorf("column %q has an effect that is no number, or effects of both kinds", t.Name)
		}
	}
	return nil
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// Margin is the log-odds of a yes, or the amount.
func (m *Model) Margin(row []float64) float64 {
	sum := m.Intercept
	for i := range m.Columns {
		sum += m.Columns[i].Effect(row[i])
	}
	return sum
}

// Probability of a yes.
func (m *Model) Probability(row []float64) float64 { return sigmoid(m.Margin(row)) }

// Explain writes into out, which has a place for each column, how far each moves the log-odds from those of the average
// training row, and returns the latter: base + all of out = Margin. They are the model's SHAP values, columns taken as independent.
func (m *Model) Explain(row, out []float64) (base float64) {
	base = m.Intercept
	for i := range m.Columns {
		t := &m.Columns[i]
		base += t.Average
		out[i] = t.Effect(row[i]) - t.Average
	}
	return base
}

// sigmoid is 1/(1+exp(-x)) without overflow.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
