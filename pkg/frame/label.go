package frame

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// IsAmount says that a column holds numbers, of more than two values: what is no label of yes and no.
func (r *Raw) IsAmount(column string) bool {
	values, err := r.Amounts(column)
	if err != nil {
		return false
	}
	seen := map[float64]bool{}
	for _, v := range values {
		if !math.IsNaN(v) {
			seen[v] = true
		}
	}
	return len(seen) > 2
}

// Amounts reads a column as numbers; missing ones are NaN. The error names the first row that is none.
func (r *Raw) Amounts(column string) ([]float64, error) {
	c := r.column(column)
	if c == nil {
		return nil, fmt.Errorf("label: there is no column %q; there are %s", column, strings.Join(r.Names(), ", "))
	}
	of := make([]float64, len(c.texts))
	for i, t := range c.texts {
		x, ok := r.number(t)
		switch {
		case absent(t):
			of[i] = math.NaN()
		case !ok:
			return nil, fmt.Errorf("label: column %s, row %d: %q is no number", column, slices.Index(c.codes, int32(i))+1, t)
		default:
			of[i] = x
		}
	}
	return spread(c.codes, of), nil
}

// Groups numbers the texts of a column: rows of one text are of one group. A row without a text is a group of its own. repeated says that some text is in
// more than one row.
func (r *Raw) Groups(column string) (groups []int, repeated bool, err error) {
	c := r.column(column)
	if c == nil {
		return nil, false, fmt.Errorf("there is no column %q; there are %s", column, strings.Join(r.Names(), ", "))
	}
	seen := make([]bool, len(c.texts))
	groups = make([]int, len(c.codes))
	for i, code := range c.codes {
		if groups[i] = int(code); absent(c.texts[code]) {
			groups[i] = len(c.texts) + i
			continue
		}
		repeated = repeated || seen[code]
		seen[code] = true
	}
	return groups, repeated, nil
}
