package pipeline

import (
	"cmp"
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

// Group is a part of the rows.
type Group struct {
	Column string `json:"column"`
	Level  string `json:"level"`
	Rows   int    `json:"rows"`
	// AUC is that of the group, of a label of two values.
	AUC float64 `json:"auc,omitempty"`
	// Total is what was predicted of the group over what came, of amounts.
	Total float64 `json:"total,omitempty"`
}

// weakRows is how many rows a group has at least. Told are those whose AUC is by weakBy below that of all, or whose total is so many times too large or too small.
const (
	weakRows  = 200
	weakBy    = .05
	weakTimes = 1.25
)

// weak finds groups by category in which the model does much worse than over all, the worst first.
func (j *Judgement) weak(x *frame.Frame, outcomes []outcome) []Group {
	var out []Group
	for i := range x.Columns {
		c := &x.Columns[i]
		for level, name := range c.Levels {
			var y, p []float64
			for _, o := range outcomes {
				for k, r := range o.rows {
					if v := c.Values[r]; !math.IsNaN(v) && int(v) == level {
						y, p = append(y, o.y[k]), append(p, o.p[k])
					}
				}
			}
			if g := (Group{Column: c.Name, Level: name, Rows: len(y)}); len(y) >= weakRows && j.isWeak(&g, y, p) {
				out = append(out, g)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.AUC, b.AUC), -cmp.Compare(math.Abs(math.Log(a.Total)), math.Abs(math.Log(b.Total))))
	})
	return out[:min(len(out), 10)]
}

func (j *Judgement) isWeak(g *Group, y, p []float64) bool {
	var err error
	if j.Kind == Real {
		g.Total, err = evaluate.Real{Predicted: p, Actual: y}.Total()
		return err == nil && g.Total > 0 && math.Abs(math.Log(g.Total)) > math.Log(weakTimes)
	}
	g.AUC, err = evaluate.Binary{Score: p, Label: y}.AUC()
	return err == nil && g.AUC < j.Report.AUC-weakBy
}
