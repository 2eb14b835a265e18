package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/table"
)

// encoded is a column as the optimiser sees it: a standardised number, a mark of one of several coefficients, or both.
type encoded struct {
	term  Term
	z     []float64 // nil where all rows have one value
	slope int       // place of z's coefficient
	mark  []int32   // place of the coefficient that a row's category or gap has, -1 for none; nil without marks
	first int       // place of the first mark's; the gap's is the last
	gaps  bool      // there are rows with weight and without value
}

// encode gives each column its coefficients, from 0 on; width is their number.
func encode(columns []table.Column, weight []float64) (all []encoded, width int, err error) {
	for _, c := range columns {
		e := encoded{term: Term{Name: c.Name}}
		if c.Codes != nil {
			width = e.categories(c, weight, width)
		} else if width, err = e.numbers(c.Values, weight, width); err != nil {
			return nil, 0, fmt.Errorf("column %q: %w", c.Name, err)
		}
		all = append(all, e)
	}
	return all, width, nil
}

func (e *encoded) categories(c table.Column, weight []float64, next int) int {
	e.term.Categories = append([]string{}, c.Categories...)
	e.first, e.mark = next, make([]int32, len(c.Codes))
	gap := int32(next + len(c.Categories))
	for i, code := range c.Codes {
		e.mark[i] = int32(next) + code
		if code < 0 {
			e.mark[i] = gap
			e.gaps = e.gaps || weightOf(weight, i) > 0
		}
	}
	if e.gaps {
		return int(gap) + 1
	}
	for i, code := range c.Codes { // gaps in rows without weight
		if code < 0 {
			e.mark[i] = -1
		}
	}
	return int(gap)
}

func (e *encoded) numbers(values, weight []float64, next int) (int, error) {
	known, err := e.measure(values, weight)
	if err != nil {
		return next, err
	}
	if e.term.Scale > 0 {
		e.slope, next = next, next+1
		e.z = make([]float64, len(values))
		for i, v := range values {
			if !math.IsNaN(v) {
				e.z[i] = (v - e.term.Mean) / e.term.Scale
			}
		}
	}
	if e.gaps = e.gaps && known; !e.gaps { // a mark that every row has is the intercept's business
		return next, nil
	}
	e.first, e.mark = next, make([]int32, len(values))
	for i, v := range values {
		e.mark[i] = -1
		if math.IsNaN(v) {
			e.mark[i] = int32(next)
		}
	}
	return next + 1, nil
}

// measure finds the range, the mean of the known values, and the standard deviation of all, gaps at the mean. known says
// that there are any.
func (e *encoded) measure(values, weight []float64) (known bool, err error) {
	t := &e.term
	t.Least, t.Most = math.Inf(1), math.Inf(-1)
	all, have := 0.0, 0.0
	for i, v := range values {
		w := weightOf(weight, i)
		all += w
		switch {
		case w == 0:
		case math.IsNaN(v):
			e.gaps = true
		default:
			have += w
			t.Least, t.Most = min(t.Least, v), max(t.Most, v)
		}
	}
	if have == 0 {
		t.Least, t.Most = 0, 0
		return false, nil
	}
	spread := t.Most - t.Least
	if math.IsInf(spread, 1) {
		return true, errors.New("the values reach so far that their distance is infinite: divide them, or take their logarithm")
	}
	if spread == 0 {
		t.Mean = t.Least
		return true, nil
	}
	// In units of the spread, so that no square overflows.
	mean, squares := 0.0, 0.0
	each := func(f func(part, d float64)) {
		for i, v := range values {
			if w := weightOf(weight, i); w > 0 && !math.IsNaN(v) {
				f(w, (v-t.Least)/spread)
			}
		}
	}
	each(func(w, d float64) { mean += w / have * d })
	each(func(w, d float64) { squares += w / all * (d - mean) * (d - mean) })
	t.Mean, t.Scale = t.Least+mean*spread, math.Sqrt(squares)*spread
	return true, nil
}

// finish reads the column's coefficients into its term.
func (e *encoded) finish(coefficients, weight []float64) Term {
	t := e.term
	if e.z != nil {
		t.Slope = coefficients[e.slope]
	}
	sums := make([]float64, len(t.Categories)+1)
	all := 0.0
	for i, place := range e.mark {
		w := weightOf(weight, i)
		all += w
		if place >= 0 {
			sums[int(place)-e.first] += w
		}
	}
	for i, w := range sums {
		if w > 0 {
			t.Average += w / all * coefficients[e.first+i]
		}
	}
	t.Missing = t.Average
	if e.gaps {
		t.Missing = coefficients[e.first+len(t.Categories)]
	}
	for i := range t.Categories {
		effect := t.Average
		if sums[i] > 0 {
			effect = coefficients[e.first+i]
		}
		t.Effects = append(t.Effects, effect)
	}
	return t
}
