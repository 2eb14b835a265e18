package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"

	"github.com/freshet/freshet/pkg/table"
)

// flat is the largest slope of the loss, a row, that counts as the bottom.
const flat = 1e-7

// Fit trains a logistic regression. Every column has as many rows as label, which is 0 or 1. weight may be nil: 1 for all.
func Fit(columns []table.Column, label, weight []float64, p Params) (*Model, error) {
	m, err := train(columns, label, weight, p, logistic)
	if err != nil {
		return nil, fmt.Errorf("fit logistic regression: %w", err)
	}
	return m, nil
}

// FitRidge trains a ridge regression: label is any amount, and Margin what the model foretells of it. weight may be nil: 1 for all.
func FitRidge(columns []table.Column, label, weight []float64, p Params) (*Model, error) {
	m, err := train(columns, label, weight, p, squared)
	if err != nil {
		return nil, fmt.Errorf("fit ridge regression: %w", err)
	}
	return m, nil
}

// FitPoisson trains a regression of amounts of 0 and more, many of which may be 0: the exponential of Margin is what the model foretells, and the total of that
// over the rows is the label's. The loss is minus the Poisson likelihood, of amounts in units of their mean. weight may be nil: 1 for all.
func FitPoisson(columns []table.Column, label, weight []float64, p Params) (*Model, error) {
	m, err := train(columns, label, weight, p, poisson)
	if err != nil {
		return nil, fmt.Errorf("fit Poisson regression: %w", err)
	}
	return m, nil
}

// kind is a loss and what a margin is.
type kind uint8

const (
	logistic kind = iota // log-loss, log-odds
	squared              // half the squared error, an amount
	poisson              // minus the Poisson likelihood, the logarithm of an amount
)

func train(columns []table.Column, label, weight []float64, p Params, k kind) (*Model, error) {
	p, err := p.check()
	if err == nil {
		err = checkRows(columns, label, weight, k)
	}
	if err != nil {
		return nil, err
	}
	all, width, err := encode(columns, weight)
	if err != nil {
		return nil, err
	}
	mean, scale := 0.0, 1.0
	switch k {
	case squared:
		label, mean, scale = standardised(label, weight)
	case poisson:
		label, mean = inMeans(label, weight)
	}
	l := newLoss(all, width, label, weight, p.L2)
	l.kind = k
	x, err := l.minimise()
	if err != nil {
		return nil, err
	}
	for i := range x {
		x[i] *= scale
	}
	if k == poisson {
		mean = math.Log(mean)
	}
	m := &Model{Intercept: x[width] + mean}
	for i := range all {
		m.Columns = append(m.Columns, all[i].finish(x, weight))
	}
	return m, nil
}

// standardised are amounts of mean 0 and standard deviation 1: the same L2 then gives the same model, and the minimum is as easy to find in any unit.
func standardised(label, weight []float64) (out []float64, mean, scale float64) {
	all := 0.0
	for i, l := range label {
		all += weightOf(weight, i)
		mean += weightOf(weight, i) * l
	}
	mean /= all
	for i, l := range label {
		scale += weightOf(weight, i) / all * (l - mean) * (l - mean)
	}
	if scale = math.Sqrt(scale); scale == 0 { // amounts that differ by less than can be squared
		scale = 1
	}
	out = make([]float64, len(label))
	for i, l := range label {
		out[i] = (l - mean) / scale
	}
	return out, mean, scale
}

// inMeans are amounts in units of their mean.
func inMeans(label, weight []float64) (out []float64, mean float64) {
	all := 0.0
	for i, l := range label {
		all += weightOf(weight, i)
		mean += weightOf(weight, i) * l
	}
	mean /= all
	out = make([]float64, len(label))
	for i, l := range label {
		out[i] = l / mean
	}
	return out, mean
}

// loss is the function that is minimised, a row. Its point is the coefficients and, last, the intercept.
type loss struct {
	columns []encoded
	label   []float64
	weight  []float64
	total   float64 // of the weights
	width   int
	l2      float64
	kind    kind

	at     []float64 // the point that margin is of
	margin []float64
}

