// Package evaluate judges models: one place for every measure that a model card, a promotion or a benchmark shows, so
// that two numbers of one name are one number. It knows no model and reads no data.
//
//   - Binary: yes-or-no questions (AUC, average precision, log-loss, Brier, ECE and its table, gains, lift, accuracy).
//   - Real: amounts (RMSE, MAE, also among the highest, bias, total, R2, correlation, of ranks too, deviance, gains).
//   - List: ranked lists (recall, precision, MRR, NDCG, hit rate at k; coverage).
//   - Bootstrap, Binary.Interval, Binary.Difference, Real.Interval, Real.Difference, MeanInterval: how far a figure can be trusted.
//   - TimeSplits, StratifiedFolds, StratifiedGroups: which rows train and which judge.
//
// Invariants, each a property test:
//   - a row of weight k is k rows, and a row of weight 0 is none (TestAWeightIsThatManyRows, TestAWeightIsThatManyAmounts); the bootstrap stands on it;
//   - the order of rows does not matter, equal scores included (TestOrderOfRowsDoesNotMatter);
//   - rank measures see the order of scores only (TestRankMeasuresSeeOnlyTheOrder).
//
// What has no value is an error, never a NaN or a made-up 0.5: no rows, one class, a NaN. The figures equal those of
// scikit-learn (TestEqualToScikitLearn; scripts/oracles/stats.py). Formulas and sources in plain words: docs/models.md.
package evaluate
