package picture

import (
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

func TestTextsAreEscaped(t *testing.T) {
	p := plot.New()
	p.Title.Text = `<script>alert("&")</script>`
	svg, err := SVG(p, 10, 8)
	if err != nil || !strings.HasPrefix(string(svg), "<svg") {
		t.Fatal(string(svg[:20]), err)
	}
	if strings.Contains(string(svg), "<script") || !strings.Contains(string(svg), "&lt;script") {
		t.Error("a text of the drawing is markup of the page")
	}
}
