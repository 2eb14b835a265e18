package training

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/trainer"
	"github.com/freshet/freshet/services/picture"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/judge"
)

// Card says what a version is worth on what its judged models had not seen. All forms tell the same.
type Card struct {
	Workspace string    `json:"workspace"`
	Made      time.Time `json:"made"`
	Code      string    `json:"code"`
	Trigger   string    `json:"trigger"`
	Span      Span      `json:"span"`
	CutMs     int64     `json:"cut_ms"`
	Items     int       `json:"items"`
	Visits    int       `json:"visits"`
	Customers int       `json:"customers"`
	Baskets   int       `json:"baskets"`
	Rules     int       `json:"rules"`
	Family    string    `json:"family"`
	Settings  string    `json:"settings"`
	Unfit     string    `json:"unfit,omitempty"`
	// Trials are the protocols; Popularity and Champion how the list compares with them.
	Trials     []Trial   `json:"trials"`
	Popularity []Verdict `json:"popularity"`
	Champion   []Verdict `json:"champion,omitempty"`
	Notes      []string  `json:"notes,omitempty"`
}

// Trial is what models are worth in one protocol, the best first.
type Trial struct {
	Protocol string `json:"protocol"`
	Cases    int    `json:"cases"`
	// Unknown is how many touches were left out because nobody had touched their item before the cut.
	Unknown int      `json:"unknown"`
	Models  []Figure `json:"models"`
}

// Figure is what one model is worth.
type Figure struct {
	Model    string            `json:"model"`
	Recall   evaluate.Interval `json:"recall_20"`
	NDCG     evaluate.Interval `json:"ndcg_10"`
	MRR      evaluate.Interval `json:"mrr_20"`
	Coverage float64           `json:"coverage"`
	Novelty  float64           `json:"novelty"`
	Head     float64           `json:"top_1_percent"`
}

// take takes the rows of a judgement.
func (c *Card) take(t *trial, rows []judge.Row) {
	out := Trial{Protocol: t.Protocol, Cases: len(t.set.Cases), Unknown: t.set.Unknown}
	for _, r := range rows {
		out.Models = append(out.Models, Figure{r.Name, r.Recall, r.NDCG, r.MRR, r.Coverage, r.Novelty, r.Head})
	}
	c.Trials = append(c.Trials, out)
}

// about tells of the models that are put.
func (c *Card) about(p *Parts) {
	c.Items, c.Visits, c.Customers, c.Baskets, c.Rules = len(p.Items), len(p.Groups.Visits), len(p.Groups.Customers), p.Baskets, len(p.Rules)
	c.Family = "sessions"
	switch m := p.Taste.(type) {
	case nil:
	case *ease.Model:
		c.Family, c.Settings = "sessions and EASE", fmt.Sprintf("EASE of %d items, %d left out", m.Fitted, m.Left)
	default:
		c.Family, c.Settings = "sessions and ALS", fmt.Sprintf("ALS of %d items", len(p.Items))
	}
	if p.Extra[RankerFile] != nil {
		c.Family += ", ranked"
	}
}

// metrics are the figures that a line of a list has room for: of what is shown, in each protocol.
func (c *Card) metrics() map[string]float64 {
	out := map[string]float64{}
	for _, v := range c.Popularity {
		name := strings.ReplaceAll(v.Protocol, "-", "_")
		out[name+"_recall_20"], out[name+"_popular_recall_20"], out[name+"_cases"] = v.Recall, v.OtherRecall, float64(v.Cases)
	}
	return out
}

