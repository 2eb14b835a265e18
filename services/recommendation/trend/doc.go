// Package trend says what is taken more now than it was: by everybody, in a country, in a segment. It is what speaks to visitors of whom nothing is known.
//
// With w the weight of an event (who buys says more than who looks: package learn), t its time, and a short and a long half-life s and l:
//
//	S(i)     = sum of w * 2^(-(now - t) / s)          L(i) = sum of w * 2^(-(now - t) / l)
//	usual(i) = L(i) * s / l                           what S would be if i were always taken at the rate of the long window
//	score(i) = (S(i) - usual(i)) / sqrt(usual(i) + Prior)
//
// which is how many standard deviations of a Poisson count lie between now and usual, with Prior events before a word of a rare item is believed. Only what is above 0 is
// told. In a shop whose long window is younger than itself everything is new, and the score orders as popularity does. Scores of the scopes of one
// question (all, country, segments) are added.
//
// Sums are kept as of a landmark (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time Decay Model for Streaming Systems", ICDE 2009),
// so that time passing costs nothing.
//
// Invariants, each with its test:
//   - scores are those of the formulas over all events, whatever their order, while the bounds are not reached (TestScoresAreTheFormulas);
//   - memory: at most 2 * Options.Items items a scope, and Options.Scopes scopes; beyond them the weakest are forgotten, so that a sum may be too low and never
//     too high, and a scope too many is not begun (TestMemoryIsBounded);
//   - the same events in the same order give the same list (TestTheSameEventsGiveTheSameList);
//   - an event counts at once (TestAnEventCountsAtOnce), and times far apart do not overflow (TestManyHalfLives).
package trend
