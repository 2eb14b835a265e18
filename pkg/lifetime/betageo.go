package lifetime

import "math"

// BGNBD is the beta-geometric / NBD model: purchases come at a rate of one's own (gamma with shape R and rate Alpha);
// after each purchase the customer leaves with a chance of one's own (beta with A and B). Alpha is in the unit of time.
// Source: Fader, Hardie and Lee, "Counting Your Customers the Easy Way" (2005).
type BGNBD struct{ R, Alpha, A, B float64 }

// FitBGNBD finds the parameters of greatest likelihood. CDNOW, 1/10 sample, in weeks: R .243, Alpha 4.414, A .793, B 2.426.
func FitBGNBD(histories []History) (BGNBD, Report, error) {
	return fit(histories, "BG/NBD", []string{"R", "Alpha", "A", "B"}, betaStarts, []int{1},
		func(p []float64) BGNBD { return BGNBD{p[0], p[1], p[2], p[3]} })
}

var betaStarts = [][]float64{{0.5, 0.2, 0.8, 2}, {2, 1, 0.5, 5}, {1, 0.5, 3, 3}}

// LogLikelihood of one customer's history.
func (m BGNBD) LogLikelihood(h History) float64 {
	x := float64(h.Repeats)
	common := lgamma(m.R+x) - lgamma(m.R) + m.R*math.Log(m.Alpha) +
		lgamma(m.A+m.B) + lgamma(m.B+x) - lgamma(m.B) - lgamma(m.A+m.B+x)
	alive := -(m.R + x) * math.Log(m.Alpha+h.Age)
	if h.Repeats == 0 {
		return common + alive
	}
	gone := math.Log(m.A) - math.Log(m.B+x-1) - (m.R+x)*math.Log(m.Alpha+h.Last)
	return common + logAdd(alive, gone)
}

// Alive is the chance that the customer has not left. It is 1 for everybody without repeats: do not rank by it.
func (m BGNBD) Alive(h History) float64 {
	if h.Repeats == 0 {
		return 1
	}
	x := float64(h.Repeats)
	return odds(math.Log(m.A) - math.Log(m.B+x-1) + (m.R+x)*(math.Log(m.Alpha+h.Age)-math.Log(m.Alpha+h.Last)))
}

// Expected purchases of the customer within the next horizon, 0 or more, in the unit of time.
func (m BGNBD) Expected(h History, horizon float64) float64 {
	x := float64(h.Repeats)
	return m.Alive(h) * purchases(m.R+x, m.Alpha+h.Age, m.A, m.B+x, horizon)
}

// Buys is the chance of one purchase or more within the next horizon, 0 or more, in the unit of time: of somebody who has not left, since one leaves only
// after a purchase; the rate of those who made Repeats in Age is a gamma of R+Repeats and Alpha+Age. It orders as Expected does, nearly.
func (m BGNBD) Buys(h History, horizon float64) float64 {
	return m.Alive(h) * -math.Expm1((m.R+float64(h.Repeats))*math.Log((m.Alpha+h.Age)/(m.Alpha+h.Age+horizon)))
}

// Population is the expected number of repeat purchases of a new customer within the horizon after the first purchase.
func (m BGNBD) Population(horizon float64) float64 {
	return purchases(m.R, m.Alpha, m.A, m.B, horizon)
}

// MBGNBD is BGNBD with one change: a customer may leave right after the first purchase too, so that those who never came
// back are not all called alive. Source: Batislam, Denizel and Filiztekin (2007).
type MBGNBD struct{ R, Alpha, A, B float64 }

// FitMBGNBD finds the parameters of greatest likelihood. CDNOW, 1/10 sample, in weeks: R .525, Alpha 6.183, A .891, B 1.614.
func FitMBGNBD(histories []History) (MBGNBD, Report, error) {
	return fit(histories, "MBG/NBD", []string{"R", "Alpha", "A", "B"}, betaStarts, []int{1},
		func(p []float64) MBGNBD { return MBGNBD{p[0], p[1], p[2], p[3]} })
}

// LogLikelihood of one customer's history.
func (m MBGNBD) LogLikelihood(h History) float64 {
	x := float64(h.Repeats)
	common := lgamma(m.R+x) - lgamma(m.R) + m.R*math.Log(m.Alpha) +
		lgamma(m.A+m.B) + lgamma(m.B+x+1) - lgamma(m.B) - lgamma(m.A+m.B+x+1)
	alive := -(m.R + x) * math.Log(m.Alpha+h.Age)
	gone := math.Log(m.A) - math.Log(m.B+x) - (m.R+x)*math.Log(m.Alpha+h.Last)
	return common + logAdd(alive, gone)
}

// Alive is the chance that the customer has not left.
func (m MBGNBD) Alive(h History) float64 {
	x := float64(h.Repeats)
	return odds(math.Log(m.A) - math.Log(m.B+x) + (m.R+x)*(math.Log(m.Alpha+h.Age)-math.Log(m.Alpha+h.Last)))
}

// Expected purchases of the customer within the next horizon, 0 or more, in the unit of time.
func (m MBGNBD) Expected(h History, horizon float64) float64 {
	x := float64(h.Repeats)
	return m.Alive(h) * purchases(m.R+x, m.Alpha+h.Age, m.A, m.B+x+1, horizon)
}

// Population is the expected number of repeat purchases of a new customer within the horizon after the first purchase.
func (m MBGNBD) Population(horizon float64) float64 {
	return m.B / (m.A + m.B) * purchases(m.R, m.Alpha, m.A, m.B+1, horizon)
}

// odds is 1/(1+exp(logOdds)): the chance of the one against which the odds are.
func odds(logOdds float64) float64 {
	if logOdds > 0 {
		e := math.Exp(-logOdds)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(logOdds))
}
