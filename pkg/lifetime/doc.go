// Package lifetime foretells purchases and spend from three numbers a customer: how many repeat purchases, when the
// last one was, how long the customer has been known. The models are for shops without contract, where nobody says
// goodbye: a customer buys at a rate of his own and at some moment silently stops.
//
//   - BGNBD, MBGNBD, ParetoNBD: how many purchases are still to come, and whether the customer is still there.
//   - GammaGamma: the mean spend of a purchase.
//   - Value: both together, discounted.
//
// A trap, known and tested (TestRankingByAliveIsATrap): BG/NBD calls everybody alive who never bought again, so Alive
// does not rank customers. Rank by Expected. MBGNBD and ParetoNBD do not have the trap.
//
// Fits are by maximum likelihood: every term in logarithms, times and amounts in units of their mean, several starts,
// the best peak. Equal histories are counted, not repeated, so a million customers known by day cost as much as their
// distinct histories. Hypergeometric functions are not used: expectations are integrals over one bounded variable, which
// stay right where the series do not (TestExpectationsHoldWhereSeriesFail).
//
// The figures equal those of Lifetimes 0.11.3 and of the papers (TestEqualToLifetimes, TestCDNOW; scripts/oracles/stats.py).
package lifetime

import (
	"errors"
	"fmt"
	"math"
)

// History is a customer's purchases in one unit of time, the same for all (weeks are usual). Purchases of one day are
// one purchase: the models know no two at one moment.
type History struct {
	// Repeats is the number of purchases after the first.
	Repeats int
	// Last is the time from the first purchase to the last. 0 without repeats, otherwise above 0, at most Age.
	Last float64
	// Age is the time from the first purchase to now. 0 or more.
	Age float64
}

func (h History) check() error {
	switch {
	case h.Repeats < 0:
		return fmt.Errorf("%d repeats: want 0 or more", h.Repeats)
	case !(h.Age >= 0) || math.IsInf(h.Age, 1):
		return fmt.Errorf("age %v: want a finite number of 0 or more", h.Age)
	case h.Repeats == 0 && h.Last != 0:
		return fmt.Errorf("no repeats and the last one at %v: want 0", h.Last)
	case h.Repeats > 0 && !(h.Last > 0 && h.Last <= h.Age):
		return fmt.Errorf("%d repeats and the last one at %v of %v: want above 0, at most the age; purchases of one moment are one purchase", h.Repeats, h.Last, h.Age)
	}
	return nil
}

// ErrNoRepeats is the error of a fit to customers none of whom bought again.
var ErrNoRepeats = errors.New("no customer bought again, so nothing can be learnt about repeat purchases: take a longer span")

// group is customers with one history.
type group struct {
	History
	customers float64
}

// groups checks the histories and counts equal ones, in order of appearance, with times divided by their mean age.
func groups(histories []History) (all []group, unit float64, err error) {
	at := map[History]int{}
	repeats := 0
	for i, h := range histories {
		if err := h.check(); err != nil {
			return nil, 0, fmt.Errorf("customer %d: %w", i, err)
		}
		j, ok := at[h]
		if !ok {
			j, at[h] = len(all), len(all)
			all = append(all, group{History: h})
		}
		all[j].customers++
		repeats += h.Repeats
		unit += h.Age / float64(len(histories))
	}
	if len(histories) == 0 {
		return nil, 0, errors.New("there are no customers")
	}
	if repeats == 0 {
		return nil, 0, ErrNoRepeats
	}
	for i := range all {
		all[i].Last, all[i].Age = all[i].Last/unit, all[i].Age/unit
	}
	return all, unit, nil
}

// lgamma is ln|Gamma(x)|; all arguments here are above 0.
func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// logAdd is ln(exp(a)+exp(b)).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
