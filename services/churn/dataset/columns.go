package dataset

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/services/churn/row"
)

// columns grow by rows of cells, in any order. Each text is kept once.
type columns struct {
	plan []row.Column
	list []grown
	rows int
}

type grown struct {
	values []float64 // of texts their codes
	codes  map[string]float64
	texts  []string
}

func newColumns(plan []row.Column) *columns {
	c := &columns{plan: plan, list: make([]grown, len(plan))}
	for i := range plan {
		if plan[i].Category {
			c.list[i].codes = map[string]float64{}
		}
	}
	return c
}

func (c *columns) add(cells []row.Cell) {
	for i := range c.list {
		g := &c.list[i]
		if g.codes == nil {
			v := cells[i].Number
			if math.IsInf(v, 0) {
				v = math.NaN()
			}
			g.values = append(g.values, v)
			continue
		}
		if cells[i].Text == "" {
			g.values = append(g.values, math.NaN())
			continue
		}
		code, ok := g.codes[cells[i].Text]
		if !ok {
			code = float64(len(g.texts))
			text := strings.Clone(cells[i].Text)
			g.codes[text], g.texts = code, append(g.texts, text)
		}
		g.values = append(g.values, code)
	}
	c.rows++
}

// cut takes back all rows from the n-th on.
func (c *columns) cut(n int) {
	for i := range c.list {
		c.list[i].values = c.list[i].values[:n]
	}
	c.rows = n
}

// frame makes a frame of the rows in an order. Columns that say the same in each row are left out, and given by their first: nothing can be learnt from them.
func (c *columns) frame(order []int) (f *frame.Frame, left []frame.Column) {
	f = &frame.Frame{Rows: len(order)}
	for i := range c.list {
		g := &c.list[i]
		column := frame.Column{Name: c.plan[i].Name, Kind: frame.Number, Values: make([]float64, len(order))}
		for to, from := range order {
			column.Values[to] = g.values[from]
		}
		if g.codes != nil {
			column.Kind = frame.Category
			g.level(&column)
		}
		g.values = nil // half of the memory at most is there twice
		if same(column.Values) {
			column.Values = slices.Clone(column.Values[:min(1, len(column.Values))])
			left = append(left, column)
			continue
		}
		f.Columns = append(f.Columns, column)
	}
	return f, left
}

// same says that all values are one, or all are missing.
func same(values []float64) bool {
	for _, v := range values {
		if v != values[0] && !(math.IsNaN(v) && math.IsNaN(values[0])) {
			return false
		}
	}
	return true
}

// common is in which part of the rows a text must stand to be a level: of rarer ones, such as the product that was looked at last, a model learns who the
// customers are and not what they are like.
const common = 100

// level makes levels of codes: those that are common, in the order of their names. Rarer ones are missing, as texts are that a model has never seen.
func (g *grown) level(c *frame.Column) {
	rows := make([]int, len(g.texts))
	for _, v := range c.Values {
		if !math.IsNaN(v) {
			rows[int(v)]++
		}
	}
	var kept []int
	for code := range g.texts {
		if rows[code]*common >= len(c.Values) {
			kept = append(kept, code)
		}
	}
	slices.SortFunc(kept, func(a, b int) int { return cmp.Or(rows[b]-rows[a], strings.Compare(g.texts[a], g.texts[b])) })
	kept = kept[:min(len(kept), frame.MaxLevels)]
	slices.SortFunc(kept, func(a, b int) int { return strings.Compare(g.texts[a], g.texts[b]) })
	place := slices.Repeat([]float64{math.NaN()}, len(g.texts))
	for to, code := range kept {
		place[code] = float64(to)
		c.Levels = append(c.Levels, g.texts[code])
	}
	for i, v := range c.Values {
		if !math.IsNaN(v) {
			c.Values[i] = place[int(v)]
		}
	}
}
