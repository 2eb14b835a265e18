package gbdt

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/freshet/freshet/pkg/frame"
)

const (
	// maxBins is how many values of a column can be told apart; missing is the bin behind all.
	maxBins    = 254
	missingBin = 255
	// sampled is how many rows cut points are found in.
	sampled = 200_000
)

// Data is what a model is trained on, or judged by.
type Data struct {
	X *frame.Frame
	// Y has a label a row.
	Y []float64
	// Weight has a weight of 0 or more a row; nil is 1 each.
	Weight []float64
	// Groups are the sizes of groups of neighbouring rows, for LambdaRank.
	Groups []int
}

// check says what cannot be learnt from.
func (d *Data) check(o Objective) error {
	n := d.X.Rows
	switch {
	case n == 0:
		return errors.New("there are no rows to learn from")
	case len(d.X.Columns) == 0:
		return errors.New("there are no columns to learn from")
	case len(d.Y) != n || d.Weight != nil && len(d.Weight) != n:
		return fmt.Errorf("%d rows, %d labels and %d weights", n, len(d.Y), len(d.Weight))
	}
	for i, y := range d.Y {
		ok := !math.IsNaN(y) && !math.IsInf(y, 0)
		switch o {
		case Logistic:
			ok = ok && y >= 0 && y <= 1
		case Poisson:
			ok = ok && y >= 0
		case LambdaRank:
			ok = ok && y >= 0 && y <= 31 && y == math.Trunc(y)
		}
		if !ok {
			return fmt.Errorf("label %d is %v, which %s does not learn", i, y, o)
		}
	}
	total := 0.0
	for i, w := range d.Weight {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("weight %d is %v: give 0 or more", i, w)
		}
		total += w
	}
	if d.Weight != nil && total == 0 {
		return errors.New("all weights are 0")
	}
	if o == LambdaRank {
		return d.checkGroups()
	}
	return nil
}

func (d *Data) checkGroups() error {
	rows := 0
	for i, g := range d.Groups {
		if g < 1 {
			return fmt.Errorf("group %d has %d rows", i, g)
		}
		rows += g
	}
	if rows != d.X.Rows {
		return fmt.Errorf("the groups have %d rows together, there are %d", rows, d.X.Rows)
	}
	return nil
}

func (d *Data) weight(i int) float64 {
	if d.Weight == nil {
		return 1
	}
	return d.Weight[i]
}

// binned is a table in bins, a byte a value, row by row.
type binned struct {
	rows, columns int
	bins          []uint8
	// cuts are for each column of numbers: bin i holds what is below cuts[i] and not below the cut before; what is not below the last is in the bin behind.
	cuts [][]float64
	// levels is for each column of categories how many bins it has; 0 for numbers.
	levels []int
}

// newBinned finds cuts, and bins all rows.
func newBinned(x *frame.Frame, p Params) *binned {
	b := &binned{rows: x.Rows, columns: len(x.Columns), bins: make([]uint8, x.Rows*len(x.Columns)), cuts: make([][]float64, len(x.Columns)), levels: make([]int, len(x.Columns))}
	rows := sample(x.Rows, p.Seed)
	each(p.Workers, b.columns, func(j int) {
		c := &x.Columns[j]
		if c.Kind == frame.Category {
			b.levels[j] = min(len(c.Levels), maxBins)
		} else {
			b.cuts[j] = cutsOf(c.Values, rows, p.Bins)
		}
		for i, v := range c.Values {
			b.bins[i*b.columns+j] = b.bin(j, v)
		}
	})
	return b
}

// sample draws rows to find cuts in; nil means all.
func sample(rows int, seed uint64) []int {
	if rows <= sampled {
		return nil
	}
	r := rand.New(rand.NewPCG(seed, 0x62696e73)) //nolint:gosec // Statistics, no secret.
	out := make([]int, sampled)
	for i := range out {
		out[i] = r.IntN(rows)
	}
	return out
}

// bin is the bin of a value.
func (b *binned) bin(column int, v float64) uint8 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return missingBin
	}
	if n := b.levels[column]; n > 0 {
		if v < 0 || int(v) >= n {
			return missingBin
		}
		return uint8(v)
	}
	cuts := b.cuts[column]
	low, high := 0, len(cuts)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if v < cuts[mid] {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return uint8(low)
}

// cutsOf finds at most bins-1 cuts between values, so that bins have about as many rows each; each value has its own bin where there are few of them.
func cutsOf(values []float64, rows []int, bins int) []float64 {
	var seen []float64
	if rows == nil {
		seen = make([]float64, 0, len(values))
		for _, v := range values {
			seen = keepNumber(seen, v)
		}
	} else {
		seen = make([]float64, 0, len(rows))
		for _, r := range rows {
			seen = keepNumber(seen, values[r])
		}
	}
	slices.Sort(seen)
	type run struct {
		value float64
		rows  int
	}
	var runs []run
	for _, v := range seen {
		if n := len(runs); n > 0 && runs[n-1].value == v {
			runs[n-1].rows++
		} else {
			runs = append(runs, run{v, 1})
		}
	}
	var cuts []float64
	left, want := len(seen), bins
	held := 0
	for i := 0; i+1 < len(runs); i++ {
		held += runs[i].rows
		// The bin is full when it has its share of what is left, or when each of the values left can have its own.
		if held*want >= left || len(runs)-i <= want {
			cuts = append(cuts, between(runs[i].value, runs[i+1].value))
			left, want, held = left-held, want-1, 0
		}
		if want == 1 {
			break
		}
	}
	return cuts
}

func keepNumber(list []float64, v float64) []float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return list
	}
	return append(list, v)
}

// between is a cut c with a < c <= b: the middle, as a single-precision number where one lies between, which XGBoost's models need.
func between(a, b float64) float64 {
	mid := a + (b-a)/2
	if single := float64(float32(mid)); a < single && single <= b {
		return single
	}
	if a < mid && mid <= b {
		return mid
	}
	return b
}
