package gbdt

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/freshet/freshet/pkg/table"
)

const (
	// maxBins is the most bins for values of a feature; missingBin, the last that a byte can name, is for those that are missing.
	maxBins    = 254
	missingBin = 255
	// maxRows keeps rounded gradients in their 32 bits: see gradient.go.
	maxRows = 1 << 29
	// sampleRows is from how many rows the bounds are found.
	sampleRows = 200_000
)

// mapper gives the bin of a value of one feature.
type mapper struct {
	kind Kind
	// bins is the number of bins for values.
	bins int
	// bounds: bin b holds the values up to and with bounds[b]; from bins-1 on they are +Inf.
	bounds [256]float64
	// byCode is the bin of each category; beyond 254 the rarest, and those without a row, are missing.
	byCode []uint8
}

// bin is the first whose bound is not below x: eight steps without a branch.
func (m *mapper) bin(x float64) uint8 {
	if x != x {
		return missingBin
	}
	i := 0
	for step := 128; step > 0; step >>= 1 {
		if x > m.bounds[(i+step-1)&255] {
			i += step
		}
	}
	return uint8(i)
}

func newMapper(c *table.Column, limit int, sample []int) *mapper {
	if c.Codes != nil {
		return categoryMapper(c, limit)
	}
	values := make([]float64, 0, sampleRows)
	if sample == nil {
		values = appendPresent(values, c.Values)
	} else {
		for _, r := range sample {
			if v := c.Values[r]; v == v {
				values = append(values, v)
			}
		}
	}
	m := &mapper{kind: Numeric}
	slices.Sort(values)
	bounds := boundsOf(values, limit)
	m.bins = len(bounds) + 1
	for i := range m.bounds {
		m.bounds[i] = math.Inf(1)
	}
	copy(m.bounds[:], bounds)
	return m
}

func appendPresent(to, values []float64) []float64 {
	for _, v := range values {
		if v == v {
			to = append(to, v)
		}
	}
	return to
}

// sampleOf is some rows in order, or nil for all.
func sampleOf(rows int, seed uint64) []int {
	if rows <= sampleRows {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x62696e73))
	out := make([]int, 0, sampleRows)
	for r := 0; r < rows && len(out) < sampleRows; r++ {
		if rng.IntN(rows-r) < sampleRows-len(out) {
			out = append(out, r)
		}
	}
	return out
}

// boundsOf are the values between bins, all but the last one's: between all distinct values while they are few, else so that
// bins hold about equally many; a value with more than a bin's share has one of its own (LightGBM's GreedyFindBin).
func boundsOf(sorted []float64, limit int) []float64 {
	distinct, counts := runs(sorted)
	if len(distinct) <= limit {
		out := make([]float64, 0, len(distinct))
		for i := 1; i < len(distinct); i++ {
			out = append(out, between(distinct[i-1], distinct[i]))
		}
		return out
	}
	mean := float64(len(sorted)) / float64(limit)
	rest, left := len(sorted), limit
	for _, c := range counts {
		if float64(c) >= mean {
			rest, left = rest-c, left-1
		}
	}
	var out []float64
	small := share(rest, left)
	held := 0
	for i := 0; i < len(distinct)-1 && len(out) < limit-1; i++ {
		big := float64(counts[i]) >= mean
		if !big {
			rest -= counts[i]
		}
		held += counts[i]
		nextBig := float64(counts[i+1]) >= mean
		if big || float64(held) >= small || nextBig && float64(held) >= max(1, small/2) {
			out = append(out, between(distinct[i], distinct[i+1]))
			held = 0
			if !big {
				left--
				small = share(rest, left)
			}
		}
	}
	return out
}

func share(rows, bins int) float64 {
	if bins <= 0 {
		return math.Inf(1)
	}
	return float64(rows) / float64(bins)
}

func runs(sorted []float64) (distinct []float64, counts []int) {
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			distinct, counts = append(distinct, v), append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	return distinct, counts
}

// between is a bound t with a <= t < b: halfway, or a where halfway is not a number between them (infinities, neighbours).
func between(a, b float64) float64 {
	if mid := a + (b-a)/2; mid >= a && mid < b {
		return mid
	}
	return a
}

func categoryMapper(c *table.Column, limit int) *mapper {
	counts := make([]int, len(c.Categories))
	for _, v := range c.Codes {
		if v >= 0 {
			counts[v]++
		}
	}
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[b] - counts[a] })
	m := &mapper{kind: Categorical, byCode: make([]uint8, len(counts))}
	for i, code := range order {
		m.byCode[code] = missingBin
		if i < limit && counts[code] > 0 {
			m.byCode[code] = uint8(i)
			m.bins = i + 1
		}
	}
	return m
}
