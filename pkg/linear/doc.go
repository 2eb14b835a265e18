// Package linear is logistic regression, and ridge and Poisson regression for amounts: the plain models that every other one has to beat. It takes a table as it is,
// with gaps and categories, and gives a model that can be read: one effect a column, which add up.
//
// What is done inside, because it decides the figures:
//   - numbers are standardised (weighted mean 0, standard deviation 1); a missing one counts as the mean, and a column
//     with gaps gets a mark of its own, 0 or 1, that says "missing";
//   - categories are marks, 0 or 1, one for each and one for missing where it occurs; none is left out;
//   - the loss is the weighted log-loss of all rows plus L2/2 times the squares of the coefficients, the intercept free:
//     scikit-learn's, with C = 1/L2; of amounts it is half the squared error, scikit-learn's Ridge with alpha = L2;
//   - it is minimised by L-BFGS. The loss is strictly convex, so there is one answer, whatever the start or the columns' order.
//
// Coefficients equal scikit-learn's to 1e-5 (TestEqualToScikitLearn; scripts/oracles/stats.py), those of ridge the normal equations' (TestRidgeSolvesTheNormalEquations),
// and Poisson regression stands where its slopes are 0 (TestPoissonStandsOnThePeak). A row of weight k is k
// rows (TestAWeightIsThatManyRows). A unit or a shift of a column changes nothing that is foretold (TestUnitsDoNotMatter).
// Model is plain data: encoding/json keeps it.
package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/table"
)

// ErrOneClass is the error of a fit to rows that all have the same label.
var ErrOneClass = errors.New("all rows have the same label, so there is nothing to tell apart: take a longer span or more rows")

// mostAmount is how large an amount may be: squares of them can be summed.
const mostAmount = 1e100

// Params say how a model is trained.
type Params struct {
	// L2 is the weight of the squared coefficients against the rows: finite, above 0. Zero means 1, scikit-learn's default.
	// More keeps the coefficients nearer to 0; it must not be none, or separable rows have no answer.
	L2 float64
}

func (p Params) check() (Params, error) {
	if p.L2 == 0 {
		p.L2 = 1
	}
	if !(p.L2 > 0) || math.IsInf(p.L2, 1) {
		return p, fmt.Errorf("L2 is %v: want a finite number above 0", p.L2)
	}
	return p, nil
}

func checkRows(columns []table.Column, label, weight []float64, k kind) error {
	if weight != nil && len(weight) != len(label) {
		return fmt.Errorf("there are %d weights for %d rows", len(weight), len(label))
	}
	var yes, no bool
	first := math.NaN()
	for i, l := range label {
		w := weightOf(weight, i)
		switch {
		case k == poisson && l < 0:
			return fmt.Errorf("row %d has label %v: want 0 or more", i, l)
		case k != logistic && (math.IsNaN(l) || math.Abs(l) > mostAmount):
			return fmt.Errorf("row %d has label %v: want a number within %v", i, l, mostAmount)
		case k == logistic && l != 0 && l != 1:
			return fmt.Errorf("row %d has label %v: want 0 or 1", i, l)
		}
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("row %d has weight %v: want a finite number of 0 or more", i, w)
		}
		if w > 0 && math.IsNaN(first) {
			first = l
		}
		yes, no = yes || l == first && w > 0, no || l != first && w > 0
	}
	if !yes || !no {
		return ErrOneClass
	}
	if err := table.Check(columns, len(label)); err != nil {
		return err
	}
	for _, c := range columns {
		for i, v := range c.Values {
			if math.IsInf(v, 0) {
				return fmt.Errorf("column %q: row %d is %v: want a finite number, or NaN for missing", c.Name, i, v)
			}
		}
	}
	return nil
}

func weightOf(weight []float64, row int) float64 {
	if weight == nil {
		return 1
	}
	return weight[row]
}
