package gbdt

import (
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/frame"
)

// Column is a column that a model knows.
type Column struct {
	Name string
	Kind frame.Kind
	// Levels are the categories, in the order of their codes; nil for numbers.
	Levels []string
}

// Model is a trained model. It does not change; many goroutines may use it.
type Model struct {
	Objective Objective
	Columns   []Column
	Trees     []Tree
	// Base is the score of no tree.
	Base float64
	// Single says that numbers are rounded to single precision before they are compared: XGBoost's models.
	Single bool
	// Metadata is what a caller keeps beside it: the span of the data, the version of the code.
	Metadata map[string]string

	flat *flat
}

// rowOf reads a row of a frame into the model's columns: levels by their names.
type rowOf struct {
	columns []*frame.Column
	// codes are for categories from the frame's code to the model's, -1 where the model has no such level.
	codes [][]float64
}

// bind finds the model's columns in a frame.
func (m *Model) bind(x *frame.Frame) (*rowOf, error) {
	r := &rowOf{codes: make([][]float64, len(m.Columns))}
	for i, c := range m.Columns {
		found := x.Find(c.Name)
		switch {
		case found == nil:
			return nil, fmt.Errorf("the table has no column %q, which the model looks at", c.Name)
		case found.Kind != c.Kind:
			return nil, fmt.Errorf("column %q is not of the kind that the model was trained on", c.Name)
		}
		r.columns = append(r.columns, found)
		if c.Kind != frame.Category {
			continue
		}
		place := map[string]int{}
		for code, name := range c.Levels {
			place[name] = code
		}
		r.codes[i] = make([]float64, len(found.Levels))
		for code, name := range found.Levels {
			r.codes[i][code] = math.NaN()
			if at, ok := place[name]; ok {
				r.codes[i][code] = float64(at)
			}
		}
	}
	return r, nil
}

// read fills values with a row.
func (r *rowOf) read(row int, values []float64) {
	for i, c := range r.columns {
		v := c.Values[row]
		if codes := r.codes[i]; codes != nil && !math.IsNaN(v) {
			v = codes[int(v)]
		}
		values[i] = v
	}
}

// Scores are the raw scores of a frame's rows. The frame needs the model's columns, in any order; categories are told by name.
func (m *Model) Scores(x *frame.Frame, workers int) ([]float64, error) {
	r, err := m.bind(x)
	if err != nil {
		return nil, err
	}
	out := make([]float64, x.Rows)
	parts(workers, x.Rows, func(from, to int) {
		s := m.flat.scorer()
		for ; from < to; from += block {
			n := min(block, to-from)
			for i := range n {
				r.read(from+i, s.row(i))
			}
			s.run(n, out[from:from+n])
		}
	})
	return out, nil
}

// Predict is Scores as the objective answers: probabilities, means, quantiles.
func (m *Model) Predict(x *frame.Frame, workers int) ([]float64, error) {
	out, err := m.Scores(x, workers)
	for i := range out {
		out[i] = m.Objective.answer(out[i])
	}
	return out, err
}

// Score is the raw score of one row: a value for each of Columns, NaN where it is missing, categories by their code.
func (m *Model) Score(values []float64) float64 { return m.flat.one(values) }

// Answer is what the objective makes of a raw score.
func (m *Model) Answer(score float64) float64 { return m.Objective.answer(score) }
