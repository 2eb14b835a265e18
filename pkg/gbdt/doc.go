// Package gbdt trains and reads gradient boosted trees: histograms (Ke et al. 2017, LightGBM), second-order gains (Chen and Guestrin 2016, XGBoost),
// leaf-wise growth, missing values, categories, exact explanations. Pure Go.
//
// What it promises:
//
//   - The same rows, parameters and seed give the same model to the bit, for any number of workers (TestAnyNumberOfWorkers): each cell of a histogram is
//     added up by one worker, in the order of the rows.
//   - A missing value is told from every number, and a split may be between missing and all others (TestMissingAgainstTheRest). An infinity is a missing
//     value. A category that was not seen in training goes where a missing one goes.
//   - A monotone constraint holds for every pair of rows (TestMonotone).
//   - What Contributions gives adds up to the score (TestContributionsAddUp), and is the Shapley value over the trees' covers (TestContributionsAreShapley).
//   - A model that was written and read predicts the same to the bit (TestFile). A damaged file is an error and never a wrong model (FuzzRead).
//   - XGBoost's JSON is read and written (TestXGBoost).
//
// How a tree grows: the root holds all rows of the tree. Each leaf that may still be split keeps its best split; the leaf with the largest gain is split
// next, until there are Leaves of them or nothing gains. The histogram of the larger child is its parent's less its sibling's.
//
// It is not for sparse data of very many columns, nor for more rows than memory holds: a row takes a byte a column, and 40 bytes.
package gbdt
