// Package page draws what the judge found: one HTML file that needs no network and runs no script.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"github.com/freshet/freshet/services/picture"
	"github.com/freshet/freshet/services/recommendation/judge"
)

//go:embed page.html.tmpl
var text string

var tmpl = template.Must(template.New("page").Parse(text))

// drawing is a picture with what it says.
type drawing struct {
	SVG     template.HTML
	Caption string
}

// Write writes plots.html into a directory, which is made where it is missing. rows are of one judgement with lists of k, the best first.
func Write(dir, title string, k int, rows []judge.Row) error {
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
	err = tmpl.Execute(f, map[string]any{"Title": title, "K": k, "Half": (k + 1) / 2, "Rows": rows, "Drawings": out})
	if fault := f.Close(); err == nil {
		err = fault
	}
	if err != nil {
		return fmt.Errorf("write the plots: %w", err)
	}
	return nil
}

func fresh(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Add(plotter.NewGrid())
	return p
}

func recall(k int) string { return "Recall@" + strconv.Itoa(k) }

// bars are those of Recall, the best on top.
func bars(k int, rows []judge.Row) (*plot.Plot, error) {
	p := fresh(recall(k), "")
	var values plotter.Values
	var at plotter.XYs
	var ends plotter.XErrors
	names := make([]string, len(rows))
	for i := range rows {
		r := &rows[len(rows)-1-i]
		v := r.Recall
		values, names[i] = append(values, v.Value), r.Name
		at = append(at, plotter.XY{X: v.Value, Y: float64(i)})
		ends = append(ends, struct{ Low, High float64 }{max(v.Value-v.Low, 0), max(v.High-v.Value, 0)})
	}
	b, err := plotter.NewBarChart(values, vg.Points(12))
	if err != nil {
		return nil, err
	}
	b.Horizontal, b.Color, b.LineStyle.Width = true, plotutil.SoftColors[2], 0
	e, err := plotter.NewXErrorBars(struct {
		plotter.XYer
		plotter.XErrorer
	}{at, ends})
	if err != nil {
		return nil, err
	}
	p.Add(b, e)
	p.NominalY(names...)
	p.X.Min = 0
	return p, nil
}

// places are a line a model, the best first in the legend.
func places(_ int, rows []judge.Row) (*plot.Plot, error) {
	p := fresh("places", "Recall")
	p.Y.Min, p.Legend.Left, p.Legend.Top = 0, true, true
	for i := range rows {
		var xys plotter.XYs
		for place, v := range rows[i].ByPlace {
			xys = append(xys, plotter.XY{X: float64(place + 1), Y: v})
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return nil, err
		}
		line.Color, line.Dashes, line.Width = plotutil.Color(i), plotutil.Dashes(i), vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(rows[i].Name, line)
	}
	return p, nil
}

func bias(k int, rows []judge.Row) (*plot.Plot, error) {
	return scatter("share of the places of the most popular 1 %", k, rows, func(r *judge.Row) float64 { return r.Head })
}

func coverage(k int, rows []judge.Row) (*plot.Plot, error) {
	return scatter("coverage", k, rows, func(r *judge.Row) float64 { return r.Coverage })
}

// scatter has a point a model, with its name.
func scatter(x string, k int, rows []judge.Row, of func(*judge.Row) float64) (*plot.Plot, error) {
	p := fresh(x, recall(k))
	points := plotter.XYLabels{XYs: make(plotter.XYs, len(rows)), Labels: make([]string, len(rows))}
	for i := range rows {
		points.XYs[i], points.Labels[i] = plotter.XY{X: of(&rows[i]), Y: rows[i].Recall.Value}, " "+rows[i].Name
	}
	dots, err := plotter.NewScatter(points)
	if err != nil {
		return nil, err
	}
	labels, err := plotter.NewLabels(points)
	if err != nil {
		return nil, err
	}
	p.Add(dots, labels)
	p.X.Min, p.X.Max, p.Y.Min = 0, min(p.X.Max*1.3, 1.15), 0 // names stand to the right of their points
	p.Y.Max *= 1.05
	return p, nil
}
