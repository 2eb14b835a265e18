package pipeline

import (
	"math"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/table"
)

// codes are a category's values as the models take them.
func codes(c *frame.Column) []int32 {
	out := make([]int32, len(c.Values))
	for i, v := range c.Values {
		if out[i] = -1; !math.IsNaN(v) {
			out[i] = int32(v)
		}
	}
	return out
}

// dataset is a table as trees take it.
func dataset(x *frame.Frame, y []float64) *gbdt.Dataset {
	d := &gbdt.Dataset{Label: y}
	for i := range x.Columns {
		c := &x.Columns[i]
		if c.Kind == frame.Category {
			d.Columns = append(d.Columns, table.Column{Name: c.Name, Codes: codes(c), Categories: c.Levels})
		} else {
			d.Columns = append(d.Columns, table.Column{Name: c.Name, Values: c.Values})
		}
	}
	return d
}

// skewed is from which skewness on a column of numbers, none below zero, is taken on a logarithmic scale by the regression.
const skewed = 2

// columns is a table as the regression takes it. logs says which columns are on a logarithmic scale; nil finds out.
func columns(x *frame.Frame, logs []bool) ([]table.Column, []bool) {
	find := logs == nil
	var out []table.Column
	for i := range x.Columns {
		c := &x.Columns[i]
		if find {
			logs = append(logs, c.Kind == frame.Number && skews(c.Values))
		}
		switch {
		case c.Kind == frame.Category:
			out = append(out, table.Column{Name: c.Name, Codes: codes(c), Categories: c.Levels})
		case logs[i]:
			values := make([]float64, len(c.Values))
			for j, v := range c.Values {
				values[j] = math.Log1p(max(v, 0))
			}
			out = append(out, table.Column{Name: c.Name, Values: values})
		default:
			out = append(out, table.Column{Name: c.Name, Values: c.Values})
		}
	}
	return out, logs
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

func sortedTimes(times []time.Time) []time.Time {
	out := slices.Clone(times)
	slices.SortFunc(out, time.Time.Compare)
	return out
}
