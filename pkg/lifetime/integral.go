package lifetime

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// purchases is the expected number within the horizon of a living customer whose rate is gamma(shape, rate) and whose
// chance p of leaving after a purchase is beta(a, b): the mean over p of (1 - (rate/(rate+p*horizon))^shape) / p.
// The papers have (a+b-1)/(a-1) * (1 - (rate/(rate+horizon))^shape * 2F1(shape, b; a+b-1; horizon/(rate+horizon))), which
// is the same and has no value at a = 1.
func purchases(shape, rate, a, b, horizon float64) float64 {
	atNone := shape * horizon / rate
	return betaMean(a, b, atNone, func(p float64) float64 {
		if p*atNone < 1e-12 {
			return atNone
		}
		return -math.Expm1(-shape*math.Log1p(p*horizon/rate)) / p
	})
}

// betaMean is the mean of f over p of beta(a, b). f is smooth on 0..1 and settles where p is far below 1/scale.
//
// The sum is a trapezoid over y = ln(p/(1-p)): there the integrand is smooth up to a distance of pi/2 at least from the
// real line, so that steps of 1/3 are right to about 1e-13 (the error falls like exp(-pi*pi/step)). Far out on both sides
// f is constant and the weight falls by one factor a step: those are geometric series, which keep tiny a and b cheap.
func betaMean(a, b, scale float64, f func(p float64) float64) float64 {
	peak := math.Log(a / b)
	step := min(1.0/3, 0.6*math.Sqrt(1/a+1/b))
	logP, logQ, _ := logit(peak)
	top := a*logP + b*logQ
	sum, weight := 0.0, 0.0
	add := func(y, factor float64) bool {
		logP, logQ, p := logit(y)
		w := math.Exp(a*logP+b*logQ-top) * factor
		sum, weight = sum+w*f(p), weight+w
		return w > 1e-15*weight
	}
	add(peak, 1)
	low, high := -24-math.Log1p(scale), 24.0
	y := peak - step
	for ; y > low && add(y, 1); y -= step {
	}
	if y <= low {
		add(y, -1/math.Expm1(-a*step))
	}
	y = peak + step
	for ; y < high && add(y, 1); y += step {
	}
	if y >= high {
		add(y, -1/math.Expm1(-b*step))
	}
	return sum / weight
}

// logit is p = 1/(1+exp(-y)) with the logarithms of p and 1-p.
func logit(y float64) (logP, logQ, p float64) {
	e := math.Exp(-math.Abs(y))
	l := math.Log1p(e)
	if y < 0 {
		return y - l, -l, e / (1 + e)
	}
	return -l, -y - l, 1 / (1 + e)
}

// nodes and weights of Gauss and Legendre on 0..1.
var nodes, nodeWeights = func() (x, w []float64) {
	x, w = make([]float64, 12), make([]float64, 12)
	quad.Legendre{}.FixedLocations(x, w, 0, 1)
	return x, w
}()

// logDecay is the logarithm of the integral, from y = from to y = to, of (alpha+y)^-k * (beta+y)^-(s+1): what Pareto/NBD's
// likelihood of having left somewhere between the last purchase and now is made of. All arguments are above 0 but from,
// which may be 0. It is -Inf where from = to.
//
// The papers subtract two hypergeometric functions, which loses all digits where from is near to. Here the integrand is
// taken in v = ln of the smaller of alpha+y and beta+y, where it is smooth up to a distance of pi from the real line, in
// panels of 2 at most over which it falls by a factor exp(8) at most: 12 nodes are right to 1e-16. The rest beyond
// exp(-45) of its beginning adds nothing.
func logDecay(alpha, beta, k, s, from, to float64) float64 {
	if from >= to {
		return math.Inf(-1)
	}
	base := min(alpha, beta) + from
	end := math.Log1p((to - from) / base)
	logf := func(v float64) float64 {
		d := base * math.Expm1(v) // y - from
		return v - k*math.Log1p(d/(alpha+from)) - (s+1)*math.Log1p(d/(beta+from))
	}
	// panel is how far the integrand may be taken at once; it falls the faster the larger v.
	panel := func(v float64) float64 {
		width := 2.0
		for {
			y := base * math.Exp(v+width)
			if fall := y * (k/(alpha+from-base+y) + (s+1)/(beta+from-base+y)); width*(fall+1) <= 8 {
				return width
			}
			width /= 2
		}
	}
	sum := 0.0
	for v := 0.0; v < end && logf(v) > -45; {
		width := min(panel(v), end-v)
		for i, x := range nodes {
			sum += nodeWeights[i] * width * math.Exp(logf(v+x*width))
		}
		v += width
	}
	return math.Log(sum) + math.Log(base) - k*math.Log(alpha+from) - (s+1)*math.Log(beta+from)
}
