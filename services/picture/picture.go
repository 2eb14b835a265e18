// Package picture turns a drawing into what an HTML page takes as it is: no script, no file beside it, nothing from the network.
package picture

import (
	"bytes"
	"fmt"
	"html/template"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// SVG draws a plot, so many centimetres wide and high. Texts in it are escaped by the drawer.
func SVG(p *plot.Plot, width, height float64) (template.HTML, error) {
	to, err := p.WriterTo(vg.Length(width)*vg.Centimeter, vg.Length(height)*vg.Centimeter, "svg")
	if err != nil {
		return "", fmt.Errorf("draw: %w", err)
	}
	var b bytes.Buffer
	if _, err := to.WriteTo(&b); err != nil {
		return "", fmt.Errorf("draw: %w", err)
	}
	svg := b.Bytes()
	if at := bytes.Index(svg, []byte("<svg")); at > 0 {
		svg = svg[at:] // an XML declaration is none of HTML's
	}
	return template.HTML(svg), nil //nolint:gosec // Drawn here; the drawer escapes texts (TestTextsAreEscaped).
}
