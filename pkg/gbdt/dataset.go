package gbdt

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/table"
)

// Kind says how a feature is split.
type Kind uint8

const (
	// Numeric features are split by a threshold: x <= t goes left.
	Numeric Kind = iota
	// Categorical features are split by a set of categories: those in it go left.
	Categorical
)

// Feature is one column of the schema that a model was trained with. A row for scoring has one number for each, in order.
type Feature struct {
	// Name is unique in a schema.
	Name string
	Kind Kind
	// Categories are the names of a categorical feature; code i in a row means Categories[i]. Empty for a numeric one.
	Categories []string
}

// Dataset is what a model is trained on. All columns have as many rows as Label. It is not changed by training.
type Dataset struct {
	Columns []table.Column
	// Label is finite: 0 or 1 for Logistic, 0 or more for Poisson, grades 0..30 for LambdaRank.
	Label []float64
	// Weight of each row: finite, 0 or more, not all 0. Nil means 1 for all. For LambdaRank the weight of a group is that of its first row.
	Weight []float64
	// Groups are the sizes of consecutive groups of rows (one query, one visitor), for LambdaRank only; they sum to the rows.
	Groups []int
}

// Rows is the number of rows.
func (d *Dataset) Rows() int { return len(d.Label) }

// Schema is the features, in the order of the columns.
func (d *Dataset) Schema() []Feature {
	s := make([]Feature, len(d.Columns))
	for i, c := range d.Columns {
		s[i] = Feature{Name: c.Name, Categories: c.Categories}
		if c.Codes != nil {
			s[i].Kind = Categorical
		}
	}
	return s
}

// Row writes row r as numbers into out, which has a place for each column: the form that models score.
func (d *Dataset) Row(r int, out []float64) {
	for i := range d.Columns {
		out[i] = d.Columns[i].At(r)
	}
}

// Matrix is all rows one after another, as Row gives them.
func (d *Dataset) Matrix() []float64 {
	f := len(d.Columns)
	out := make([]float64, d.Rows()*f)
	for r := range d.Rows() {
		d.Row(r, out[r*f:r*f+f])
	}
	return out
}

func (d *Dataset) check(o Objective) error {
	if len(d.Label) == 0 {
		return errors.New("the dataset has no rows")
	}
	if len(d.Label) > maxRows {
		return fmt.Errorf("the dataset has %d rows: at most %d can be trained on; take a sample", len(d.Label), maxRows)
	}
	if err := table.Check(d.Columns, d.Rows()); err != nil {
		return err
	}
	if err := d.checkWeights(); err != nil {
		return err
	}
	return o.checkLabels(d)
}

func (d *Dataset) checkWeights() error {
	if d.Weight == nil {
		return nil
	}
	if len(d.Weight) != d.Rows() {
		return fmt.Errorf("there are %d weights for %d rows", len(d.Weight), d.Rows())
	}
	sum := 0.0
	for r, w := range d.Weight {
		if !(w >= 0 && w <= largest) {
			return fmt.Errorf("row %d has weight %v: want a number from 0 to %v", r, w, largest)
		}
		sum += w
	}
	if !(sum > 0) {
		return fmt.Errorf("the weights sum to %v: want more than 0", sum)
	}
	return nil
}

func (d *Dataset) weight(r int) float64 {
	if d.Weight == nil {
		return 1
	}
	return d.Weight[r]
}
