package pipeline

import (
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/evaluate"
)

// The scales on which a model learns amounts.
const (
	plain = ""      // as they are
	log1p = "log1p" // the logarithm of one more than them
	logs  = "log"   // the logarithm of their mean
)

// natural is an amount from its value on a scale.
func natural(scale string, v float64) float64 {
	switch scale {
	case log1p:
		return math.Expm1(max(v, 0))
	case logs:
		return math.Exp(v)
	}
	return v
}

// The kinds of calibration of amounts.
const (
	ratio = "ratio" // as many times as much to everybody
	power = "power" // a power of it, too: a line on the logarithmic scale
)

// Amount makes amounts of what a model gives on its scale, so that they come to the right total. The mean of a logarithm is not the logarithm of the mean:
// without it a model of logarithms says too little, the more so the wilder the amounts.
type Amount struct {
	Scale string  `json:"scale,omitempty"`
	A     float64 `json:"a"`
	B     float64 `json:"b"`
	// Low and High are the least and the most that the model gave where this was fitted: nothing beyond is believed.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// apply is exp(A) times the amount for a ratio, and exp(A + B v) for a power.
func (a *Amount) apply(kind string, v float64) float64 {
	v = min(max(v, a.Low), a.High)
	if kind == ratio {
		return math.Exp(a.A) * natural(a.Scale, v)
	}
	return math.Exp(a.A + a.B*v)
}

func (a *Amount) sound() error {
	ends := finite(a.A, a.B, a.Low, a.High) && a.Low <= a.High && a.B > 0 && (a.Scale == log1p || a.Scale == logs)
	if !ends || !finite(math.Exp(a.A)*natural(a.Scale, a.High), math.Exp(a.A+a.B*a.High)) {
		return fmt.Errorf("amounts on the scale %q with %+v", a.Scale, *a)
	}
	return nil
}

var errNoFit = errors.New("the amounts have no such line")

// fitAmount fits a kind to what a model gave of rows that it had not seen.
func fitAmount(kind, scale string, y, raw []float64) (*Amount, error) {
	a := &Amount{Scale: scale, B: 1, Low: math.Inf(1), High: math.Inf(-1)}
	came, said := 0.0, 0.0
	for i, v := range raw {
		came, said = came+y[i], said+natural(scale, v)
		a.Low, a.High = min(a.Low, v), max(a.High, v)
	}
	if !(came > 0 && said > 0) {
		return nil, errNoFit
	}
	a.A = math.Log(came / said)
	if kind == power {
		var err error
		if a.A, a.B, err = line(y, raw, came); err != nil {
			return nil, err
		}
	}
	return a, a.sound()
}

// line finds exp(a + b v) of the greatest Poisson likelihood, by Newton: it needs amounts of 0 and more, which may be anything else, and its total is right.
func line(y, v []float64, came float64) (a, b float64, err error) {
	n := float64(len(y))
	centre, spread := mean(v), 0.0
	for _, x := range v {
		spread += (x - centre) * (x - centre) / n
	}
	if spread = math.Sqrt(spread); !(spread > 0) {
		return 0, 0, errNoFit
	}
	loss := func(a, b float64) float64 {
		sum := 0.0
		for i, x := range v {
			at := a + b*(x-centre)/spread
			sum += math.Exp(at) - y[i]*at
		}
		return sum
	}
	a, b = math.Log(came/n), .5
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i, x := range v {
			z := (x - centre) / spread
			m := math.Exp(a + b*z)
			ga, gb = ga+y[i]-m, gb+(y[i]-m)*z
			haa, hab, hbb = haa+m, hab+m*z, hbb+m*z*z
		}
		if math.Abs(ga)+math.Abs(gb) <= 1e-9*came {
			return a - b*centre/spread, b / spread, nil
		}
		det := haa*hbb - hab*hab
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		step, before := 1.0, loss(a, b)
		for ; step > 1e-8 && !(loss(a+step*da, b+step*db) <= before+1e-12*came); step /= 2 {
		}
		a, b = a+step*da, b+step*db
	}
	return 0, 0, errNoFit
}

// leastPart of the mean amount is what a prediction counts as at least in the deviance, which is infinite at 0.
const leastPart = 1e-3

// lossOf is what models are chosen by: log-loss; of amounts of 0 and more the deviance, of others the squared error.
func lossOf(kind Kind, y, p []float64) (float64, error) {
	if kind == Binary {
		return evaluate.Binary{Score: p, Label: y}.LogLoss()
	}
	r := evaluate.Real{Predicted: p, Actual: y}
	if negative(y) {
		rmse, err := r.RMSE()
		return rmse * rmse, err
	}
	return r.Deviance(leastPart * mean(y))
}

// negative says that some amount is below 0.
func negative(y []float64) bool {
	for _, v := range y {
		if v < 0 {
			return true
		}
	}
	return false
}
