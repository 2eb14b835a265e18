// Package page draws what the judge found: one HTML file that needs no network and runs no script.
package page

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"

	"github.com/freshet/freshet/services/picture"
	"github.com/freshet/freshet/services/recommendation/judge"
)

//go:embed page.html.tmpl
var markup string

var tmpl = template.Must(template.New("page").Parse(markup))

// drawing is a picture with what it says.
type drawing struct {
	SVG     template.HTML
	Caption string
}

// Write writes plots.html into a directory, which is made where it is missing. rows are of one judgement with lists of k, the best first.
func Write(dir, title string, k int, rows []judge.Row) error {
	if len(rows) == 0 {
		return errors.New("write the plots: no model was judged")
	}
	var out []drawing
	for _, d := range []struct {
		draw    func(int, []judge.Row) (*plot.Plot, error)
		caption string
	}{
		{bars, fmt.Sprintf("Recall@%d of each model, with 95 %% intervals: whole sessions or customers drawn anew.", k)},
		{places, "Recall by the length of the list: a list of so many items finds so much of what came."},
		{bias, "Accuracy against popularity: how many of the places the most popular hundredth of the items took. Left and high is best."},
		{coverage, "Accuracy against coverage: how much of the catalogue anybody was shown. Right and high is best."},
	} {
		p, err := d.draw(k, rows)
		if err != nil {
			return fmt.Errorf("draw %q: %w", d.caption, err)
		}
		svg, err := picture.SVG(p, 16, 11)
		if err != nil {
			return err
		}
		out = append(out, drawing{svg, d.caption})
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the plots: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "plots.html"))
	if err != nil {
		return fmt.Errorf("write the plots: %w", err)
	}
	err = tmpl.Execute(f, map[string]any{"Title": title, "K": k, "Half": (k + 1) / 2, "Rows": rows, "Figures": rows[0].Figures, "Drawings": out})
	if fault := f.Close(); err == nil {
		err = fault
	}
	if err != nil {
		return fmt.Errorf("write the plots: %w", err)
	}
	return nil
}