// files adds the forms of the card.
func (c *Card) files(files map[string][]byte) error {
	var html, text bytes.Buffer
	data, err := json.MarshalIndent(c, "", "  ")
	if err := errors.Join(err, c.HTML(&html), c.Text(&text)); err != nil {
		return fmt.Errorf("write the card: %w", err)
	}
	files[trainer.CardJSON], files[trainer.CardHTML], files[trainer.CardText] = data, html.Bytes(), text.Bytes()
	return nil
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04") }

// lines are what it is about.
func (c *Card) lines() [][2]string {
	out := [][2]string{
		{"workspace", c.Workspace}, {"trained because of", c.Trigger},
		{"touches", fmt.Sprintf("%d of %d visitors, %s to %s UTC", c.Span.Touches, c.Span.Visitors, day(c.Span.FromMs), day(c.Span.ToMs))},
		{"learnt from", fmt.Sprintf("%d items, %d visits, %d customers, %d baskets", c.Items, c.Visits, c.Customers, c.Baskets)},
		{"rules", fmt.Sprint(c.Rules)}, {"models", c.Family + behind(c.Settings)}, {"judged", "what came from " + day(c.CutMs) + " UTC on, by models of what was before"},
	}
	for _, v := range c.Popularity {
		out = append(out, [2]string{"against popularity", v.words("popularity")})
	}
	for _, v := range c.Champion {
		out = append(out, [2]string{"against the champion", v.words("the champion")})
	}
	if c.Unfit != "" {
		out = append(out, [2]string{"unfit", c.Unfit})
	}
	return out
}

func behind(settings string) string {
	if settings == "" {
		return ""
	}
	return " (" + settings + ")"
}

// head are the columns of a table of models.
var head = []string{"Recall@20", "95 %", "NDCG@10", "MRR@20", "coverage", "novelty, bits", "top 1 %"}

func (f Figure) cells() []string {
	return []string{f.Model, fmt.Sprintf("%.4f", f.Recall.Value), fmt.Sprintf("%.4f to %.4f", f.Recall.Low, f.Recall.High), fmt.Sprintf("%.4f", f.NDCG.Value),
		fmt.Sprintf("%.4f", f.MRR.Value), fmt.Sprintf("%.1f %%", 100*f.Coverage), fmt.Sprintf("%.1f", f.Novelty), fmt.Sprintf("%.1f %%", 100*f.Head)}
}

// honest is what a figure must not be taken for.
var honest = []string{
	"Every item is ranked. What nobody had touched before the cut cannot be found, and is left out.",
	"The figures say how well lists foretell what visitors did. What a list brings is measured by showing it: see the report of scenes and variants.",
	"Visitors touch what they were shown: what stood on the page before has an advantage here.",
}

// Text writes the card for a terminal.
func (c *Card) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	p := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) } //nolint:errcheck // Flush tells.
	for _, l := range c.lines() {
		p(l[0], l[1])
	}
	for _, r := range c.Trials {
		p("")
		p(append([]string{fmt.Sprintf("%s, %d cases", r.Protocol, r.Cases)}, head...)...)
		for _, m := range r.Models {
			p(m.cells()...)
		}
	}
	p("")
	for _, line := range append(append([]string{}, c.Notes...), honest...) {
		p("- " + line)
	}
	return t.Flush()
}

//go:embed card.html.tmpl
var page string

var tmpl = template.Must(template.New("card").Parse(page))

type pageTrial struct {
	Title   string
	Head    []string
	Rows    [][]string
	Picture template.HTML
}

// HTML writes the card as a page that opens without a network.
func (c *Card) HTML(w io.Writer) error {
	var trials []pageTrial
	for _, t := range c.Trials {
		svg, err := t.draw()
		if err != nil {
			return fmt.Errorf("draw %s: %w", t.Protocol, err)
		}
		one := pageTrial{Title: fmt.Sprintf("%s, %d cases", t.Protocol, t.Cases), Head: head, Picture: svg}
		for _, m := range t.Models {
			one.Rows = append(one.Rows, m.cells())
		}
		trials = append(trials, one)
	}
	return tmpl.Execute(w, map[string]any{"Card": c, "Lines": c.lines(), "Trials": trials, "Honest": honest})
}

// bars are values with what they lie between.
type bars struct {
	plotter.XYs
	plotter.YErrors
}

// draw shows Recall@20 of each model with its interval.
func (t *Trial) draw() (template.HTML, error) {
	p := plot.New()
	p.Y.Label.Text, p.Y.Min = "Recall@20", 0
	var values plotter.Values
	var of bars
	var names []string
	for i, m := range t.Models {
		values, names = append(values, m.Recall.Value), append(names, m.Model)
		of.XYs = append(of.XYs, plotter.XY{X: float64(i), Y: m.Recall.Value})
		of.YErrors = append(of.YErrors, struct{ Low, High float64 }{m.Recall.Value - m.Recall.Low, m.Recall.High - m.Recall.Value})
	}
	chart, err := plotter.NewBarChart(values, vg.Points(18))
	if err != nil {
		return "", err
	}
	lines, err := plotter.NewYErrorBars(of)
	if err != nil {
		return "", err
	}
	p.Add(chart, lines)
	p.NominalX(names...)
	p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign = .6, -1
	return picture.SVG(p, 10, 8)
}
