package page

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/freshet/freshet/services/recommendation/judge"
)

// colors are told apart by eye, as many as there are kinds of models; a model has one in every picture.
var colors = []color.Color{
	color.RGBA{31, 119, 180, 255}, color.RGBA{214, 39, 40, 255}, color.RGBA{44, 160, 44, 255}, color.RGBA{148, 103, 189, 255}, color.RGBA{255, 127, 14, 255}, color.RGBA{23, 190, 207, 255},
	color.RGBA{140, 86, 75, 255}, color.RGBA{227, 119, 194, 255}, color.RGBA{127, 127, 127, 255}, color.RGBA{188, 189, 34, 255}, color.RGBA{0, 0, 0, 255}, color.RGBA{27, 58, 147, 255},
}

func hue(i int) color.Color { return colors[i%len(colors)] }

// shapes are full, so that their colour is seen.
var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}}

// fresh is an empty picture, in the letters of the page.
func fresh(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, style := range []*text.Style{&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = round{}, round{}
	p.Legend.Top, p.Legend.Padding, p.Legend.XOffs, p.Legend.YOffs = true, vg.Points(3), vg.Points(-4), vg.Points(-4)
	p.Add(plotter.NewGrid())
	return p
}

// round has a number at every round step, three to eight of them: those of gonum name as few as two.
type round struct{}

// Ticks implements plot.Ticker.
func (round) Ticks(least, most float64) (out []plot.Tick) {
	step := math.Pow(10, math.Floor(math.Log10(most-least)))
	for _, part := range []float64{.1, .2, .5} {
		if (most-least)/(step*part) <= 8 {
			step *= part
			break
		}
	}
	for at := math.Ceil(least / step); at*step <= most; at++ {
		out = append(out, plot.Tick{Value: at * step, Label: strconv.FormatFloat(at*step, 'g', 4, 64)})
	}
	return out
}

func recall(k int) string { return "Recall@" + strconv.Itoa(k) }

// legendShare is how much wider than its data a picture is whose legend stands beside them: no line and no point lies under it.
const legendShare = 1.35

// beside makes room for the legend to the right of what lies between 0 and most.
func beside(p *plot.Plot, most float64) {
	p.X.Min, p.X.Max = 0, most*legendShare
	p.X.Tick.Marker = upTo{p.X.Tick.Marker, most * (1 + 1e-9)}
}

// upTo has the ticks of another axis up to a value.
type upTo struct {
	plot.Ticker
	most float64
}

// Ticks implements plot.Ticker.
func (u upTo) Ticks(least, _ float64) []plot.Tick {
	return slices.DeleteFunc(u.Ticker.Ticks(least, u.most), func(t plot.Tick) bool { return t.Value > u.most })
}

// bars are those of Recall, the best on top.
func bars(k int, rows []judge.Row) (*plot.Plot, error) {
	p := fresh(recall(k), "")
	var at plotter.XYs
	var ends plotter.XErrors
	names := make([]string, len(rows))
	most := 0.0
	for i := range rows {
		r, place := &rows[i], len(rows)-1-i
		b, err := plotter.NewBarChart(plotter.Values{r.Recall.Value}, vg.Points(12))
		if err != nil {
			return nil, err
		}
		b.Horizontal, b.Color, b.LineStyle.Width, b.XMin = true, hue(i), 0, float64(place)
		p.Add(b)
		names[place] = r.Name
		at = append(at, plotter.XY{X: r.Recall.Value, Y: float64(place)})
		ends = append(ends, struct{ Low, High float64 }{max(r.Recall.Value-r.Recall.Low, 0), max(r.Recall.High-r.Recall.Value, 0)})
		most = max(most, r.Recall.High, r.Recall.Value)
	}
	e, err := plotter.NewXErrorBars(struct {
		plotter.XYer
		plotter.XErrorer
	}{at, ends})
	if err != nil {
		return nil, err
	}
	p.Add(e)
	p.NominalY(names...)
	p.X.Min, p.X.Max = 0, max(most*1.08, 0.01)
	p.X.Tick.Marker = upTo{p.X.Tick.Marker, p.X.Max * .97} // the last number is whole
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.4        // the first and the last bar are whole
	return p, nil
}

// places are a line a model, the best first in the legend.
func places(k int, rows []judge.Row) (*plot.Plot, error) {
	p := fresh("places", "Recall")
	p.Y.Min = 0
	for i := range rows {
		var xys plotter.XYs
		for place, v := range rows[i].ByPlace {
			xys = append(xys, plotter.XY{X: float64(place + 1), Y: v})
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return nil, err
		}
		line.Color, line.Dashes, line.Width = hue(i), plotutil.Dashes(i), vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(rows[i].Name, line)
	}
	p.Y.Max = max(p.Y.Max*1.03, 0.01)
	p.X.Tick.Marker = whole(k)
	beside(p, float64(k))
	return p, nil
}

// whole has ticks at 1 and at round numbers up to k.
func whole(k int) plot.ConstantTicks {
	step := 1
	for i := 0; step*6 < k; i++ {
		step = step * []int{2, 5, 2}[i%3] / []int{1, 2, 1}[i%3]
	}
	out := plot.ConstantTicks{{Value: 1, Label: "1"}}
	for at := step; at <= k; at += step {
		if at > 1 {
			out = append(out, plot.Tick{Value: float64(at), Label: strconv.Itoa(at)})
		}
	}
	return out
}

func bias(k int, rows []judge.Row) (*plot.Plot, error) {
	return scatter("share of the places of the most popular 1 %", k, rows, func(r *judge.Row) float64 { return r.Head })
}

func coverage(k int, rows []judge.Row) (*plot.Plot, error) {
	return scatter("coverage", k, rows, func(r *judge.Row) float64 { return r.Coverage })
}

// scatter has a point a model; the legend has the names, which would lie over each other at points that are near.
func scatter(x string, k int, rows []judge.Row, of func(*judge.Row) float64) (*plot.Plot, error) {
	p := fresh(x, recall(k))
	most, high := 0.01, 0.01
	for i := range rows {
		dot, err := plotter.NewScatter(plotter.XYs{{X: of(&rows[i]), Y: rows[i].Recall.Value}})
		if err != nil {
			return nil, err
		}
		dot.GlyphStyle = draw.GlyphStyle{Color: hue(i), Radius: vg.Points(4), Shape: shapes[i%len(shapes)]}
		p.Add(dot)
		p.Legend.Add(rows[i].Name, dot)
		most, high = max(most, of(&rows[i])), max(high, rows[i].Recall.Value)
	}
	p.Y.Min, p.Y.Max = 0, high*1.08
	beside(p, min(most*1.05, 1.02))
	return p, nil
}
