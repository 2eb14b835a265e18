package pipeline

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/table"
)

// Column is what a model takes in one place of its rows.
type Column struct {
	Name string `json:"name"`
	// Category says that it is one of Levels, whose places are the codes; any other text is missing.
	Category bool     `json:"category,omitempty"`
	Levels   []string `json:"levels,omitempty"`
	// Log says that the model takes the logarithm of one more than the number.
	Log bool `json:"log,omitempty"`
}

// number is a number as the model takes it. Infinities are missing, as they are in files.
func (c *Column) number(v float64) float64 {
	switch {
	case math.IsInf(v, 0):
		return math.NaN()
	case c.Log: // NaN stays NaN
		return math.Log1p(max(v, 0))
	}
	return v
}

// schema is what a model takes, in order. All that is learnt from and all that is scored goes through lay, number and codes.
type schema []Column

func schemaOf(x *frame.Frame) schema {
	out := make(schema, len(x.Columns))
	for i, c := range x.Columns {
		out[i] = Column{Name: c.Name, Category: c.Kind == frame.Category, Levels: c.Levels}
	}
	return out
}

// find tells in which columns of the caller's, by name, each column stands. The error names those that are not there, are there twice, or are of the other
// kind. at gives a column's name and kind.
func (s schema) find(columns int, at func(i int) (name string, category bool)) ([]int, error) {
	places := map[string][]int{}
	for i := range columns {
		name, _ := at(i)
		places[name] = append(places[name], i)
	}
	out := make([]int, len(s))
	var gone []string
	var faults []error
	for i, c := range s {
		p := places[c.Name]
		switch {
		case len(p) == 0:
			gone = append(gone, c.Name)
			continue
		case len(p) > 1:
			faults = append(faults, fmt.Errorf("column %s is there %d times", c.Name, len(p)))
		}
		if _, category := at(p[0]); category != c.Category {
			faults = append(faults, fmt.Errorf("column %s: the model takes %s", c.Name, map[bool]string{false: "numbers, and these are texts", true: "texts, and these are numbers"}[c.Category]))
		}
		out[i] = p[0]
	}
	if len(gone) > 0 {
		slices.Sort(gone)
		faults = append(faults, fmt.Errorf("the model takes %d columns that are not there: %s", len(gone), strings.Join(gone, ", ")))
	}
	return out, errors.Join(faults...)
}

// lay is a frame as the model takes it: its columns, by name.
func (s schema) lay(x *frame.Frame) ([]table.Column, error) {
	places, err := s.find(len(x.Columns), func(i int) (string, bool) { return x.Columns[i].Name, x.Columns[i].Kind == frame.Category })
	if err != nil {
		return nil, err
	}
	out := make([]table.Column, len(s))
	for i := range s {
		c := &x.Columns[places[i]]
		if out[i] = (table.Column{Name: c.Name}); s[i].Category {
			out[i].Categories, out[i].Codes = s[i].Levels, s[i].codes(c)
		} else {
			out[i].Values = make([]float64, len(c.Values))
			for r, v := range c.Values {
				out[i].Values[r] = s[i].number(v)
			}
		}
	}
	return out, nil
}

// places are the codes of the levels, by name. A text of nothing is missing.
func (c *Column) places() map[string]int32 {
	out := make(map[string]int32, len(c.Levels))
	for code, level := range c.Levels {
		if level != "" {
			out[level] = int32(code)
		}
	}
	return out
}

// codes are the model's codes of a column's values.
func (c *Column) codes(x *frame.Column) []int32 {
	mine, of := c.places(), make([]int32, len(x.Levels))
	for theirs, level := range x.Levels {
		if code, ok := mine[level]; ok {
			of[theirs] = code
		} else {
			of[theirs] = -1
		}
	}
	out := make([]int32, len(x.Values))
	for r, v := range x.Values {
		if out[r] = -1; !math.IsNaN(v) {
			out[r] = of[int(v)]
		}
	}
	return out
}

// rows are all rows of a frame, one after another, as the model takes them.
func (s schema) rows(x *frame.Frame) ([]float64, error) {
	columns, err := s.lay(x)
	if err != nil {
		return nil, err
	}
	out := make([]float64, x.Rows*len(s))
	for i := range columns {
		for r := range x.Rows {
			out[r*len(s)+i] = columns[i].At(r)
		}
	}
	return out, nil
}

// skewed is from which skewness on a column of numbers, none below zero, is taken on a logarithmic scale by the regression.
const skewed = 2

// skews marks the columns with a long tail.
func (s schema) skews(x *frame.Frame) schema {
	for i := range s {
		s[i].Log = !s[i].Category && skews(x.Columns[i].Values)
	}
	return s
}

// skews says that numbers, none below zero, have a long tail.
func skews(values []float64) bool {
	n, mean, second, third := 0.0, 0.0, 0.0, 0.0
	for _, v := range values {
		if v < 0 {
			return false
		}
		if !math.IsNaN(v) {
			n, mean = n+1, mean+v
		}
	}
	mean /= max(n, 1)
	for _, v := range values {
		if d := v - mean; !math.IsNaN(v) {
			second, third = second+d*d, third+d*d*d
		}
	}
	return second > 0 && third/n > skewed*math.Pow(second/n, 1.5)
}
