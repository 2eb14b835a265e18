package row

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

const kinds = `features:
  - {name: n, description: x, level: basic, aggregate: count, windows: [lifetime]}
  - {name: money, description: x, level: basic, from: orders, aggregate: sum, value: spend, windows: [lifetime]}
  - {name: mean, description: x, level: basic, from: orders, aggregate: average, value: spend, windows: [lifetime]}
  - {name: seen, description: x, level: basic, aggregate: last_time}
  - {name: since, description: x, level: basic, aggregate: since_first}
  - {name: cycle, description: x, level: basic, from: orders, aggregate: gap_mean}
  - {name: word, description: x, level: basic, aggregate: last, value: properties.a}
  - {name: secret, description: x, level: basic, sensitivity: personal, aggregate: last, value: properties.b}
  - {name: tops, description: x, level: basic, aggregate: top, by: properties.a, half_life: 24h}
tags:
  - {name: many, description: x, level: basic, when: n_lifetime > 3}
  - {name: marked, description: x, level: basic, when: n_lifetime > 3 && secret == "x"}
`

// told is a value as GetHistoricalFeatures tells it.
func told(f catalog.Field, v catalog.Value) *featurev1.FeatureValue {
	switch {
	case f.Kind == catalog.KindTag:
		n := int64(0)
		if v.Present {
			n = 1
		}
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: n}}
	case !v.Present:
		return &featurev1.FeatureValue{}
	case f.Kind == catalog.KindCount:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: v.Int}}
	case f.Kind == catalog.KindDecimal:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: money.FormatQuantity(v.Int)}}
	case f.Kind == catalog.KindDuration:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_DurationMs{DurationMs: v.Int}}
	case f.Kind == catalog.KindText:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: v.Text}}
	}
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_MomentMs{MomentMs: v.Int}}
}

// Whatever a customer's values are, training and serving make the same cells of them, to the bit.
func TestTrainingIsServing(t *testing.T) {
	c, err := catalog.Parse(nil, []byte(kinds))
	if err != nil {
		t.Fatal(err)
	}
	p := New(c)
	for _, column := range p.Columns() {
		if column.Name == "secret" || column.Name == "marked" || column.Name == "tops" {
			t.Errorf("%s is a column", column.Name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		l := c.Layout()
		values := make([]catalog.Value, len(l.Fields))
		for i, f := range l.Fields {
			switch {
			case f.Kind == catalog.KindList || !f.Zero && rapid.Bool().Draw(t, "absent"):
			case f.Kind == catalog.KindText:
				values[i] = catalog.Value{Present: true, Text: rapid.StringN(1, 20, 60).Draw(t, "text")}
			default:
				values[i] = catalog.Value{Present: true, Int: rapid.Int64().Draw(t, "value")}
			}
		}
		at := rapid.Int64Range(0, 4e12).Draw(t, "at")
		var history []*featurev1.FeatureValue
		for _, name := range p.Names() {
			i, _ := l.Position(name)
			history = append(history, told(l.Fields[i], values[i]))
		}
		serving := p.Fill(nil, catalog.NewVector(l, l.Encode(nil, values)), at)
		training := p.FromHistory(nil, history, at)
		for i := range serving {
			a, b := serving[i], training[i]
			if math.Float64bits(a.Number) != math.Float64bits(b.Number) || a.Text != b.Text {
				t.Fatalf("%s: serving %v, training %v", p.Columns()[i].Name, a, b)
			}
		}
	})
}

// One pass fills what a look at each position does, also where only some of the values are there, and of values that another layout reads.
func TestOnePassFillsTheSame(t *testing.T) {
	c, err := catalog.Parse(nil, []byte(kinds))
	if err != nil {
		t.Fatal(err)
	}
	p, l := New(c), c.Layout()
	rapid.Check(t, func(t *rapid.T) {
		values := make([]catalog.Value, len(l.Fields))
		for i, f := range l.Fields {
			if rapid.Bool().Draw(t, "there") {
				values[i] = catalog.Value{Present: true, Int: rapid.Int64().Draw(t, "value")}
				if f.Kind == catalog.KindText {
					values[i].Text = rapid.StringN(0, 20, 60).Draw(t, "text")
				}
			}
		}
		for _, v := range []catalog.Vector{
			catalog.NewVector(l, l.Encode(nil, values)), catalog.NewVector(l.Plain(), l.Plain().Encode(nil, values)), catalog.NewVector(l, rapid.SliceOf(rapid.Byte()).Draw(t, "damage")),
		} {
			one, each := p.Fill(make([]Cell, 2), v, 7), p.fill(nil, v, 7)
			if len(one) != 2+len(each) {
				t.Fatalf("%d cells, want %d", len(one)-2, len(each))
			}
			for i := range each {
				if a, b := one[i+2], each[i]; math.Float64bits(a.Number) != math.Float64bits(b.Number) || a.Text != b.Text {
					t.Fatalf("%s: %v in one pass, %v by itself", p.Columns()[i].Name, a, b)
				}
			}
		}
	})
}
