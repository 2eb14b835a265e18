// Package card writes what a judgement found: as text for a terminal, as JSON, and as one HTML page that opens without a network. Every figure is the
// judgement's; the words beside them say what each of them means to somebody who has to act on it. All forms tell the same (TestForms).
package card

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/freshet/freshet/services/churn/pipeline"
)

// Card is a judgement with what it is about. What is empty is not told.
type Card struct {
	// Table is the file's name, Label its column, One the value that is predicted, empty for amounts.
	Table string    `json:"table"`
	Label string    `json:"label"`
	One   string    `json:"one,omitempty"`
	Made  time.Time `json:"made"`
	Code  string    `json:"code"` // the release that judged
	Seed  uint64    `json:"seed"`
	// Version is the model's, Target what it predicts, Horizon for how long ahead in words, Trigger what the training was begun by.
	Version string `json:"version,omitempty"`
	Target  string `json:"target,omitempty"`
	Horizon string `json:"horizon,omitempty"`
	Trigger string `json:"trigger,omitempty"`
	// HoldOut is the share of customers, drawn by chance, whom nobody should act on.
	HoldOut float64 `json:"hold_out,omitempty"`
	// Drift is how far the model's input or scores were from those of its training, by date, oldest first.
	Drift []Drift `json:"drift,omitempty"`
	// Notes are what was left out of the table, and why.
	Notes []string `json:"notes,omitempty"`
	*pipeline.Judgement
}

// Drift is the population stability index of a date: below 0.1 nothing happened, above 0.25 the model should be trained again.
type Drift struct {
	Date time.Time `json:"date"`
	PSI  float64   `json:"psi"`
}

// title is what is predicted.
func (c *Card) title() string {
	if c.One == "" {
		return c.Label
	}
	return c.Label + " = " + c.One
}

// line is one of the card's, with its name.
type line struct{ Name, Text string }

// about is what it is about, in lines.
func (c *Card) about() []line {
	of := fmt.Sprintf("%d, %s of them %s", c.Rows, percent(c.BaseRate), c.One)
	if c.Kind == pipeline.Real {
		of = fmt.Sprintf("%d, %s on average", c.Rows, amount(c.BaseRate))
	}
	if c.Customers > 0 {
		of += fmt.Sprintf("; of %d customers", c.Customers)
	}
	list := []line{
		{"model", c.Version}, {"target", c.Target}, {"horizon", c.Horizon}, {"trained because of", c.Trigger},
		{"table", c.Table}, {"rows", of}, {"columns", fmt.Sprint(c.Columns)}, {"times", c.span()}, {"judged", c.Protocol},
		{"chosen", c.Chosen + behind(c.Settings) + "; calibration: " + c.Calibration},
	}
	var out []line
	for _, l := range list {
		if l.Text != "" {
			out = append(out, l)
		}
	}
	return out
}

// honest is what a figure must not be taken for.
func (c *Card) honest() []string {
	act := "Who is likeliest to leave is not by that the best to act on: some leave whatever one does, some stay anyway. "
	if c.Kind == pipeline.Real {
		act = "Who will spend most is not by that the best to act on: some spend whatever one does. "
	}
	if c.HoldOut > 0 {
		act += fmt.Sprintf("%s of the customers, drawn by chance, are held out (churn_holdout): act on none of them, and the difference to the others is what acting is worth.", percent(c.HoldOut))
	} else {
		act += "Keep a random group that nobody acts on, and measure the difference."
	}
	return []string{"The figures are of rows the model had not seen. They hold for customers who are like these, and for a time that is like this one.", act}
}

// span is when the rows were.
func (c *Card) span() string {
	if c.From.IsZero() {
		return "not known"
	}
	return c.From.UTC().Format("2006-01-02") + " to " + c.To.UTC().Format("2006-01-02")
}

func behind(settings string) string {
	if settings == "" {
		return ""
	}
	return " (" + settings + ")"
}

func percent(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*x), ".0") + " %" }

// amount is one of money or purchases, which may be large or small.
func amount(x float64) string {
	if math.Abs(x) >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}
