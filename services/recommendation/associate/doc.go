// Package associate finds association rules: "70 % of those who buy A buy B". Sets of items that are often together are found by FP-growth
// (Han, Pei, Yin, "Mining Frequent Patterns without Candidate Generation", SIGMOD 2000).
//
// With P(X) the share of the baskets that have all of X:
//
//	support    = P(A and B)
//	confidence = P(A and B) / P(A)
//	lift       = confidence / P(B)                      1: A says nothing of B
//	leverage   = P(A and B) - P(A) P(B)                 0: A says nothing of B
//	conviction = (1 - P(B)) / (1 - confidence)          infinite where A never comes without B
//
// Counts are whole numbers until the last division, so that a rule does not depend on the order of baskets.
//
// Invariants, each with its test: sets and rules are those of brute force over all subsets (TestSetsEqualBruteForce, TestRulesEqualBruteForce); the order of
// baskets does not matter (TestTheOrderOfBasketsDoesNotMatter); more sets than allowed end the search with an error, not the process (TestTooManySetsAreRefused).
package associate
