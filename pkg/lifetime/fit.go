package lifetime

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Report says how a fit went.
type Report struct {
	// Customers that the model was fitted to.
	Customers int
	// LogLikelihood of all of them at the parameters. Higher is better; comparable between models of the same customers.
	LogLikelihood float64
	// Parameters in the order of the model's fields.
	Parameters []Parameter
}

// Parameter is a fitted number.
type Parameter struct {
	Name  string
	Value float64
	// StandardError by the curvature of the likelihood. 0 means that it could not be found: the likelihood is flat there.
	StandardError float64
	// Bound says that the likelihood rises towards 0 or infinity and the fit stopped on the way: the customers are too few
	// or too much alike to tell. What is foretold is still sane; the parameter by itself means nothing.
	Bound bool
}

// wall is how far the logarithm of a parameter, in units of the mean, may go before the likelihood is held against it.
const wall = 8.0

// likely is a model of one customer's history.
type likely interface{ LogLikelihood(History) float64 }

// fit finds the parameters of a model of histories. Starts are in units of the mean age; times are the places of the
// parameters that are times.
func fit[M likely](histories []History, name string, names []string, starts [][]float64, times []int, model func([]float64) M) (M, Report, error) {
	var none M
	all, unit, err := groups(histories)
	if err != nil {
		return none, Report{}, fmt.Errorf("fit %s: %w", name, err)
	}
	total := func(p []float64) float64 {
		m, sum := model(p), 0.0
		for _, g := range all {
			sum += g.customers * m.LogLikelihood(g.History)
		}
		return sum
	}
	parameters, err := maximise(names, starts, float64(len(histories)), total)
	if err != nil {
		return none, Report{}, fmt.Errorf("fit %s: %w", name, err)
	}
	for _, i := range times {
		parameters[i].Value *= unit
		parameters[i].StandardError *= unit
	}
	m := model(values(parameters))
	report := Report{Customers: len(histories), Parameters: parameters}
	for _, h := range histories {
		report.LogLikelihood += m.LogLikelihood(h)
	}
	return m, report, nil
}

func values(parameters []Parameter) []float64 {
	out := make([]float64, len(parameters))
	for i, p := range parameters {
		out[i] = p.Value
	}
	return out
}

// maximise climbs from every start, over the logarithms of the parameters, and takes the highest peak.
func maximise(names []string, starts [][]float64, n float64, total func([]float64) float64) ([]Parameter, error) {
	loss := func(logs []float64) float64 {
		held := 0.0
		p := make([]float64, len(logs))
		for i, l := range logs {
			p[i] = math.Exp(l)
			over := max(math.Abs(l)-wall, 0)
			held += over * over
		}
		return -total(p)/n + held
	}
	var best *optimize.Result
	for _, start := range starts {
		if r := climb(loss, start); r != nil && (best == nil || r.F < best.F) {
			best = r
		}
	}
	if best == nil {
		return nil, errors.New("the likelihood has no value at any start: check that times and amounts are in one sensible unit")
	}
	if g := fd.Gradient(nil, loss, best.X, central()); mat.Norm(mat.NewVecDense(len(g), g), math.Inf(1)) > 1e-4 {
		return nil, fmt.Errorf("the climb stopped before the peak of the likelihood (slope %.2g)", mat.Norm(mat.NewVecDense(len(g), g), math.Inf(1)))
	}
	return describe(names, best.X, n, loss), nil
}

func central() *fd.Settings { return &fd.Settings{Formula: fd.Central} }

// climb goes from one start; nil when it leads nowhere.
func climb(loss func([]float64) float64, start []float64) *optimize.Result {
	logs := make([]float64, len(start))
	for i, s := range start {
		logs[i] = math.Log(s)
	}
	problem := optimize.Problem{Func: loss, Grad: func(grad, x []float64) { fd.Gradient(grad, loss, x, central()) }}
	settings := &optimize.Settings{GradientThreshold: 1e-8, MajorIterations: 300, FuncEvaluations: 3000, Converger: &optimize.FunctionConverge{Absolute: 1e-13, Iterations: 8}}
	// The error is of a line search that finds nothing better, which at the peak it cannot: maximise looks at the slope itself.
	r, _ := optimize.Minimize(problem, logs, settings, &optimize.LBFGS{})
	if r == nil || math.IsNaN(r.F) || math.IsInf(r.F, 0) {
		return nil
	}
	return r
}

// describe gives the parameters with their standard errors: those of the logarithms, by the inverse of the curvature,
// times the parameter (delta method).
func describe(names []string, logs []float64, n float64, loss func([]float64) float64) []Parameter {
	h := mat.NewSymDense(len(logs), nil)
	fd.Hessian(h, loss, logs, nil)
	h.ScaleSym(n, h)
	var chol mat.Cholesky
	var cov mat.SymDense
	known := chol.Factorize(h) && chol.InverseTo(&cov) == nil
	out := make([]Parameter, len(logs))
	for i, l := range logs {
		out[i] = Parameter{Name: names[i], Value: math.Exp(l), Bound: math.Abs(l) > wall}
		if known && !out[i].Bound {
			out[i].StandardError = out[i].Value * math.Sqrt(cov.At(i, i))
		}
	}
	return out
}
