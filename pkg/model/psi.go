package model

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// psiFloor is the least share that a bin counts as having: an empty one would make the index infinite.
	psiFloor = 1e-4

	// DriftWatch is the lower of the conventional limits of the index: below it nothing of note has changed. Source of both: Siddiqi, Credit Risk
	// Scorecards (2006), chapter 9; they are older than that and rest on habit, not on a test. See Chance.
	DriftWatch = 0.1
	// DriftActs is the upper one: from it on the population is another one.
	DriftActs = 0.25
)

// PSI is the population stability index of two sets of shares over the same bins: the sum of (a-e) ln(a/e). It is 0 where they are equal, symmetric, and
// has no upper limit that matters. Each set is divided by its sum first, so that counts do as well; a share below 1e-4 counts as 1e-4. It is NaN where one
// of them has nothing, and panics where they have not equally many bins.
//
// Example: .5 and .5 against .6 and .4 is .0405. Source: Lewis, An Introduction to Credit Scoring (1994); it is the divergence J of Kullback and Leibler
// (1951), equation 2.6.
func PSI(expected, actual []float64) float64 {
	if len(expected) != len(actual) {
		panic("model: the index is of two sets of the same bins")
	}
	e, a := 1/sum(expected), 1/sum(actual)
	if math.IsInf(e, 0) || math.IsInf(a, 0) {
		return math.NaN()
	}
	total := 0.0
	for i := range expected {
		was, is := max(psiFloor, expected[i]*e), max(psiFloor, actual[i]*a)
		total += (is - was) * math.Log(is/was)
	}
	return total
}

// Chance is what the index of two samples of one and the same population stays below in 999 of 1,000 draws: how much of an index may be chance alone. bins are
// those that have anything, expected and actual are rows. It is 0 for one bin and infinite without rows.
//
// Example: ten bins, 10,000 rows against 200: .142, so that an index of .1 there says nothing; against 10,000: .0056.
// Source: Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation 14 (2020): the index divided by
// 1/n + 1/m tends to a chi-square of bins-1 degrees of freedom.
func Chance(bins int, expected, actual int64) float64 {
	switch {
	case bins < 2:
		return 0
	case expected <= 0 || actual <= 0:
		return math.Inf(1)
	}
	return distuv.ChiSquared{K: float64(bins - 1)}.Quantile(.999) * (1/float64(expected) + 1/float64(actual))
}

func sum(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	return total
}
