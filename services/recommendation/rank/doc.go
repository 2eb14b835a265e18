// Package rank puts the candidates of all sources of one question into one order: by trees that have learnt from what visitors took (LambdaRank, package
// gbdt), or without them by weighted reciprocal ranks. It knows no model and no rules of a shop: what must not be shown is refused before, by the sources.
//
// A Pool is one question: its candidates merged by item, with the place, score and reason that each source gave. Gather fills it when it serves; Add does so for
// whatever else asks, such as the judge. The features of a candidate are made by one piece of code (features.go) for training and serving, from
// the pool alone; what is not known is NaN, which the trees know as missing.
//
// Training replays time: sources that were fitted on the older part are asked what came in the newer, and nothing behind a question is in its pool. Who
// calls Lessons.Add answers for that: the judge and package training do.
//
// Invariants, each with its test:
//   - a pool has each item once, with what every source said of it, in any order of adding (TestAPoolMergesByItem);
//   - what was learnt from and what is served is one row, bit for bit (TestServingSeesWhatTrainingSaw);
//   - a ranker finds its features by their names: other sources, in another order, or fewer, give the same score for what it knows (TestFeaturesAreBoundByName);
//   - a damaged or foreign file is refused, one with a feature that this release cannot make too (TestADamagedRankerIsRefused, FuzzDecode);
//   - it learns whom to believe (TestItLearnsWhomToBelieve), also where each tree sees some of the questions (TestATreeLearnsFromSomeQuestions), and reasons sum up to the score (TestReasonsSumToTheScore);
//   - an answer allocates nothing but its result (TestRankingAllocatesNothing), within a millisecond for 500 candidates and 100 trees (BenchmarkRank).
package rank
