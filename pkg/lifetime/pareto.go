package lifetime

import "math"

// ParetoNBD is the Pareto / NBD model: purchases come at a rate of one's own (gamma with shape R and rate Alpha) until
// the customer leaves, which may be at any moment, at a rate of one's own (gamma with shape S and rate Beta). Alpha and
// Beta are in the unit of time. Sources: Schmittlein, Morrison and Colombo (1987); Fader and Hardie's notes (2005).
type ParetoNBD struct{ R, Alpha, S, Beta float64 }

// FitParetoNBD finds the parameters of greatest likelihood. CDNOW, 1/10 sample, in weeks: R .553, Alpha 10.578, S .606, Beta 11.669.
func FitParetoNBD(histories []History) (ParetoNBD, Report, error) {
	return fit(histories, "Pareto/NBD", []string{"R", "Alpha", "S", "Beta"}, [][]float64{{0.5, 0.3, 0.6, 0.3}, {2, 1, 1, 2}, {1, 0.5, 0.3, 0.05}}, []int{1, 3},
		func(p []float64) ParetoNBD { return ParetoNBD{p[0], p[1], p[2], p[3]} })
}

// LogLikelihood of one customer's history.
func (m ParetoNBD) LogLikelihood(h History) float64 {
	alive, gone := m.sides(h)
	x := float64(h.Repeats)
	return lgamma(m.R+x) - lgamma(m.R) + m.R*math.Log(m.Alpha) + m.S*math.Log(m.Beta) + logAdd(alive, gone)
}

// sides are the logarithms of the two ways to the history: still there, and left since the last purchase.
func (m ParetoNBD) sides(h History) (alive, gone float64) {
	k := m.R + float64(h.Repeats)
	alive = -k*math.Log(m.Alpha+h.Age) - m.S*math.Log(m.Beta+h.Age)
	return alive, math.Log(m.S) + logDecay(m.Alpha, m.Beta, k, m.S, h.Last, h.Age)
}

// Alive is the chance that the customer has not left.
func (m ParetoNBD) Alive(h History) float64 {
	alive, gone := m.sides(h)
	return odds(gone - alive)
}

// Expected purchases of the customer within the next horizon, 0 or more, in the unit of time.
func (m ParetoNBD) Expected(h History, horizon float64) float64 {
	return m.Alive(h) * (m.R + float64(h.Repeats)) / (m.Alpha + h.Age) * m.stay(m.Beta+h.Age, horizon)
}

// Population is the expected number of repeat purchases of a new customer within the horizon after the first purchase.
func (m ParetoNBD) Population(horizon float64) float64 {
	return m.R / m.Alpha * m.stay(m.Beta, horizon)
}

// stay is the expected time within the horizon before a living customer leaves:
// beta/(s-1) * (1 - (beta/(beta+horizon))^(s-1)), which at s = 1 is beta * ln((beta+horizon)/beta).
func (m ParetoNBD) stay(beta, horizon float64) float64 {
	log := math.Log1p(horizon / beta)
	if d := (m.S - 1) * log; math.Abs(d) > 1e-12 {
		return -beta * math.Expm1(-d) / (m.S - 1)
	}
	return beta * log
}
