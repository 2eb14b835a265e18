// Package linear is logistic regression over a frame: the plain model that others must beat.
//
// Columns are encoded as the field does it (Encoder): numbers less their mean by their deviation, on a logarithmic scale where they are zero or above and
// very skewed; a missing number is the mean and has a column of its own that says so; each category is a column. The loss is the weighted log-loss plus
// L2/2 times the squares of the coefficients, the intercept aside, as scikit-learn's LogisticRegression with C = 1/L2; the minimum is found by L-BFGS.
// The same input gives the same model (TestRepeatable). Its minimum is one: no gradient is left (TestItIsTheMinimum).
package linear

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"github.com/freshet/freshet/pkg/frame"
)

// Params are how a model is fitted.
type Params struct {
	// L2 draws coefficients to zero; above 0.
	L2 float64
}

// Model is a fitted logistic regression. It does not change.
type Model struct {
	Encoder   *Encoder  `json:"encoder"`
	Intercept float64   `json:"intercept"`
	Weights   []float64 `json:"weights"` // by the encoder's columns
}

// Fit fits labels of 0 and 1; weight may be nil.
func Fit(ctx context.Context, p Params, x *frame.Frame, y, weight []float64) (*Model, error) {
	switch {
	case x.Rows == 0:
		return nil, errors.New("there are no rows to learn from")
	case len(y) != x.Rows || weight != nil && len(weight) != x.Rows:
		return nil, fmt.Errorf("%d rows, %d labels and %d weights", x.Rows, len(y), len(weight))
	case !(p.L2 > 0):
		return nil, fmt.Errorf("L2 is %v: give more than 0", p.L2)
	}
	positive := 0.0
	for i, v := range y {
		if v != 0 && v != 1 {
			return nil, fmt.Errorf("label %d is %v, not 0 or 1", i, v)
		}
		positive += v
	}
	if positive == 0 || int(positive) == len(y) {
		return nil, errors.New("all labels are equal")
	}
	m := &Model{Encoder: newEncoder(x)}
	rows, err := m.Encoder.Encode(x)
	if err != nil {
		return nil, err
	}
	f := &fit{p: p, rows: rows, width: m.Encoder.Width(), y: y, weight: weight}
	problem := optimize.Problem{Func: f.loss, Grad: f.gradient, Status: func() (optimize.Status, error) {
		if ctx.Err() != nil {
			return optimize.Failure, ctx.Err()
		}
		return optimize.NotTerminated, nil
	}}
	found, err := optimize.Minimize(problem, make([]float64, f.width+1), &optimize.Settings{GradientThreshold: 1e-6 * float64(x.Rows), MajorIterations: 1000}, &optimize.LBFGS{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if found == nil {
		return nil, fmt.Errorf("fit a logistic regression: %w", err)
	}
	// An error of the line search at the bottom of the valley is none: the loss cannot be told apart any more.
	m.Intercept, m.Weights = found.X[f.width], found.X[:f.width:f.width]
	return m, nil
}

// fit is the loss of coefficients; the last is the intercept.
type fit struct {
	p         Params
	rows      []float64 // row by row
	width     int
	y, weight []float64
}

func (f *fit) score(i int, c []float64) float64 {
	s := c[f.width]
	for j, v := range f.rows[i*f.width : (i+1)*f.width] {
		s += v * c[j]
	}
	return s
}

func (f *fit) w(i int) float64 {
	if f.weight == nil {
		return 1
	}
	return f.weight[i]
}

func (f *fit) loss(c []float64) float64 {
	sum := 0.0
	for i, y := range f.y {
		s := f.score(i, c)
		sum += f.w(i) * (max(s, 0) - y*s + math.Log1p(math.Exp(-math.Abs(s))))
	}
	for _, v := range c[:f.width] {
		sum += f.p.L2 / 2 * v * v
	}
	return sum
}

func (f *fit) gradient(g, c []float64) {
	clear(g)
	for i, y := range f.y {
		d := f.w(i) * (sigmoid(f.score(i, c)) - y)
		for j, v := range f.rows[i*f.width : (i+1)*f.width] {
			g[j] += d * v
		}
		g[f.width] += d
	}
	for j, v := range c[:f.width] {
		g[j] += f.p.L2 * v
	}
}

func sigmoid(s float64) float64 { return 1 / (1 + math.Exp(-s)) }

// Predict gives a probability for each row. The frame needs the columns that the model was fitted on; categories are told by name.
func (m *Model) Predict(x *frame.Frame) ([]float64, error) {
	rows, err := m.Encoder.Encode(x)
	if err != nil {
		return nil, err
	}
	f := fit{rows: rows, width: m.Encoder.Width()}
	c := append(append(make([]float64, 0, f.width+1), m.Weights...), m.Intercept)
	out := make([]float64, x.Rows)
	for i := range out {
		out[i] = sigmoid(f.score(i, c))
	}
	return out, nil
}
