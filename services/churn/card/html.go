package card

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

//go:embed card.html.tmpl
var page string

var tmpl = template.Must(template.New("card").Funcs(template.FuncMap{
	"percent": percent, "f4": func(x float64) string { return fmt.Sprintf("%.4f", x) }, "f2": func(x float64) string { return fmt.Sprintf("%.2f", x) },
}).Parse(page))

// HTML writes the card as a page.
func (c *Card) HTML(w io.Writer) error {
	reliability, err := c.reliability()
	if err != nil {
		return err
	}
	gains, err := c.gains()
	if err != nil {
		return err
	}
	return tmpl.Execute(w, map[string]any{
		"Card": c, "Figures": c.figures(), "Span": c.span(), "Honest": honest, "Drivers": c.Drivers[:min(drivers, len(c.Drivers))],
		"Reliability": reliability, "Gains": gains,
	})
}

// reliability draws what came over what was said.
func (c *Card) reliability() (template.HTML, error) {
	line := plotter.XYs{}
	for _, b := range c.Reliability {
		line = append(line, plotter.XY{X: b.Score, Y: b.Rate})
	}
	return draw("said", "came", line)
}

// gains draws how many are found among those with the highest scores.
func (c *Card) gains() (template.HTML, error) {
	line := plotter.XYs{}
	for _, g := range c.Gains {
		line = append(line, plotter.XY{X: g.Share, Y: g.Gain})
	}
	return draw("share of customers, the highest scores first", "share found", line)
}

// draw draws a line, and the diagonal.
func draw(x, y string, line plotter.XYs) (template.HTML, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	diagonal, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}})
	if err != nil {
		return "", err
	}
	diagonal.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
	curve, points, err := plotter.NewLinePoints(line)
	if err != nil {
		return "", err
	}
	curve.Width = vg.Points(2)
	p.Add(plotter.NewGrid(), diagonal, curve)
	if len(line) <= 20 {
		p.Add(points)
	}
	to, err := p.WriterTo(10*vg.Centimeter, 8*vg.Centimeter, "svg")
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if _, err := to.WriteTo(&b); err != nil {
		return "", err
	}
	svg := b.Bytes()
	if at := bytes.Index(svg, []byte("<svg")); at > 0 {
		svg = svg[at:] // an XML declaration is none of HTML's
	}
	return template.HTML(svg), nil //nolint:gosec // Drawn here, of numbers and the texts above.
}
