package linear

import (
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/frame"
)

// skewed is from which skewness on a column of numbers, none below zero, is taken on a logarithmic scale.
const skewed = 2

// Encoder makes rows of numbers of a frame's columns.
type Encoder struct {
	Inputs []Input `json:"inputs"`
}

// Input is how one column is encoded.
type Input struct {
	Name string `json:"name"`
	// Levels are a category's, each of which has a column; nil for numbers.
	Levels []string `json:"levels,omitempty"`
	// Log says that numbers are taken as log(1+x).
	Log             bool    `json:"log,omitempty"`
	Mean, Deviation float64 // of numbers, on that scale
	// Missing says that a column tells which numbers were missing.
	Missing bool `json:"missing,omitempty"`
}

// Width is how many numbers a row has of the input.
func (in *Input) Width() int {
	switch {
	case in.Levels != nil:
		return len(in.Levels)
	case in.Missing:
		return 2
	}
	return 1
}

// Width is how many numbers a row has.
func (e *Encoder) Width() int {
	n := 0
	for i := range e.Inputs {
		n += e.Inputs[i].Width()
	}
	return n
}

func newEncoder(x *frame.Frame) *Encoder {
	e := &Encoder{}
	for i := range x.Columns {
		c := &x.Columns[i]
		if c.Kind == frame.Category {
			e.Inputs = append(e.Inputs, Input{Name: c.Name, Levels: append([]string{}, c.Levels...)})
			continue
		}
		in := Input{Name: c.Name}
		mean, deviation, skew, least, there := moments(c.Values, false)
		if in.Missing = there > 0 && there < x.Rows; there > 0 && least >= 0 && skew > skewed {
			in.Log = true
			mean, deviation, _, _, _ = moments(c.Values, true)
		}
		in.Mean, in.Deviation = mean, deviation
		e.Inputs = append(e.Inputs, in)
	}
	return e
}

// moments are of the values that are there, on a logarithmic scale when log is set. A constant has deviation 0.
func moments(values []float64, log bool) (mean, deviation, skew, least float64, there int) {
	least = math.Inf(1)
	sum := 0.0
	each := func(f func(v float64)) {
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			if log {
				v = math.Log1p(v)
			}
			f(v)
		}
	}
	each(func(v float64) {
		sum += v
		there++
		least = min(least, v)
	})
	if there == 0 {
		return 0, 0, 0, 0, 0
	}
	mean = sum / float64(there)
	second, third := 0.0, 0.0
	each(func(v float64) {
		d := v - mean
		second += d * d
		third += d * d * d
	})
	if deviation = math.Sqrt(second / float64(there)); deviation <= 1e-12*math.Abs(mean) {
		return mean, 0, 0, least, there
	}
	return mean, deviation, third / float64(there) / (deviation * deviation * deviation), least, there
}

// Encode gives the rows of a frame, one behind the other, Width numbers each.
func (e *Encoder) Encode(x *frame.Frame) ([]float64, error) {
	width := e.Width()
	out := make([]float64, x.Rows*width)
	at := 0
	for i := range e.Inputs {
		in := &e.Inputs[i]
		c := x.Find(in.Name)
		if c == nil || (c.Kind == frame.Category) != (in.Levels != nil) {
			return nil, fmt.Errorf("the table has no column %q of the kind that the model was fitted on", in.Name)
		}
		if in.Levels != nil {
			in.levels(c, out[at:], width)
		} else {
			in.numbers(c, out[at:], width)
		}
		at += in.Width()
	}
	return out, nil
}

func (in *Input) levels(c *frame.Column, out []float64, width int) {
	place := map[string]int{}
	for i, l := range in.Levels {
		place[l] = i
	}
	for row := range c.Values {
		if l, ok := c.Level(row); ok {
			if i, known := place[l]; known {
				out[row*width+i] = 1
			}
		}
	}
}

func (in *Input) numbers(c *frame.Column, out []float64, width int) {
	for row, v := range c.Values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0) || in.Log && v <= -1:
			if in.Missing {
				out[row*width+1] = 1
			}
		case in.Deviation > 0:
			if in.Log {
				v = math.Log1p(v)
			}
			out[row*width] = (v - in.Mean) / in.Deviation
		}
	}
}
