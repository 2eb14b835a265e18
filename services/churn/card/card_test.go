package card

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/churn/pipeline"
)

func example() *Card {
	return &Card{
		Table: "t.csv", Label: "left", One: `<b>"yes"</b>`, Made: time.Unix(0, 0), Notes: []string{"column id was left out"},
		Judgement: &pipeline.Judgement{
			Rows: 1000, Columns: 2, BaseRate: .25, Protocol: "five folds", Chosen: "boosted trees", Settings: "8 leaves", Calibration: "platt",
			Report: pipeline.Report{AUC: .85, Lift10: 2.9}, Intervals: map[string]pipeline.Interval{"auc": {Low: .83, High: .87}},
			Families:    []pipeline.Compared{{Family: "base rate", Report: pipeline.Report{AUC: .5}}},
			Reliability: []evaluate.Bin{{Score: .1, Rate: .12}, {Score: .8, Rate: .7}}, Gains: []evaluate.GainPoint{{}, {Share: .5, Gain: .9}, {Share: 1, Gain: 1}},
			Drivers: []pipeline.Driver{{Name: "tenure", Share: .5, Direction: "lower raises it"}}, Weak: []pipeline.Group{{Column: "plan", Level: "pro", Rows: 300, AUC: .7}},
			Warnings: []string{"look twice"},
		},
	}
}

// Both forms tell the same, and what a table brings with it is text and no markup.
func TestForms(t *testing.T) {
	var text, html bytes.Buffer
	if err := example().Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := example().HTML(&html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.8500", "0.830 to 0.870", "25 %", "boosted trees", "8 leaves", "platt", "tenure", "lower raises it", "plan = pro", "look twice", "column id was left out", "five folds", honest[1]} {
		for form, got := range map[string]string{"text": text.String(), "page": html.String()} {
			if !strings.Contains(got, want) {
				t.Errorf("the %s does not tell of %q", form, want)
			}
		}
	}
	if strings.Contains(html.String(), "<b>") || strings.Count(html.String(), "<svg") != 2 || strings.Contains(html.String(), "<script") {
		t.Error("the page has markup of the table, or lacks a picture")
	}
	for _, far := range []string{"src=\"http", "href=\"http"} {
		if strings.Contains(html.String(), far) {
			t.Errorf("the page asks the network: %s", far)
		}
	}
}
