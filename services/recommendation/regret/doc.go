// Package regret measures, against the simulator's true tastes, what the models of a shop do not know yet: how much exploration gains or costs (TestExploration,
// TestExplorationInPersonalLists), how fast it forgets what is not so any more (TestRecovery), how many events a new visitor needs (TestColdStart), and how many one whose taste has changed
// (TestDrift). It has no code for serving; the models, the scene that makes the lists and the arms that are drawn are the real ones, in this process, and everything follows from seeds. The figures are in
// docs/recommendation-evaluation.md and docs/needs.md: go test -v ./services/recommendation/regret -args -worlds 8 writes them.
//
// Gain of a list is the sum over its items of the true probability that the person chooses the item, shown alone (simulator.Shop.Taste). Regret is the gain of the best list that
// there is, the oracle's, minus that of the list shown: it is computed from the truth, so luck with clicks is not in it but through what is learned from them.
package regret
