// Package experiment shares visitors out over the variants of a scene and says what can be said of the difference, at every moment.
//
// # Shares
//
// Assign is a function of (salt, workspace, customer) and the shares: no state, the same on every replica. Shares are met (TestSharesAreMet). A variant that is added at the end,
// with the others' shares shrunk alike, takes visitors from the others and moves nobody between them (TestAVariantAtTheEndMovesOnlyWhoMustMove). Two scenes
// with different salts share out independently (TestSaltsAreIndependent).
//
// # Comparison
//
// A dashboard is looked at every day, and a fixed test of 5 % that is looked at every day is wrong far more often than in 5 % of all cases. So the intervals here are
// confidence sequences: with probability 0.95 the truth is inside at EVERY moment at once, and whoever stops when he likes what he sees is not fooled
// (TestPeekingIsNotPunished, beside the fixed test on the same data). The method is the asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas,
// "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), theorem 2.2, for the difference of two means in a randomised experiment. It
// needs no distribution, only a variance; so it holds for shares and for revenue. What it costs: about half again the width of the fixed interval. An effect is found all the same (TestAnEffectIsFound).
// It is asymptotic: below LeastVisitors in each arm, or where hardly anybody has done the thing, nothing is said.
//
// The unit is the visitor, not the impression: clicks of one visitor hang together.
//
// # Sample ratio
//
// Where 50 % : 50 % was asked for and 52 % : 48 % came, something loses visitors of one variant, and no comparison can be believed. Mismatch is the sequential test of M. Lindon and A. Malek,
// "Anytime-valid inference for multinomial count data" (NeurIPS 2022). It speaks at 0.001: it condemns a whole report, is asked of every scene, for ever, and real faults are large
// (TestSampleRatio).
//
// Nothing here does I/O or knows a clock.
package experiment
