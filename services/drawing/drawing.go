// Package drawing writes plots as pictures that stand in a page: the cards of models have them. It opens no file and asks no network.
package drawing

import (
	"bytes"
	"html/template"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// SVG draws a plot of 10 by 8 centimetres. Texts of the plot are escaped.
func SVG(p *plot.Plot) (template.HTML, error) {
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
	return template.HTML(svg), nil //nolint:gosec // Drawn here; the writer escapes texts.
}
