package pipeline

import (
	"fmt"
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

// warn says what should make a reader doubt.
func (j *Judgement) warn(t *Table) {
	figure := "an AUC"
	if j.Kind == Real {
		figure = "a correlation of ranks"
	}
	for i := range t.X.Columns {
		c := &t.X.Columns[i]
		if x, ok := alone(c, t); ok && x > .98 {
			j.Warnings = append(j.Warnings, fmt.Sprintf("column %s alone has %s of %.3f: it may have been written after the fact; leave it out with --leave if it is not known when the prediction is made", c.Name, figure, x))
		}
	}
	of := j.Report.AUC
	if j.Kind == Real {
		of = j.Amounts.Spearman
	}
	if of > .98 {
		j.Warnings = append(j.Warnings, fmt.Sprintf("%s of %.3f is better than such predictions are: look for a column that knows the answer", figure, of))
	}
	if j.Chosen == "base rate" || j.Chosen == "mean" {
		j.Warnings = append(j.Warnings, fmt.Sprintf("no model is better than giving everybody the %s: the columns say nothing about the label", j.Chosen))
	}
}

// alone is what a column orders by itself, in either direction; of categories by the mean of their labels.
func alone(c *frame.Column, t *Table) (float64, bool) {
	p := slices.Clone(c.Values)
	if c.Kind == frame.Category {
		sums, rows := make([]float64, len(c.Levels)), make([]float64, len(c.Levels))
		for i, v := range c.Values {
			if !math.IsNaN(v) {
				sums[int(v)] += t.Y[i]
				rows[int(v)]++
			}
		}
		for i, v := range c.Values {
			if !math.IsNaN(v) {
				p[i] = sums[int(v)] / rows[int(v)]
			}
		}
		if slices.ContainsFunc(rows, func(n float64) bool { return n < 20 }) {
			return 0, false // means of few rows know the answer by chance
		}
	}
	for i := range p {
		if math.IsNaN(p[i]) {
			p[i] = -math.MaxFloat64 / 4
		}
	}
	if t.Kind == Real {
		r, err := (evaluate.Real{Predicted: p, Actual: t.Y}).Spearman()
		return math.Abs(r), err == nil
	}
	auc, err := evaluate.Binary{Score: p, Label: t.Y}.AUC()
	return max(auc, 1-auc), err == nil
}
