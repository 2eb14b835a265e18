// Package card writes what a judgement found: as text for a terminal, and as one HTML page that opens without a network. Every figure is the judgement's;
// the words beside them say what each of them means to somebody who has to act on it.
package card

import (
	"fmt"
	"strings"
	"time"

	"github.com/freshet/freshet/services/churn/pipeline"
)

// Card is a judgement with what it is about.
type Card struct {
	// Table is the file's name, Label its column, One the value that is predicted.
	Table string    `json:"table"`
	Label string    `json:"label"`
	One   string    `json:"one"`
	Made  time.Time `json:"made"`
	Code  string    `json:"code"` // the release that judged
	Seed  uint64    `json:"seed"`
	// Notes are what was left out of the table, and why.
	Notes []string `json:"notes,omitempty"`
	*pipeline.Judgement
}

// figure is one line of a card.
type figure struct {
	Name, Value, Interval, Meaning string
}

// figures are the card's, in words.
func (c *Card) figures() []figure {
	r := c.Report
	in := func(name, format string) string {
		i, ok := c.Intervals[name]
		if !ok {
			return ""
		}
		return fmt.Sprintf(format+" to "+format, i.Low, i.High)
	}
	return []figure{
		{"AUC", fmt.Sprintf("%.4f", r.AUC), in("auc", "%.3f"), "how often the one of two who has the label gets the higher score; 0.5 is a coin"},
		{"lift at 10 %", fmt.Sprintf("%.2f", r.Lift10), in("lift_10", "%.2f"), fmt.Sprintf("among the tenth with the highest scores are so many times as many as among any tenth; 5 %%: %.2f, 20 %%: %.2f", r.Lift5, r.Lift20)},
		{"log-loss", fmt.Sprintf("%.4f", r.LogLoss), in("log_loss", "%.3f"), "how surprised the probabilities are by what came; less is better"},
		{"Brier", fmt.Sprintf("%.4f", r.Brier), in("brier", "%.3f"), "mean squared error of the probabilities"},
		{"ECE", fmt.Sprintf("%.4f", r.ECE), "", "how far probabilities are from what came, on average: 0.03 is three customers in a hundred"},
		{"PR-AUC", fmt.Sprintf("%.4f", r.AveragePrecision), in("average_precision", "%.3f"), fmt.Sprintf("mean precision over all thresholds; a coin has %.3f", c.BaseRate)},
		{"accuracy", fmt.Sprintf("%.4f", r.Accuracy), "", fmt.Sprintf("at a threshold of one half; to say \"no\" to everybody has %.4f", max(c.BaseRate, 1-c.BaseRate))},
	}
}

// honest is what a figure must not be taken for.
var honest = []string{
	"The figures are of rows the model had not seen. They hold for customers who are like these, and for a time that is like this one.",
	"Who is likeliest to leave is not by that the best to act on: some leave whatever one does, some stay anyway. Keep a random group that nobody acts on, and measure the difference.",
}

// span is when the rows were.
func (c *Card) span() string {
	if c.From.IsZero() {
		return "not known"
	}
	return c.From.UTC().Format("2006-01-02") + " to " + c.To.UTC().Format("2006-01-02")
}

func percent(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*x), ".0") + " %" }
