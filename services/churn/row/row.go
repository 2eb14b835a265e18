// Package row is the one place where a customer's features become what models take, in training and in serving: what a model learnt is what it is asked
// (TestTrainingIsServing).
//
// Every feature and tag of the catalogue is a column, but for lists and for what is personal or sensitive, is made of such, or looks at it. Moments and ages are days since then, so that a
// model of last year fits this one; durations are days; decimals are in their unit; tags are 1 and 0; texts are categories. What has no value is missing,
// which is not 0.
package row

import (
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Column is one that models can take.
type Column struct {
	Name string
	// Category says that the cells are texts.
	Category bool
}

// Cell is one value. Number is NaN where there is none; Text is a category's, empty where there is none.
type Cell struct {
	Number float64
	Text   string
}

// missing is no value.
var missing = Cell{Number: math.NaN()}

// Plan says which positions of a catalogue's layout are which columns. It does not change.
type Plan struct {
	layout    *catalog.Layout
	columns   []Column
	positions []int
	kinds     []catalog.Kind
	// absent are the cells of who has no values, and places the columns by position, -1 for none.
	absent []Cell
	places []int
}

// New plans the columns of a catalogue, in the order of its layout.
func New(c *catalog.Catalog) *Plan {
	p := &Plan{layout: c.Layout(), places: make([]int, len(c.Layout().Fields))}
	for i := range p.places {
		p.places[i] = -1
	}
	add := func(name string, position int, kind catalog.Kind) {
		p.columns = append(p.columns, Column{Name: name, Category: kind == catalog.KindText})
		p.positions, p.kinds = append(p.positions, position), append(p.kinds, kind)
		absent := missing
		if kind == catalog.KindTag || p.layout.Fields[position].Zero {
			absent.Number = 0
		}
		p.places[position], p.absent = len(p.absent), append(p.absent, absent)
	}
	private := func(name string) bool {
		f := c.Feature(name)
		return f != nil && isPrivate(c, f)
	}
	for i := range c.Features {
		if f := &c.Features[i]; f.Kind != catalog.KindList && !isPrivate(c, f) {
			add(f.Name, f.Position, f.Kind)
		}
	}
	tags, err := rule.Tags(c)
	for i := range c.Tags {
		if err == nil && !tags.RuleUses(i, private) { // a catalogue whose tags have faults serves nobody
			add(c.Tags[i].Name, c.Tags[i].Position, catalog.KindTag)
		}
	}
	return p
}

// isPrivate says that a feature is personal or sensitive, or made of one that is.
func isPrivate(c *catalog.Catalog, f *catalog.Feature) bool {
	return f.Sensitivity != "none" || slices.ContainsFunc(f.MadeOf(), func(of int) bool { return c.Features[of].Sensitivity != "none" })
}

// Columns are the columns, in the order of the cells.
func (p *Plan) Columns() []Column { return p.columns }

// Names are the columns' names: what to ask of GetHistoricalFeatures, in this order.
func (p *Plan) Names() []string {
	var out []string
	for _, c := range p.columns {
		out = append(out, c.Name)
	}
	return out
}

const dayMs = 24 * 60 * 60 * 1000

// number is a value of a kind at a moment, in the unit of the column.
func number(kind catalog.Kind, n, asOfMs int64) float64 {
	switch kind {
	case catalog.KindDecimal:
		return float64(n) / 1e6
	case catalog.KindMoment, catalog.KindAge:
		return float64(asOfMs-n) / dayMs
	case catalog.KindDuration:
		return float64(n) / dayMs
	}
	return float64(n)
}

// Fill appends to dst the cells of a customer's values as of a moment, Unix milliseconds; v is read by the catalogue that was planned. Where it was made by that
// catalogue too, as nearly always, they are filled in one pass (TestOnePassFillsTheSame).
func (p *Plan) Fill(dst []Cell, v catalog.Vector, asOfMs int64) []Cell {
	from := len(dst)
	dst = append(dst, p.absent...)
	cells := dst[from:]
	if v.Walk(p.layout, func(position int, n int64, text []byte) {
		switch i := p.places[position]; {
		case i < 0:
		case p.kinds[i] == catalog.KindText:
			cells[i].Text = string(text)
		case p.kinds[i] == catalog.KindTag:
			cells[i].Number = 1
		default:
			cells[i].Number = number(p.kinds[i], n, asOfMs)
		}
	}) {
		return dst
	}
	return p.fill(dst[:from], v, asOfMs)
}

// fill is Fill, value by value.
func (p *Plan) fill(dst []Cell, v catalog.Vector, asOfMs int64) []Cell {
	for i, at := range p.positions {
		cell := missing
		switch kind := p.kinds[i]; kind {
		case catalog.KindText:
			cell.Text, _ = v.Text(at)
		case catalog.KindTag:
			cell.Number = 0
			if _, holds := v.Int(at); holds {
				cell.Number = 1
			}
		default:
			if n, ok := v.Int(at); ok {
				cell.Number = number(kind, n, asOfMs)
			}
		}
		dst = append(dst, cell)
	}
	return dst
}

// FromHistory appends to dst the cells of a row of GetHistoricalFeatures that was asked for Names, in their order.
func (p *Plan) FromHistory(dst []Cell, values []*featurev1.FeatureValue, asOfMs int64) []Cell {
	for i, kind := range p.kinds {
		cell := missing
		switch x := values[i].GetValue().(type) {
		case *featurev1.FeatureValue_Count:
			cell.Number = float64(x.Count)
		case *featurev1.FeatureValue_Decimal:
			if n, err := money.ParseMicros(x.Decimal); err == nil {
				cell.Number = number(kind, n, asOfMs)
			}
		case *featurev1.FeatureValue_MomentMs:
			cell.Number = number(kind, x.MomentMs, asOfMs)
		case *featurev1.FeatureValue_DurationMs:
			cell.Number = number(kind, x.DurationMs, asOfMs)
		case *featurev1.FeatureValue_Text:
			cell.Text = x.Text
		}
		dst = append(dst, cell)
	}
	return dst
}
