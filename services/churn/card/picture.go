package card

import (
	"html/template"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/freshet/freshet/services/churn/pipeline"
	drawn "github.com/freshet/freshet/services/picture"
)

// picture is a drawing, with what it says.
type picture struct {
	SVG     template.HTML
	Caption string
}

// curve is a line, and a dashed one to hold it against.
type curve struct {
	x, y       string
	line, than plotter.XYs
	dates      bool
}

// enough is the PSI from which a model should be trained again.
const enough = .25

// pictures are those that there is something for.
func (c *Card) pictures() ([]picture, error) {
	var out []picture
	add := func(of curve, caption string) error {
		svg, err := of.draw()
		out = append(out, picture{svg, caption})
		return err
	}
	if len(c.Reliability) > 0 {
		of, top, caption := curve{x: "said", y: "came"}, 1.0, "Reliability: of those who were told a probability, so many came. On the dashed line they are one."
		if c.Kind == pipeline.Real {
			top, caption = 0, "Reliability: of tenths of the customers by what was predicted, what came on average. On the dashed line they are one."
		}
		for _, b := range c.Reliability {
			of.line = append(of.line, plotter.XY{X: b.Score, Y: b.Rate})
			if c.Kind == pipeline.Real {
				top = max(top, b.Score, b.Rate)
			}
		}
		of.than = plotter.XYs{{}, {X: top, Y: top}}
		if err := add(of, caption); err != nil {
			return nil, err
		}
	}
	if len(c.Gains) > 0 {
		of, caption := curve{x: "share of customers, the highest scores first", y: "share found", than: plotter.XYs{{}, {X: 1, Y: 1}}}, "Gains: who asks the first tenth finds this share of all. The dashed line is a coin."
		if c.Kind == pipeline.Real {
			caption = "Gains: who asks the first tenth finds this share of the whole amount. The dashed line is a coin."
		}
		for _, g := range c.Gains {
			of.line = append(of.line, plotter.XY{X: g.Share, Y: g.Gain})
		}
		if err := add(of, caption); err != nil {
			return nil, err
		}
	}
	if len(c.Drift) > 1 {
		of := curve{x: "date", y: "PSI", dates: true}
		for _, d := range c.Drift {
			of.line = append(of.line, plotter.XY{X: float64(d.Date.Unix()), Y: d.PSI})
		}
		of.than = plotter.XYs{{X: of.line[0].X, Y: enough}, {X: of.line[len(of.line)-1].X, Y: enough}}
		if err := add(of, "Drift: how far customers are from those of the training. Above the dashed line the model should be trained again."); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c curve) draw() (template.HTML, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = c.x, c.y
	if c.dates {
		p.X.Tick.Marker = plot.TimeTicks{Format: "2006-01-02", Ticker: few{}}
	}
	dashed, err := plotter.NewLine(c.than)
	if err != nil {
		return "", err
	}
	dashed.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
	line, points, err := plotter.NewLinePoints(c.line)
	if err != nil {
		return "", err
	}
	line.Width = vg.Points(2)
	p.Add(plotter.NewGrid(), dashed, line)
	if len(c.line) <= 20 {
		p.Add(points)
	}
	p.Y.Min = min(p.Y.Min, 0)
	return drawn.SVG(p, 10, 8)
}

// few are marks at both ends and in the middle: dates are long.
type few struct{}

// Ticks are those of an axis.
func (few) Ticks(low, high float64) []plot.Tick {
	return []plot.Tick{{Value: low, Label: "-"}, {Value: (low + high) / 2, Label: "-"}, {Value: high, Label: "-"}}
}
