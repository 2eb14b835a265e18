package card

import (
	"bytes"
	"encoding/json"
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
			Families:    []pipeline.Compared{{Family: "base rate", Report: pipeline.Report{AUC: .5}}, {Family: "RFM logistic", Baseline: true, Report: pipeline.Report{AUC: .71}}},
			Reliability: []evaluate.Bin{{Score: .1, Rate: .12}, {Score: .8, Rate: .7}}, Gains: []evaluate.GainPoint{{}, {Share: .5, Gain: .9}, {Share: 1, Gain: 1}},
			Drivers: []pipeline.Driver{{Name: "tenure", Share: .5, Direction: "lower raises it"}}, Weak: []pipeline.Group{{Column: "plan", Level: "pro", Rows: 300, AUC: .7}},
			Warnings: []string{"look twice"},
		},
	}
}

// full has everything that a card may have.
func full() *Card {
	c := example()
	c.Version, c.Target, c.Horizon, c.Trigger, c.HoldOut, c.Customers = "20261128T181500-3f2a", "churn_risk_60d", "60 days", "schedule", .05, 400
	for i, psi := range []float64{.01, .04, .31} {
		c.Drift = append(c.Drift, Drift{time.Date(2026, 11, 1+i, 0, 0, 0, 0, time.UTC), psi})
	}
	return c
}

func amounts() *Card {
	c := example()
	c.Kind, c.One, c.Label, c.BaseRate, c.Report = pipeline.Real, "", "spend_90d", 41.5, pipeline.Report{}
	c.Amounts = &pipeline.Amounts{Rows: 1000, MAE: 23.4567, RMSE: 81, R2: .25, Spearman: .61, Predicted: 1234567, Actual: 1300000, Total: .9497, MAE10: 99, Gain10: .42}
	c.Intervals = map[string]pipeline.Interval{"total": {Low: .9, High: 1.02}}
	c.Families = []pipeline.Compared{{Family: "BG/NBD, Gamma-Gamma", Baseline: true, Amounts: &pipeline.Amounts{MAE: 30, Total: 1.3}}}
	c.Weak = []pipeline.Group{{Column: "plan", Level: "pro", Rows: 300, Total: 1.52}}
	c.Reliability = []evaluate.Bin{{Score: 10, Rate: 12}, {Score: 800, Rate: 700}}
	return c
}

// Both forms tell the same, and what a table brings with it is text and no markup.
func TestForms(t *testing.T) {
	const act = "not by that the best to act on"
	for name, c := range map[string]struct {
		card     *Card
		pictures int
		want     []string
	}{
		"a label": {example(), 2, []string{"0.8500", "0.830 to 0.870", "25 %", "boosted trees", "8 leaves", "platt", "tenure", "lower raises it", "plan = pro", "0.700", "look twice", "column id was left out",
			"five folds", "RFM logistic (baseline)", act, "Keep a random group"}},
		"a model that serves": {full(), 3, []string{"20261128T181500-3f2a", "churn_risk_60d", "60 days", "schedule", "of 400 customers", "2026-11-03", "0.310", act, "5 % of the customers", "churn_holdout"}},
		"amounts": {amounts(), 2, []string{"spend_90d", "41.5 on average", "0.950", "0.900 to 1.020", "1234567 of 1300000", "23.46", "0.610", "0.42", "BG/NBD, Gamma-Gamma (baseline)", "predicted over came",
			"1.520", act}},
	} {
		var text, html bytes.Buffer
		if err := c.card.Text(&text); err != nil {
			t.Fatal(name, err)
		}
		if err := c.card.HTML(&html); err != nil {
			t.Fatal(name, err)
		}
		unescaped := strings.NewReplacer("&#43;", "+", "&amp;", "&").Replace(html.String())
		for _, want := range c.want {
			for form, got := range map[string]string{"text": text.String(), "page": unescaped} {
				if !strings.Contains(got, want) {
					t.Errorf("%s: the %s does not tell of %q", name, form, want)
				}
			}
		}
		if strings.Contains(html.String(), "<b>") || strings.Count(html.String(), "<svg") != c.pictures || strings.Contains(html.String(), "<script") {
			t.Errorf("%s: the page has markup of the table, or %d pictures", name, strings.Count(html.String(), "<svg"))
		}
		for _, far := range []string{"src=\"http", "href=\"http"} {
			if strings.Contains(html.String(), far) {
				t.Errorf("%s: the page asks the network: %s", name, far)
			}
		}
	}
}

// What is not known is not told, and amounts have no AUC.
func TestWhatIsNotThereIsNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		card *Card
		not  []string
	}{
		"a label": {example(), []string{"drift", "horizon", "target", "trained because of", "customers, drawn"}},
		"amounts": {amounts(), []string{"AUC", "lift", "ECE"}},
	} {
		var text bytes.Buffer
		if err := c.card.Text(&text); err != nil {
			t.Fatal(err)
		}
		for _, not := range c.not {
			if strings.Contains(text.String(), not) {
				t.Errorf("%s: the text tells of %q:\n%s", name, not, text.String())
			}
		}
	}
}

// The third form is JSON: every figure by its name.
func TestJSON(t *testing.T) {
	for card, want := range map[*Card][]string{
		full():    {`"kind":"binary"`, `"auc":0.85`, `"version":"20261128T181500-3f2a"`, `"psi":0.31`, `"hold_out":0.05`, `"baseline":true`, `"customers":400`},
		amounts(): {`"kind":"real"`, `"mae":23.4567`, `"total":0.9497`, `"mae_10":99`},
	} {
		text, err := json.Marshal(card)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("no %s in %s", w, text)
			}
		}
		if card.Kind == pipeline.Real && strings.Contains(string(text), `"auc"`) {
			t.Errorf("amounts with an AUC: %s", text)
		}
	}
}
