package gbdt

import (
	"errors"
	"fmt"
	"math"
)

// Objective is what a model learns.
type Objective string

// The objectives. Each says what labels are, and what Predict gives.
const (
	// Logistic learns labels of 0 and 1 (or shares between); Predict gives a probability.
	Logistic Objective = "logistic"
	// Squared learns numbers; Predict gives their mean.
	Squared Objective = "squared"
	// Poisson learns counts of 0 and more; Predict gives their mean.
	Poisson Objective = "poisson"
	// Quantile learns numbers; Predict gives the quantile Params.Alpha of them.
	Quantile Objective = "quantile"
	// LambdaRank learns grades of 0 to 31 within groups; Predict gives a score that orders a group.
	LambdaRank Objective = "lambdarank"
)

// Params are how a model is trained. The zero value of a field means its default.
type Params struct {
	Objective Objective
	// Trees is how many trees there are at most; default 100.
	Trees int
	// Leaves is how many leaves a tree has at most, from 2; default 31.
	Leaves int
	// MaxDepth bounds a tree's depth; default none.
	MaxDepth int
	// LearningRate scales each tree; above 0, at most 1; default 0.1.
	LearningRate float64
	// MinLeafRows is how many rows a leaf has at least; default 20. Within a histogram rows are told by their share of the hessian, as LightGBM does.
	MinLeafRows int
	// MinLeafHessian is how much hessian a leaf has at least; default 0.001.
	MinLeafHessian float64
	// L1 and L2 draw leaf values to zero; 0 and more, default 0. L2 of categories is added to L2 where a split takes sets of them; default 10.
	L1, L2, CategoryL2 float64
	// MinGain is what a split must gain at least; default 0.
	MinGain float64
	// Bins is how many values of a column are told apart, 2 to 254; default 254.
	Bins int
	// RowShare and ColumnShare are how much of the rows and columns each tree sees, above 0, at most 1; default 1.
	RowShare, ColumnShare float64
	// NodeShare is how much of the columns each split sees, above 0, at most 1; default 1.
	NodeShare float64
	// Monotone says for columns by name that the prediction may only rise (1) or only fall (-1) with them.
	Monotone map[string]int
	// Alpha is the quantile of Quantile, above 0 and below 1; default 0.5.
	Alpha float64
	// Patience ends training when so many trees in a row did not better the loss on the validation rows; default 0: never.
	Patience int
	// Forest trains a random forest instead: trees do not build on each other, and their mean is taken. RowShare defaults to 0.632, and
	// NodeShare to the square root of the columns (Breiman 2001).
	Forest bool
	// Seed makes what is drawn repeatable.
	Seed uint64
	// Workers is how many cores train; default 1. The model is the same to the bit for any number.
	Workers int
	// Progress, when set, is called after each tree: how many there are, and the losses so far on training and validation rows (NaN without).
	Progress func(trees int, train, valid float64)
}

func orElse[T comparable](x, d T) T {
	var zero T
	if x == zero {
		return d
	}
	return x
}

// withDefaults fills what was left out.
func (p Params) withDefaults(columns int) Params {
	p.Objective = orElse(p.Objective, Logistic)
	p.Trees, p.Leaves, p.MinLeafRows, p.Bins, p.Workers = orElse(p.Trees, 100), orElse(p.Leaves, 31), orElse(p.MinLeafRows, 20), orElse(p.Bins, maxBins), orElse(p.Workers, 1)
	p.MinLeafHessian, p.CategoryL2, p.Alpha = orElse(p.MinLeafHessian, 1e-3), orElse(p.CategoryL2, 10), orElse(p.Alpha, 0.5)
	if p.Forest {
		p.RowShare, p.NodeShare = orElse(p.RowShare, 0.632), orElse(p.NodeShare, 1/math.Sqrt(float64(max(columns, 1))))
		p.LearningRate = 1
	}
	p.LearningRate, p.RowShare, p.ColumnShare, p.NodeShare = orElse(p.LearningRate, 0.1), orElse(p.RowShare, 1), orElse(p.ColumnShare, 1), orElse(p.NodeShare, 1)
	return p
}

// check gives all faults at once.
func (p Params) check() error {
	var faults []error
	share := func(name string, x float64) {
		if !(x > 0 && x <= 1) {
			faults = append(faults, fmt.Errorf("%s is %v: give more than 0 and at most 1", name, x))
		}
	}
	atLeast := func(name string, x, least float64) {
		if !(x >= least) || math.IsInf(x, 1) {
			faults = append(faults, fmt.Errorf("%s is %v: give %v or more", name, x, least))
		}
	}
	switch p.Objective {
	case Logistic, Squared, Poisson, Quantile, LambdaRank:
	default:
		faults = append(faults, fmt.Errorf("objective %q is none of logistic, squared, poisson, quantile, lambdarank", p.Objective))
	}
	share("learning rate", p.LearningRate)
	share("row share", p.RowShare)
	share("column share", p.ColumnShare)
	share("column share of a split", p.NodeShare)
	atLeast("trees", float64(p.Trees), 1)
	atLeast("leaves", float64(p.Leaves), 2)
	atLeast("depth", float64(p.MaxDepth), 0)
	atLeast("rows of a leaf", float64(p.MinLeafRows), 1)
	atLeast("hessian of a leaf", p.MinLeafHessian, 0)
	atLeast("L1", p.L1, 0)
	atLeast("L2", p.L2, 0)
	atLeast("L2 of categories", p.CategoryL2, 0)
	atLeast("gain of a split", p.MinGain, 0)
	atLeast("patience", float64(p.Patience), 0)
	atLeast("workers", float64(p.Workers), 1)
	if p.Bins < 2 || p.Bins > maxBins {
		faults = append(faults, fmt.Errorf("bins are %d: give 2 to %d", p.Bins, maxBins))
	}
	if !(p.Alpha > 0 && p.Alpha < 1) {
		faults = append(faults, fmt.Errorf("alpha is %v: give more than 0 and less than 1", p.Alpha))
	}
	if p.Leaves > 1<<15 {
		faults = append(faults, fmt.Errorf("leaves are %d: give at most %d", p.Leaves, 1<<15))
	}
	return errors.Join(faults...)
}
