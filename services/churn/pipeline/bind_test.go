package pipeline

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/services/churn/row"
)

// mixedColumns are those of mixed in another order, with one more that no model knows.
var mixedColumns = []row.Column{{Name: "plan", Category: true}, {Name: "more"}, {Name: "empty", Category: true}, {Name: "n"}, {Name: "tail"}}

// drawn is a row of cells, and the same as a frame.
func drawn(t *rapid.T) ([]row.Cell, *frame.Frame) {
	number := func(name string) float64 {
		return rapid.OneOf(rapid.Float64(), rapid.Float64Range(-3, 9), rapid.SampledFrom([]float64{nan(), math.Inf(1), math.Inf(-1), 0, -1})).Draw(t, name)
	}
	text := rapid.SampledFrom([]string{"", "basic", "plus", "pro", "team", "never seen"})
	cells := []row.Cell{{Number: nan(), Text: text.Draw(t, "plan")}, {Number: number("more")}, {Number: nan(), Text: text.Draw(t, "empty")}, {Number: number("n")}, {Number: number("tail")}}
	x := &frame.Frame{Rows: 1}
	for i, c := range mixedColumns {
		column := frame.Column{Name: c.Name, Kind: frame.Number, Values: []float64{cells[i].Number}}
		if c.Category {
			if column.Kind = frame.Category; cells[i].Text != "" {
				column.Levels, column.Values = []string{"a", cells[i].Text}, []float64{1}
			}
		}
		x.Columns = append(x.Columns, column)
	}
	return cells, x
}

// bound are all models, bound to cells.
func bound(t *testing.T) map[string]*Scorer {
	out := map[string]*Scorer{}
	for _, kind := range []Kind{Binary, Real} {
		for name, m := range models(t, kind) {
			s, err := m.Bind(mixedColumns)
			if err != nil {
				t.Fatal(name, err)
			}
			out[kind.String()+": "+name] = s
		}
	}
	return out
}

// Whatever is in a row, its score is that of the frame to the bit: alone, in a batch, and explained.
func TestScoringIsPredicting(t *testing.T) {
	all := bound(t)
	rapid.Check(t, func(t *rapid.T) {
		cells, x := drawn(t)
		n := rapid.IntRange(1, 70).Draw(t, "rows")
		for name, s := range all {
			want, err := s.of.Predict(x)
			if err != nil {
				t.Fatal(name, err)
			}
			batch := make([]float64, n)
			if err := s.Scores(slices.Repeat(cells, n), batch); err != nil {
				t.Fatal(name, err)
			}
			score, _, _ := s.Explain(cells)
			if got := s.Score(cells); !same([]float64{got, score}, []float64{want[0], want[0]}) || !same(batch, slices.Repeat(want, n)) {
				t.Fatalf("%s: the frame has %v, the row %v, the batch %v, explained %v", name, want[0], got, batch, score)
			}
		}
	})
}

// An infinity is missing, and so is a text of nothing: as package frame reads files, and package row fills cells.
func TestWhatIsMissing(t *testing.T) {
	for name, s := range bound(t) {
		with := func(plan string, n float64) float64 {
			return s.Score([]row.Cell{{Text: plan}, {}, {}, {Number: n}, {Number: 1}})
		}
		if none := with("pro", nan()); with("pro", math.Inf(1)) != none || with("pro", math.Inf(-1)) != none {
			t.Errorf("%s: an infinity is %v, missing %v", name, with("pro", math.Inf(1)), none)
		}
	}
	c := Column{Category: true, Levels: []string{"", "a"}}
	if got := c.codes(&frame.Column{Levels: []string{"a", ""}, Values: []float64{0, 1, nan()}}); !slices.Equal(got, []int32{1, -1, -1}) {
		t.Errorf("codes are %v", got)
	}
}

func TestContributionsAddUp(t *testing.T) {
	all := bound(t)
	bases := map[string]float64{}
	rapid.Check(t, func(t *rapid.T) {
		cells, x := drawn(t)
		for name, s := range all {
			_, base, list := s.Explain(cells)
			sum := base
			for i, c := range list {
				if want := s.of.schema[i].Name; c.Column != want {
					t.Fatalf("%s: column %d is %s, want %s", name, i, c.Column, want)
				}
				sum += c.Phi
			}
			raw, err := s.of.predict(x)
			if err != nil {
				t.Fatal(err)
			}
			want := raw[0]
			if s.of.Kind == Real {
				want = s.of.Calibration.Apply(want)
			} else {
				want = logit(want)
				if math.Abs(want) > 13 { // the nearest to sure that trees say
					continue
				}
			}
			if math.Abs(sum-want) > 1e-6*max(1, math.Abs(want)) {
				t.Fatalf("%s: %v and %+v come to %v, want %v", name, base, list, sum, want)
			}
			if before, ok := bases[name]; ok && math.Abs(before-base) > 1e-9 {
				t.Fatalf("%s: the base is %v, and was %v", name, base, before)
			}
			bases[name] = base
		}
	})
}

func TestScoringAllocatesNothing(t *testing.T) {
	cells := []row.Cell{{Text: "pro"}, {Number: 3}, {Text: "?"}, {Number: 1}, {Number: 2}}
	many, out := slices.Repeat(cells, 100), make([]float64, 100)
	for name, s := range bound(t) {
		if n := testing.AllocsPerRun(100, func() { s.Score(cells) }); n > 0 {
			t.Errorf("%s: %v allocations a row", name, n)
		}
		if n := testing.AllocsPerRun(20, func() { _ = s.Scores(many, out) }); n > 0 {
			t.Errorf("%s: %v allocations a batch", name, n)
		}
	}
}

func TestColumnsThatAreNotThere(t *testing.T) {
	m := models(t, Binary)["logistic regression, none"]
	for name, c := range map[string]struct {
		columns []row.Column
		want    string
	}{
		"all, and more":    {mixedColumns, ""},
		"two are gone":     {[]row.Column{{Name: "empty", Category: true}, {Name: "tail"}}, "the model takes 2 columns that are not there: n, plan"},
		"of another kind":  {append(slices.Clone(mixedColumns[1:]), row.Column{Name: "plan"}), "column plan: the model takes texts, and these are numbers"},
		"two of one name":  {append(slices.Clone(mixedColumns), row.Column{Name: "n"}), "column n is there 2 times"},
		"nothing is there": {nil, "4 columns that are not there: empty, n, plan, tail"},
	} {
		_, err := m.Bind(c.columns)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if s, _ := m.Bind(mixedColumns); s.Scores(make([]row.Cell, 7), make([]float64, 1)) == nil {
		t.Error("seven cells are no row of five")
	}
}
