package pipeline

import (
	"math"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/linear"
)

// form is a fitted model of rows that a schema has laid out. It is not changed by use. What it gives is raw: a probability before calibration, or an
// amount on the scale that the model learnt it on.
type form interface {
	// one gives the raw value of a row, many those of rows one after another: the same, to the bit.
	one(row []float64) float64
	many(rows, out []float64)
	// explain writes what each column adds, and returns what all of them are added to: the sum is the logit of a raw probability, or the raw amount.
	explain(row, out []float64) (base float64)
}

// fitted is a form with the schema that it was fitted by.
type fitted struct {
	schema
	form
}

// predict gives the raw values of a frame's rows.
func (f *fitted) predict(x *frame.Frame) ([]float64, error) {
	rows, err := f.rows(x)
	if err != nil {
		return nil, err
	}
	out := make([]float64, x.Rows)
	f.many(rows, out)
	return out, nil
}

// constant gives everybody the same.
type constant struct {
	kind  Kind
	value float64
}

func (c constant) one([]float64) float64 { return c.value }

func (c constant) many(_, out []float64) {
	for i := range out {
		out[i] = c.value
	}
}

func (c constant) explain(_, _ []float64) float64 {
	if c.kind == Real {
		return c.value
	}
	return logit(c.value)
}

// trees are boosted trees, or a forest.
type trees struct {
	kind Kind
	*gbdt.Model
}

// sure is how near to 0 and 1 a probability of trees may be: a forest is sure of a leaf of one label.
const sure = 1e-6

func clamp(p float64) float64 { return min(max(p, sure), 1-sure) }

func (t trees) one(row []float64) float64 {
	if t.kind == Real {
		return t.Score(row)
	}
	return clamp(t.Predict(row))
}

func (t trees) many(rows, out []float64) {
	of := t.Predictions
	if t.kind == Real {
		of = t.Scores
	}
	if err := of(rows, out); err != nil {
		panic(err) // the schema lays out as many numbers a row as the model has features
	}
	if t.kind == Binary {
		for i, p := range out {
			out[i] = clamp(p)
		}
	}
}

func (t trees) explain(row, out []float64) float64 {
	all := make([]float64, len(row)+1)
	if err := t.Contributions(row, all); err != nil {
		panic(err) // as above
	}
	copy(out, all)
	base := all[len(row)]
	if t.kind == Binary && t.Objective != gbdt.Logistic { // a forest adds up shares of leavers
		return stretch(out[:len(row)], base, func(p float64) float64 { return logit(clamp(p)) })
	}
	return base
}

// stretch makes contributions to a value contributions to what a rising function makes of it: all grow alike, so that they still add up.
func stretch(phi []float64, base float64, of func(float64) float64) float64 {
	sum := 0.0
	for _, v := range phi {
		sum += v
	}
	var slope float64
	if near := 1e-6 * max(1, math.Abs(base)); math.Abs(sum) > near {
		slope = (of(base+sum) - of(base)) / sum
	} else {
		slope = (of(base+near) - of(base-near)) / (2 * near)
	}
	for i := range phi {
		phi[i] *= slope
	}
	return of(base)
}

// regression is linear: logistic for probabilities, ridge for amounts.
type regression struct {
	kind Kind
	*linear.Model
}

func (r regression) one(row []float64) float64 {
	if r.kind == Real {
		return r.Margin(row)
	}
	return r.Probability(row)
}

func (r regression) many(rows, out []float64) {
	n := len(r.Columns)
	for i := range out {
		out[i] = r.one(rows[i*n : i*n+n])
	}
}

func (r regression) explain(row, out []float64) float64 { return r.Explain(row, out) }
