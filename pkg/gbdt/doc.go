// Package gbdt trains and applies gradient boosted decision trees, in Go alone: churn's models and recommendation's ranking stand on it.
// It is not for evaluation (pkg/evaluate), nor for choosing, keeping and promoting models.
//
// # How a tree is made
//
// Values become at most 254 bins a feature, with one more for those that are missing (bins.go). A histogram sums the gradients of
// the loss by bin, and the best split is read off it (Friedman 2001; Chen and Guestrin 2016, "XGBoost", formulas 6 and 7, with L1).
// The leaf that gains most is split next, and the larger child's histogram is the parent's without the smaller one's (Ke et al.
// 2017, "LightGBM"). Missing goes to the side that gains more, and may stand against all values. Categories are split in sets, by
// the order of their gradients (Fisher 1958). The other sources stand where the formulas are: LambdaRank in rank.go, the
// contributions in shap.go.
//
// Gradients are rounded to 32 bits each and summed as one integer (gradient.go). So sums are exact, which is what makes subtraction
// exact and the order of adding of no account.
//
// # What is promised
//
//   - The same data, parameters and seed give the same file, to the byte, for any number of workers
//     (TestAnyNumberOfWorkersGivesTheSameModel). On another kind of processor, where Go may fuse a multiplication with an addition,
//     a last bit may differ.
//   - A split is the best there is on the bins (TestTheBestSplitIsFound), also missing against the rest (TestMissingAgainstTheRest). Leaves keep
//     their least rows, counted exactly, and least weight (TestLeavesKeepTheirLimits); predictions never turn along a monotone feature
//     (TestMonotone); a weight of three is three rows (TestAWeightIsSoManyRows).
//   - A ranking's gradients are those of all its pairs (TestGradientsAreThoseOfAllPairs), though it neither looks at all nor sorts what need not be sorted
//     (TestPlacesAreThoseOfASort); a round's sample has whole groups (TestWholeGroupsAreDrawn). A column of one value costs nothing (TestADullColumnIsPassedOver).
//   - As good as XGBoost, LightGBM and scikit-learn: within 0.002 in area under the curve and log-loss on folds of real tables (TestParityOnFolds).
//   - A row has one score to the bit, alone, in any batch, and by a plain walk (TestScoresAreTheSameHoweverTheyAreAsked), whatever is in it:
//     NaN is missing, and so is a category that was not in training (TestASetOfCategoriesIsOneSplit). Scoring allocates nothing
//     (TestScoringAllocatesNothing).
//   - Contributions are the Shapley values by their definition and sum to the score (TestContributionsAreShapleyValues); XGBoost's are the
//     same (TestXGBoostModelsPredictTheSame).
//   - A model file that is damaged, cut, foreign or of another release is refused, and says which (TestADamagedFileIsRefused). No bytes make
//     the decoders panic (FuzzDecode, FuzzReadXGBoost). The hash tells damage, not malice: who can write the file can write its hash.
//   - Input from which nothing can be learned is refused by a sentence or gives a model of what can be known (TestDegenerateInput).
//   - A training whose context ends says so and returns no model (TestTheContextEndsTraining).
//
// # What it does not do
//
// Bins are found from 200,000 rows where there are more, without their weights. Of more than 254 categories the rarest count as
// missing. There are no interaction constraints, no multi-class objective, no training in pieces: a dataset is in memory, its columns once as given
// and twice as bins of one byte.
package gbdt