func newLoss(columns []encoded, width int, label, weight []float64, l2 float64) *loss {
	l := &loss{columns: columns, label: label, weight: weight, width: width, l2: l2, margin: make([]float64, len(label))}
	for i := range label {
		l.total += weightOf(weight, i)
	}
	return l
}

// minimise starts with no effects and the base rate, whose slope towards the intercept is 0.
func (l *loss) minimise() ([]float64, error) {
	start := make([]float64, l.width+1)
	yes := 0.0
	for i, label := range l.label {
		yes += weightOf(l.weight, i) * label
	}
	switch l.kind {
	case logistic:
		start[l.width] = math.Log(yes / (l.total - yes))
	case squared:
		start[l.width] = yes / l.total
	case poisson:
		start[l.width] = math.Log(yes / l.total)
	}
	if l.width == 0 {
		return start, nil
	}
	// gonum's default line search: the one of More and Thuente was seen to go on for ever at the bottom of a fold of Telco.
	// At the bottom the loss can no longer be told apart while the slope still can: without an end to its patience it was seen to ask ten thousand times.
	settings := &optimize.Settings{GradientThreshold: 1e-9, FuncEvaluations: 2000, Converger: &optimize.FunctionConverge{Absolute: 1e-14, Iterations: 12}}
	// The error is of a line search that finds nothing lower, which at the bottom it cannot: the slope itself tells.
	r, err := optimize.Minimize(optimize.Problem{Func: l.value, Grad: l.slope}, start, settings, &optimize.LBFGS{})
	if r == nil {
		return nil, err
	}
	g := make([]float64, l.width+1)
	l.slope(g, r.X)
	if steepest := floats.Norm(g, math.Inf(1)); !(steepest <= flat) {
		return nil, fmt.Errorf("the loss has not reached its bottom after %d steps (slope %.2g): raise L2", r.Stats.MajorIterations, steepest)
	}
	return r.X, nil
}

// move computes the margins at x, column by column, unless they are there.
func (l *loss) move(x []float64) {
	if l.at != nil && floats.Equal(l.at, x) {
		return
	}
	l.at = append(l.at[:0], x...)
	for i := range l.margin {
		l.margin[i] = x[l.width]
	}
	for _, c := range l.columns {
		if c.z != nil {
			floats.AddScaled(l.margin, x[c.slope], c.z)
		}
		for i, place := range c.mark {
			if place >= 0 {
				l.margin[i] += x[place]
			}
		}
	}
}

func (l *loss) value(x []float64) float64 {
	l.move(x)
	sum := 0.0
	for i, f := range l.margin {
		switch l.kind {
		case squared:
			sum += weightOf(l.weight, i) / 2 * (f - l.label[i]) * (f - l.label[i])
			continue
		case poisson:
			sum += weightOf(l.weight, i) * (math.Exp(f) - l.label[i]*f)
			continue
		}
		// ln(1+exp(f)) - label*f without overflow.
		sum += weightOf(l.weight, i) * (max(f, 0) - l.label[i]*f + math.Log1p(math.Exp(-math.Abs(f))))
	}
	coefficients := x[:l.width]
	return (sum + l.l2/2*floats.Dot(coefficients, coefficients)) / l.total
}

func (l *loss) slope(grad, x []float64) {
	l.move(x)
	residual := make([]float64, len(l.margin))
	for i, f := range l.margin {
		switch l.kind {
		case logistic:
			f = sigmoid(f)
		case poisson:
			f = math.Exp(f)
		}
		residual[i] = weightOf(l.weight, i) / l.total * (f - l.label[i])
	}
	for i, c := range x[:l.width] {
		grad[i] = l.l2 / l.total * c
	}
	grad[l.width] = floats.Sum(residual)
	for _, c := range l.columns {
		if c.z != nil {
			grad[c.slope] += floats.Dot(residual, c.z)
		}
		for i, place := range c.mark {
			if place >= 0 {
				grad[place] += residual[i]
			}
		}
	}
}
