package gbdt

import "math"

// byRow is a loss that is a sum over rows.
type byRow struct {
	objective      Objective
	level          float64
	label, weights []float64
	d              *Dataset
}

// poissonStep makes Poisson's second derivatives larger, as LightGBM's poisson_max_delta_step does: exp is steep, and a
// whole Newton step would overshoot.
const poissonStep = .7

// poissonMost is the longest step of a leaf before the learning rate.
const poissonMost = 5

func (l *byRow) start() float64 {
	if l.objective == Quantile {
		weights := l.weights
		if weights == nil {
			weights = ones(len(l.label))
		}
		return quantileOf(l.label, weights, l.level)
	}
	sum, total := 0.0, 0.0
	for r, y := range l.label {
		w := l.d.weight(r)
		sum += w * y
		total += w
	}
	mean := sum / total
	switch l.objective {
	case Logistic:
		return math.Log(mean / (1 - mean))
	case Poisson:
		return math.Log(mean)
	}
	return mean
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

func (l *byRow) gradients(scores []float64, outside []bool, s *gradients, w workers) {
	w.chunks(len(scores), func(_, from, to int) {
		f, y, g, h := scores[from:to], l.label[from:to], s.g[from:to], s.h[from:to]
		switch l.objective {
		case Logistic:
			logisticGradients(f, y, g, h)
		case Squared:
			for i := range f {
				g[i], h[i] = f[i]-y[i], 1
			}
		case Poisson:
			for i := range f {
				e := math.Exp(f[i])
				g[i], h[i] = e-y[i], e*math.Exp(poissonStep)
			}
		case Quantile:
			for i := range f {
				g[i], h[i] = 1-l.level, 1
				if f[i] < y[i] {
					g[i] = -l.level
				}
			}
		}
		if l.weights != nil {
			for i, v := range l.weights[from:to] {
				g[i] *= v
				h[i] *= v
			}
		}
		for i, out := range outside[from:to] {
			if out {
				g[i], h[i] = 0, 0
			}
		}
	})
}

func logisticGradients(f, y, g, h []float64) {
	y, g, h = y[:len(f)], g[:len(f)], h[:len(f)]
	for i, v := range f {
		p := 1 / (1 + math.Exp(-v))
		g[i], h[i] = p-y[i], max(p*(1-p), 1e-16)
	}
}

func (l *byRow) metric(scores []float64, w workers) float64 {
	total := w.sum(len(scores), func(from, to int) float64 {
		s := 0.0
		for r := from; r < to; r++ {
			s += l.d.weight(r)
		}
		return s
	})
	mean := w.sum(len(scores), func(from, to int) float64 {
		s := 0.0
		for r := from; r < to; r++ {
			s += l.d.weight(r) * l.lossOf(scores[r], l.label[r])
		}
		return s
	}) / total
	if l.objective == Squared {
		return math.Sqrt(mean)
	}
	return mean
}

func (l *byRow) lossOf(f, y float64) float64 {
	switch l.objective {
	case Logistic:
		return max(f, 0) + math.Log1p(math.Exp(-math.Abs(f))) - y*f
	case Poisson:
		return math.Exp(f) - y*f
	case Quantile:
		return max(l.level*(y-f), (l.level-1)*(y-f))
	}
	return (f - y) * (f - y)
}
