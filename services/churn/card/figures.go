package card

import (
	"fmt"

	"github.com/freshet/freshet/services/churn/pipeline"
)

// figure is one line of a card.
type figure struct {
	Name, Value, Interval, Meaning string
}

// in is an interval, where there is one.
func (c *Card) in(name string, form func(float64) string) string {
	i, ok := c.Intervals[name]
	if !ok {
		return ""
	}
	return form(i.Low) + " to " + form(i.High)
}

func digits(n int) func(float64) string {
	return func(x float64) string { return fmt.Sprintf("%.*f", n, x) }
}

// figures are the card's, in words.
func (c *Card) figures() []figure {
	if c.Kind == pipeline.Real {
		return c.ofAmounts()
	}
	r, f2, f3, f4 := c.Report, digits(2), digits(3), digits(4)
	return []figure{
		{"AUC", f4(r.AUC), c.in("auc", f3), "how often the one of two who has the label gets the higher score; 0.5 is a coin"},
		{"lift at 10 %", f2(r.Lift10), c.in("lift_10", f2), fmt.Sprintf("among the tenth with the highest scores are so many times as many as among any tenth; 5 %%: %.2f, 20 %%: %.2f", r.Lift5, r.Lift20)},
		{"log-loss", f4(r.LogLoss), c.in("log_loss", f3), "how surprised the probabilities are by what came; less is better"},
		{"Brier", f4(r.Brier), c.in("brier", f3), "mean squared error of the probabilities"},
		{"ECE", f4(r.ECE), "", "how far probabilities are from what came, on average: 0.03 is three customers in a hundred"},
		{"PR-AUC", f4(r.AveragePrecision), c.in("average_precision", f3), fmt.Sprintf("mean precision over all thresholds; a coin has %.3f", c.BaseRate)},
		{"accuracy", f4(r.Accuracy), "", fmt.Sprintf("at a threshold of one half; to say \"no\" to everybody has %.4f", max(c.BaseRate, 1-c.BaseRate))},
	}
}

func (c *Card) ofAmounts() []figure {
	a, f2, f3 := c.Amounts, digits(2), digits(3)
	list := []figure{
		{"total", f3(a.Total), c.in("total", f3), fmt.Sprintf("predicted of all together over what came: %s of %s; 1 is right", amount(a.Predicted), amount(a.Actual))},
		{"MAE", amount(a.MAE), c.in("mae", amount), "how far off a prediction is, on average; where most come to nothing, to say 0 to everybody looks good by it"},
		{"RMSE", amount(a.RMSE), c.in("rmse", amount), "the same, but the few largest errors rule it"},
		{"R2", f3(a.R2), c.in("r2", f3), "the share of what differs that is explained; 0 is to say the mean to everybody"},
		{"order", f3(a.Spearman), c.in("spearman", f3), "correlation of the ranks: 1 is the right order, 0 is none"},
		{"MAE of the top", amount(a.MAE10), c.in("mae_10", amount), "how far off among the tenth with the highest predictions"},
	}
	if c.Gains != nil {
		list = append(list, figure{"found at 10 %", f2(a.Gain10), c.in("gain_10", f2), "the share of the whole amount that comes from the tenth with the highest predictions; a coin has 0.10"})
	}
	return list
}

// families are the models beside each other, the names of the columns first.
func (c *Card) families() (head []string, rows [][]string) {
	f2, f3, f4 := digits(2), digits(3), digits(4)
	if c.Kind == pipeline.Real {
		head = []string{"", "MAE", "RMSE", "order", "total"}
	} else {
		head = []string{"", "AUC", "log-loss", "ECE", "lift at 10 %"}
	}
	for _, f := range c.Families {
		row := []string{f.Family}
		if f.Baseline {
			row[0] += " (baseline)"
		}
		if a := f.Amounts; a != nil {
			row = append(row, amount(a.MAE), amount(a.RMSE), f3(a.Spearman), f3(a.Total))
		} else {
			row = append(row, f4(f.Report.AUC), f4(f.Report.LogLoss), f4(f.Report.ECE), f2(f.Report.Lift10))
		}
		rows = append(rows, row)
	}
	return head, rows
}

// weak are the groups where it is weak, the names of the columns first.
func (c *Card) weak() (head []string, rows [][]string) {
	head = []string{"", "AUC", "rows"}
	if c.Kind == pipeline.Real {
		head[1] = "predicted over came"
	}
	for _, g := range c.Weak {
		of := g.AUC
		if c.Kind == pipeline.Real {
			of = g.Total
		}
		rows = append(rows, []string{g.Column + " = " + g.Level, digits(3)(of), fmt.Sprint(g.Rows)})
	}
	return head, rows
}
