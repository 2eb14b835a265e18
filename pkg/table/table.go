// Package table is the form in which packages gbdt and linear take what they learn from: columns of numbers and of categories. A row of it, for scoring, is
// a number a column: NaN is missing, a category is its code.
//
// Package frame reads tables as people have them; this one has no files and no opinions, so that the learners stand on nothing else. What a column may hold
// is said and checked here, once (TestCheck); a learner that takes less, as linear does of infinities, says so itself.
package table

import (
	"errors"
	"fmt"
	"math"
)

// Column is one feature of the rows. Exactly one of Values and Codes is set.
type Column struct {
	// Name is unique among the columns.
	Name string
	// Values of a numeric column: NaN is missing; infinities are beyond all finite values.
	Values []float64
	// Codes of a categorical column: an index into Categories, or -1 for missing.
	Codes []int32
	// Categories are the names of codes, each once; nil for numbers.
	Categories []string
}

// At is the value of a row as models score it: a number or a code, NaN when it is missing.
func (c *Column) At(row int) float64 {
	switch {
	case c.Codes == nil:
		return c.Values[row]
	case c.Codes[row] < 0:
		return math.NaN()
	}
	return float64(c.Codes[row])
}

// Check says what is wrong with columns that should have so many rows: the first fault, by the column's name.
func Check(columns []Column, rows int) error {
	if len(columns) == 0 {
		return errors.New("there are no columns")
	}
	names := map[string]bool{}
	for i := range columns {
		c := &columns[i]
		if names[c.Name] {
			return fmt.Errorf("two columns are named %q: give each its own name", c.Name)
		}
		names[c.Name] = true
		if err := c.check(rows); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	return nil
}

func (c *Column) check(rows int) error {
	if (c.Values == nil) == (c.Codes == nil) {
		return errors.New("set either Values or Codes")
	}
	if n := len(c.Values) + len(c.Codes); n != rows {
		return fmt.Errorf("has %d rows and the label %d", n, rows)
	}
	if c.Codes == nil && len(c.Categories) > 0 {
		return errors.New("a numeric column has no Categories")
	}
	seen := map[string]bool{}
	for _, name := range c.Categories {
		if seen[name] {
			return fmt.Errorf("category %q is there twice", name)
		}
		seen[name] = true
	}
	for r, v := range c.Codes {
		if v < -1 || int(v) >= len(c.Categories) {
			return fmt.Errorf("row %d has code %d: want -1 (missing) to %d", r, v, len(c.Categories)-1)
		}
	}
	return nil
}
