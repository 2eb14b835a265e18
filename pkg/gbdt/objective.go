package gbdt

import (
	"cmp"
	"math"
	"slices"
)

// gradient is the first and second derivative of a row's loss by its score, times its weight.
type gradient struct{ g, h float64 }

// sigmoid is 1/(1+e^-x).
func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// start is the score before the first tree: the best constant.
func start(o Objective, p Params, d *Data) float64 {
	sum, all := 0.0, 0.0
	for i, y := range d.Y {
		w := d.weight(i)
		sum += w * y
		all += w
	}
	mean := sum / all
	switch o {
	case Logistic:
		mean = min(max(mean, 1e-6), 1-1e-6)
		return math.Log(mean / (1 - mean))
	case Squared:
		return mean
	case Poisson:
		return math.Log(max(mean, 1e-6))
	case Quantile:
		rows := make([]int, len(d.Y))
		for i := range rows {
			rows[i] = i
		}
		return quantile(rows, p.Alpha, func(i int) float64 { return d.Y[i] }, d.weight)
	default:
		return 0
	}
}

// quantile is the smallest value with at least alpha of the weight at or below it.
func quantile(rows []int, alpha float64, value, weight func(i int) float64) float64 {
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(value(a), value(b)), cmp.Compare(a, b)) })
	all := 0.0
	for _, i := range order {
		all += weight(i)
	}
	held := 0.0
	for _, i := range order {
		if held += weight(i); held >= alpha*all {
			return value(i)
		}
	}
	return value(order[len(order)-1])
}

// gradients fills out for rows from on to, of scores.
func gradients(p Params, d *Data, scores []float64, out []gradient, from, to int) {
	for i := from; i < to; i++ {
		w, s, y := d.weight(i), scores[i], d.Y[i]
		switch p.Objective {
		case Logistic:
			q := sigmoid(s)
			out[i] = gradient{w * (q - y), w * max(q*(1-q), 1e-16)}
		case Squared:
			out[i] = gradient{w * (s - y), w}
		case Poisson:
			e := math.Exp(min(s, 30))
			out[i] = gradient{w * (e - y), w * e}
		case Quantile:
			g := 1 - p.Alpha
			if y > s {
				g = -p.Alpha
			}
			out[i] = gradient{w * g, w}
		}
	}
}

// loss is the mean loss of scores: in nats, squared error, Poisson deviance by two, pinball loss; of LambdaRank 1 less the mean NDCG at 10.
func loss(p Params, d *Data, scores []float64) float64 {
	if p.Objective == LambdaRank {
		return 1 - meanNDCG(d, scores, 10)
	}
	sum, all := 0.0, 0.0
	for i, y := range d.Y {
		w, s := d.weight(i), scores[i]
		all += w
		switch p.Objective {
		case Logistic: // log(1+e^s) - y s, without overflow
			sum += w * (max(s, 0) - y*s + math.Log1p(math.Exp(-math.Abs(s))))
		case Squared:
			sum += w * (s - y) * (s - y)
		case Poisson:
			sum += w * (math.Exp(min(s, 30)) - y*s)
		case Quantile:
			sum += w * max(p.Alpha*(y-s), (p.Alpha-1)*(y-s))
		}
	}
	return sum / all
}

// answer turns a score into what the objective predicts.
func (o Objective) answer(score float64) float64 {
	switch o {
	case Logistic:
		return sigmoid(score)
	case Poisson:
		return math.Exp(score)
	default:
		return score
	}
}
