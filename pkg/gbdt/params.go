package gbdt

import (
	"errors"
	"fmt"
	"math"
)

// Params say how a model is trained. Begin with Default. All are numbers: they are kept in the model file.
type Params struct {
	Objective Objective
	// Quantile is the level that the Quantile objective predicts: above 0, below 1.
	Quantile float64
	// Rounds is the number of trees, 1 to 100,000; early stopping may keep fewer.
	Rounds int
	// LearningRate shrinks each tree: above 0, at most 1. Smaller needs more rounds.
	LearningRate float64
	// Leaves of a tree: 2 to 65,536.
	Leaves int
	// MaxDepth of a tree in splits, at most 512; 0 means 512: Leaves is what limits a tree then.
	MaxDepth int
	// MaxBins for the values of one feature, 2 to 254; missing has a bin of its own.
	MaxBins int
	// MinRows that each side of a split keeps, counted exactly. 1 or 0 turns it off, which makes training faster.
	MinRows int
	// MinWeight is the least sum of second derivatives (for Squared: of weights) on each side of a split. 0 or more.
	MinWeight float64
	// MinGain that a split must bring. 0 or more.
	MinGain float64
	// L1 and L2 shrink the values of leaves. 0 or more.
	L1, L2 float64
	// RowShare and ColumnShare are the shares of rows and columns that each tree sees: above 0, at most 1. LambdaRank draws whole groups.
	RowShare, ColumnShare float64
	// SplitShare is the share of those columns that each split sees: above 0, at most 1.
	SplitShare float64
	// Forest trains a random forest (Breiman 2001) in place of boosting: each tree explains the labels by itself, and their mean is taken. It has no
	// validation rows, and LearningRate must be 1. See DefaultForest.
	Forest bool
	// Seed of all samples.
	Seed uint64
	// Monotone gives numeric features along which the prediction may only rise (1) or only fall (-1).
	Monotone map[string]int
	// CategorySmooth and CategoryL2 temper splits by sorted categories, as LightGBM's cat_smooth and cat_l2 do. 0 or more.
	CategorySmooth, CategoryL2 float64
	// CategoryLimit is the most categories in the smaller set of a split, OneVsRest the number of categories up to which
	// each one is tried against the rest instead. At least 1.
	CategoryLimit, OneVsRest int
	// Truncation is how deep LambdaRank looks: pairs without a member among the first so many are left out, and the
	// validation metric is NDCG at it. At least 1.
	Truncation int
	// EarlyStop ends training after so many rounds in which the validation rows got no better; the best round is kept. 0 means never.
	EarlyStop int
}

// Default is a careful beginning for tables of some thousand rows and more.
func Default(o Objective) Params {
	return Params{
		Objective: o, Quantile: .5, Rounds: 100, LearningRate: .1, Leaves: 31, MaxBins: maxBins, MinRows: 20, MinWeight: 1e-3,
		L2: 1, RowShare: 1, ColumnShare: 1, SplitShare: 1, CategorySmooth: 10, CategoryL2: 10, CategoryLimit: 32, OneVsRest: 4, Truncation: 30,
	}
}

// DefaultForest is a forest for a table of so many columns: each tree sees as many different rows as a draw with replacement has, each split the square
// root of the columns. With Squared and labels of 0 and 1 it predicts their share, which is a probability.
func DefaultForest(o Objective, columns int) Params {
	p := Default(o)
	p.Forest, p.LearningRate, p.L2, p.Rounds, p.Leaves, p.MinRows = true, 1, 0, 200, 128, 5
	p.RowShare, p.SplitShare = .632, 1/math.Sqrt(float64(max(columns, 1)))
	return p
}

// Validate reports all faults, each by the name of its field.
func (p Params) Validate() error {
	var faults []error
	whole := func(name string, v, low, high int) {
		if v < low || v > high {
			faults = append(faults, fmt.Errorf("parameter %s: %d must be from %d to %d", name, v, low, high))
		}
	}
	atLeast0 := func(name string, v float64) {
		if !(v >= 0) || math.IsInf(v, 1) {
			faults = append(faults, fmt.Errorf("parameter %s: %v must be a finite number of 0 or more", name, v))
		}
	}
	share := func(name string, v float64) {
		if !(v > 0 && v <= 1) {
			faults = append(faults, fmt.Errorf("parameter %s: %v must be above 0 and at most 1", name, v))
		}
	}
	whole("Objective", int(p.Objective), int(Logistic), int(LambdaRank))
	if !(p.Quantile > 0 && p.Quantile < 1) {
		faults = append(faults, fmt.Errorf("parameter Quantile: %v must be above 0 and below 1", p.Quantile))
	}
	whole("Rounds", p.Rounds, 1, 100_000)
	whole("Leaves", p.Leaves, 2, 65_536)
	whole("MaxDepth", p.MaxDepth, 0, mostDepth)
	whole("MaxBins", p.MaxBins, 2, maxBins)
	whole("MinRows", p.MinRows, 0, maxRows)
	whole("CategoryLimit", p.CategoryLimit, 1, maxBins)
	whole("OneVsRest", p.OneVsRest, 1, maxBins)
	whole("Truncation", p.Truncation, 1, 1<<20)
	whole("EarlyStop", p.EarlyStop, 0, 1<<20)
	share("LearningRate", p.LearningRate)
	share("RowShare", p.RowShare)
	share("ColumnShare", p.ColumnShare)
	share("SplitShare", p.SplitShare)
	if p.Forest && p.LearningRate != 1 {
		faults = append(faults, fmt.Errorf("parameter LearningRate: %v, and it must be 1 with Forest: the mean of the trees is taken", p.LearningRate))
	}
	if p.Forest && p.Objective == LambdaRank {
		faults = append(faults, errors.New("parameter Forest: a ranking is boosted; it has no mean of the labels"))
	}
	for name, v := range map[string]float64{"MinWeight": p.MinWeight, "MinGain": p.MinGain, "L1": p.L1, "L2": p.L2,
		"CategorySmooth": p.CategorySmooth, "CategoryL2": p.CategoryL2} {
		atLeast0(name, v)
	}
	return errors.Join(faults...)
}

// directions is Monotone by column.
func (p Params) directions(schema []Feature) ([]int8, error) {
	out := make([]int8, len(schema))
	found := 0
	for i, f := range schema {
		d, ok := p.Monotone[f.Name]
		if !ok {
			continue
		}
		found++
		if d < -1 || d > 1 {
			return nil, fmt.Errorf("parameter Monotone: %q has %d: want 1 (rising), -1 (falling) or 0", f.Name, d)
		}
		if f.Kind == Categorical && d != 0 {
			return nil, fmt.Errorf("parameter Monotone: %q is categorical: only numeric features have a direction", f.Name)
		}
		out[i] = int8(d)
	}
	if found < len(p.Monotone) {
		return nil, fmt.Errorf("parameter Monotone names %d features that the dataset does not have", len(p.Monotone)-found)
	}
	return out, nil
}
