// Package warning says which early-warning rules hold for a customer, by what, and at which millisecond time alone will change that. The rules are
// declared in the file of forecasts (pkg/forecast); they need no model, so that they are there on the first day.
//
//   - fell: a count in its recent window is down to a part of what it was in the longer window without the recent one, scaled to the same length: against
//     the customer's own past. The past has to come to something first, since one order is no rhythm.
//   - overdue: the time since a moment is above so many times the customer's own cycle.
//   - unanswered: a moment lies within some days, and another, which would answer it, lies before it.
//
// # Invariants
//
// Of what is absent there is no warning: neither of a feature without a value, nor of one that the customer's layout does not have (TestAbsentIsNoWarning).
//
// The answer is made of integers alone, and is what a naive reckoning with fractions gives (TestAgainstFractions), so that it is the same
// wherever it is asked for. Evidence is for people: floats.
//
// Each rule holds over one span of time, which follows from the values. So Next is exact: the answer is the same up to the millisecond before, and another
// one at it (TestNextIsExact). Windows move by feature sets, which the feature service publishes by itself, so that fell never changes with time alone.
//
// Damaged values read as absent, as everywhere (FuzzLook).
//
// How early the shipped rules fire, and how often falsely, is in docs/churn.md; TestShippedRulesOnHistory measures it on a history with a known truth.
//
// This package reads no clock, holds no state and remembers no moment since which a warning holds: its caller does.
package warning
