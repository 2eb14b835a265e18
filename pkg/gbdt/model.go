package gbdt

import (
	"errors"
	"fmt"
	"slices"
)

// Model predicts. It is not changed after it was made, and serves any number of goroutines.
type Model struct {
	Objective Objective
	// Params it was trained with; zero for a model that came from elsewhere.
	Params Params
	// Base is the score before the first tree.
	Base float64
	// Features are what a row must have, in order.
	Features []Feature
	// Trained is what is known of the training.
	Trained Trained

	trees []tree
	fast  scorer
}

// Trained is what is known of a training.
type Trained struct {
	// Rows and ValidRows it saw.
	Rows, ValidRows int
	// Rounds that were made, and which of them was best on the validation rows: 0 without any, or where no tree helped.
	Rounds, BestRound int
	// Metric is the name of Valid, which the best round had.
	Metric string
	Valid  float64
	// Meta is what the caller had to say, as Run.Meta.
	Meta map[string]string
}

// Trees is how many there are.
func (m *Model) Trees() int { return len(m.trees) }

// Score is the sum of the base and the trees' leaves for one row: log-odds for Logistic, the logarithm of the mean for Poisson.
// It allocates nothing. The row has a number for each feature; NaN is missing, and so is a category's code that the model does not know.
// A row of another length panics: see Check.
func (m *Model) Score(row []float64) float64 {
	row = row[:len(m.Features):len(m.Features)]
	return m.fast.one(m, row)
}

// Predict is what the objective promises for one row: a probability, a mean, a quantile, or for LambdaRank the score.
func (m *Model) Predict(row []float64) float64 { return m.Objective.predict(m.Score(row)) }

// Check says what is wrong with rows of other features, by name: what the caller has, in order. Category names must be the same up to
// those that the model knows.
func (m *Model) Check(have []Feature) error { return sameSchema(m.Features, have) }

func sameSchema(want, have []Feature) error {
	if len(want) != len(have) {
		return fmt.Errorf("there are %d features, the model has %d", len(have), len(want))
	}
	for i, w := range want {
		h := have[i]
		switch {
		case w.Name != h.Name:
			return fmt.Errorf("feature %d is %q, in the model it is %q", i, h.Name, w.Name)
		case w.Kind != h.Kind:
			return fmt.Errorf("feature %q is numeric on one side and categorical on the other", w.Name)
		case len(h.Categories) < len(w.Categories) || !slices.Equal(w.Categories, h.Categories[:len(w.Categories)]):
			return fmt.Errorf("feature %q has other categories than the model: give them in its order, new ones at the end", w.Name)
		}
	}
	return nil
}

// Gains is how much each feature's splits lowered the loss in training, in all trees.
func (m *Model) Gains() []float64 {
	out := make([]float64, len(m.Features))
	for _, t := range m.trees {
		for _, n := range t.nodes {
			if n.feature >= 0 {
				out[n.feature] += n.gain
			}
		}
	}
	return out
}

var errRows = errors.New("the matrix is not a whole number of rows, or out has not one place for each")

// Scores scores a matrix of rows, one after another, into out. It is several times faster than row after row.
func (m *Model) Scores(rows, out []float64) error {
	if len(rows) != len(out)*len(m.Features) {
		return errRows
	}
	m.fast.batch(m, rows, out)
	return nil
}

// Predictions predicts for a matrix of rows, one after another, into out.
func (m *Model) Predictions(rows, out []float64) error {
	if err := m.Scores(rows, out); err != nil {
		return err
	}
	for i, v := range out {
		out[i] = m.Objective.predict(v)
	}
	return nil
}
