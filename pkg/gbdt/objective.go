package gbdt

import (
	"fmt"
	"math"
	"slices"
)

// Objective is what a model predicts, and so the loss that it is trained to lower.
type Objective uint8

const (
	// Logistic predicts the probability of label 1.
	Logistic Objective = iota + 1
	// Squared predicts the mean.
	Squared
	// Poisson predicts the mean of counts and amounts of 0 and more, through an exponential.
	Poisson
	// Quantile predicts the level Params.Quantile of the label.
	Quantile
	// LambdaRank gives scores whose order within a group puts high grades first.
	LambdaRank
)

var objectiveNames = [...]string{"", "logistic", "squared", "poisson", "quantile", "lambdarank"}

// String is the name in lower case.
func (o Objective) String() string {
	if int(o) < len(objectiveNames) && o > 0 {
		return objectiveNames[o]
	}
	return fmt.Sprintf("objective %d", uint8(o))
}

// predict turns a score into what is predicted.
func (o Objective) predict(score float64) float64 {
	switch o {
	case Logistic:
		return 1 / (1 + math.Exp(-score))
	case Poisson:
		return math.Exp(score)
	}
	return score
}

// largest label or weight: the square of a sum of products of them is still a number.
const largest = 1e60

// checkLabels says what is wrong with the labels for this objective.
func (o Objective) checkLabels(d *Dataset) error {
	var seen [2]bool
	for r, y := range d.Label {
		switch {
		case !(math.Abs(y) <= largest):
			return fmt.Errorf("row %d has label %v: labels are numbers within %v; leave out rows whose label is not known", r, y, largest)
		case o == Logistic && y != 0 && y != 1:
			return fmt.Errorf("row %d has label %v: for logistic it is 0 or 1", r, y)
		case o == Poisson && y < 0:
			return fmt.Errorf("row %d has label %v: for poisson it is 0 or more", r, y)
		case o == LambdaRank && (y < 0 || y > 30 || y != math.Trunc(y)):
			return fmt.Errorf("row %d has label %v: for lambdarank it is a whole grade from 0 to 30", r, y)
		}
		if d.weight(r) > 0 {
			seen[bit(y > 0)] = true
		}
	}
	switch {
	case o == Logistic && !(seen[0] && seen[1]):
		return fmt.Errorf("all labels are %v: both 0 and 1 must be there, with weight above 0, to learn what tells them apart", d.Label[0])
	case o == Poisson && !seen[1]:
		return fmt.Errorf("all labels are 0: a mean above 0 is needed")
	case o == LambdaRank:
		return checkGroups(d)
	}
	return nil
}

func checkGroups(d *Dataset) error {
	sum := 0
	for i, n := range d.Groups {
		if n < 1 || n > len(d.Label)-sum {
			return fmt.Errorf("group %d has %d rows: groups have at least 1 row and together the %d of the dataset", i, n, len(d.Label))
		}
		sum += n
	}
	if sum != len(d.Label) {
		return fmt.Errorf("the groups have %d rows and the dataset %d: lambdarank needs the size of every group", sum, len(d.Label))
	}
	return nil
}

// loss is an objective over one dataset.
type loss interface {
	// start is the score before the first tree.
	start() float64
	// gradients fills g and h from the scores; with 0 for rows that are outside the round's sample.
	gradients(scores []float64, outside []bool, s *gradients, w workers)
	// metric is how bad (or for ndcg how good) the scores are.
	metric(scores []float64, w workers) float64
}

// Metrics by objective, of the validation rows: all but NDCG are better when lower.
func (o Objective) metricName() string {
	return [...]string{"", "log_loss", "rmse", "poisson_loss", "pinball_loss", "ndcg"}[o]
}

func (o Objective) better(a, b float64) bool {
	if o == LambdaRank {
		return a > b
	}
	return a < b
}

func newLoss(p Params, d *Dataset) loss {
	if p.Objective == LambdaRank {
		return newRanking(p, d)
	}
	return &byRow{objective: p.Objective, level: p.Quantile, label: d.Label, weights: d.Weight, d: d}
}

// quantileOf is the least value at which the weights below and at it reach level of all.
func quantileOf(values, weights []float64, level float64) float64 {
	order := make([]int, len(values))
	total := 0.0
	for i := range order {
		order[i] = i
		total += weights[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	sum := 0.0
	for _, i := range order {
		if sum += weights[i]; sum >= level*total && weights[i] > 0 {
			return values[i]
		}
	}
	return values[order[len(order)-1]]
}
