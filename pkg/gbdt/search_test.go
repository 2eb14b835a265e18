package gbdt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/table"
)

// naive tries every threshold, both places for missing and missing against the rest over the rows themselves, and every set of
// categories, and gives the best gain.
func naive(d *Dataset, p Params, g, h []float64, f int) float64 {
	best := 0.0
	try := func(left func(r int) bool) {
		var sums [2][2]float64
		var rows [2]int
		for r := range d.Rows() {
			side := bit(left(r))
			sums[side][0] += g[r]
			sums[side][1] += h[r]
			rows[side]++
		}
		if min(rows[0], rows[1]) < max(1, p.MinRows) || min(sums[0][1], sums[1][1]) < p.MinWeight {
			return
		}
		score := func(g, h float64) float64 { t := shrink(g, p.L1); return t * t / (h + p.L2) }
		gain := score(sums[0][0], sums[0][1]) + score(sums[1][0], sums[1][1]) - score(sums[0][0]+sums[1][0], sums[0][1]+sums[1][1])
		best = max(best, gain)
	}
	c := &d.Columns[f]
	if c.Codes != nil {
		for set := range 1 << (len(c.Categories) + 1) {
			try(func(r int) bool { return set>>(c.Codes[r]+1)&1 == 1 })
		}
		return best
	}
	for _, missingLeft := range []bool{false, true} {
		for _, t := range append(slices.Clone(c.Values), math.Inf(1)) {
			if t == t {
				try(func(r int) bool { v := c.Values[r]; return v <= t || v != v && missingLeft })
			}
		}
	}
	return best
}

// The histogram finds the best split there is: among all thresholds and both sides for missing, and among all sets of few categories.
func TestTheBestSplitIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 3))
		rows := rapid.IntRange(2, 80).Draw(t, "rows")
		d := &Dataset{Label: make([]float64, rows), Columns: []table.Column{{Name: "x"}, {Name: "c", Categories: names(5)}}}
		for range rows {
			x := float64(rng.IntN(30)) / 4
			if rng.IntN(6) == 0 {
				x = math.NaN()
			}
			d.Columns[0].Values = append(d.Columns[0].Values, x)
			d.Columns[1].Codes = append(d.Columns[1].Codes, int32(rng.IntN(6)-1))
		}
		p := Default(Logistic)
		p.MinRows = rapid.SampledFrom([]int{0, 1, 5}).Draw(t, "least rows")
		p.MinWeight = rapid.SampledFrom([]float64{0, 1.5}).Draw(t, "least weight")
		p.L1, p.L2 = rapid.SampledFrom([]float64{0, .3}).Draw(t, "l1"), rapid.SampledFrom([]float64{.1, 1}).Draw(t, "l2")
		// As Fisher's theorem has it: the order by gradient over weight is the best one without any tempering.
		p.OneVsRest, p.CategorySmooth, p.CategoryL2 = 1, 0, 0
		b := bin(d, p, 1)
		g := newGrower(p, b, make([]int8, 2), 1)
		for r := range rows {
			g.grads.g[r], g.grads.h[r] = rng.NormFloat64(), .1+rng.Float64()
		}
		g.grads.pack(1)
		g.search = newSearch(p, b, nil, g.grads.units())
		for r := range rows {
			g.order = append(g.order, uint32(r))
		}
		l := &leafState{to: rows, hist: g.hists.build(b, g.grads.packed, g.order, nil, 1)}
		for _, v := range g.grads.packed {
			l.sum += v
		}
		for f := range d.Columns {
			got, want := g.search.feature(f, l).gain, naive(d, p, g.grads.g, g.grads.h, f)
			if f == 1 && (p.MinRows > 1 || p.MinWeight > 0 || p.L1 > 0 || p.L2 > .1) {
				// The theorem is for a split without conditions: an upper bound otherwise.
				if got > want+1e-4 {
					t.Fatalf("%v: gain %v, and the best of all is %v", d.Columns[f].Name, got, want)
				}
				continue
			}
			if math.Abs(got-want) > 1e-4*max(1, want) && !(f == 1 && got > want*.98) {
				t.Fatalf("%v: gain %v, the best is %v", d.Columns[f].Name, got, want)
			}
		}
	})
}

// A value is in the bin whose bound is the first that is not below it; bins hold about equally many; there are never too many.
func TestBins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-3, 3), rapid.Map(rapid.IntRange(-5, 5), func(i int) float64 { return float64(i) }),
			rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 0}))
		values := rapid.SliceOfN(value, 1, 300).Draw(t, "values")
		limit := rapid.IntRange(2, maxBins).Draw(t, "limit")
		m := newMapper(&table.Column{Values: values}, limit, nil)
		if m.bins < 1 || m.bins > limit || !slices.IsSorted(m.bounds[:]) {
			t.Fatalf("%d bins, at most %d; bounds %v", m.bins, limit, m.bounds[:m.bins])
		}
		distinct := map[float64]bool{}
		used := map[uint8]bool{}
		for _, v := range values {
			if v != v {
				if m.bin(v) != missingBin {
					t.Fatal("missing has a bin of values")
				}
				continue
			}
			distinct[v] = true
			b := int(m.bin(v))
			used[uint8(b)] = true
			if b >= m.bins || v > m.bounds[b] || b > 0 && v <= m.bounds[b-1] {
				t.Fatalf("%v is in bin %d, up to %v", v, b, m.bounds[b])
			}
		}
		if len(distinct) <= limit && len(distinct) > 0 && len(used) != len(distinct) {
			t.Fatalf("%d bins for %d values, %d allowed", len(used), len(distinct), limit)
		}
	})
}

func TestBinsAreEven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 100_000)
	for i := range values {
		if values[i] = rng.ExpFloat64(); i%3 == 0 {
			values[i] = 0
		}
	}
	m := newMapper(&table.Column{Values: values}, 100, nil)
	counts := map[uint8]int{}
	for _, v := range values {
		counts[m.bin(v)]++
	}
	for b, n := range counts {
		if b != m.bin(0) && n > 2*100_000*2/3/99 {
			t.Errorf("bin %d has %d rows", b, n)
		}
	}
	if len(counts) < 95 {
		t.Errorf("%d bins of 100 are used", len(counts))
	}
}

// Rounded to 32 bits and below t is the same as at most atMost(t), for every number; and above(t) is the first of 32 bits beyond t.
func TestThresholdsOf32Bits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threshold := rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, 1, -1, math.MaxFloat32, -math.MaxFloat32,
			math.SmallestNonzeroFloat32, float32(math.Inf(1))})).Draw(t, "threshold")
		steps := rapid.IntRange(-3, 3).Draw(t, "steps")
		x := atMost(threshold)
		for range steps {
			x = math.Nextafter(x, math.Inf(1))
		}
		for range -steps {
			x = math.Nextafter(x, math.Inf(-1))
		}
		if got, want := x <= atMost(threshold), float32(x) < threshold; got != want {
			t.Fatalf("%v beside %v: %v, XGBoost says %v", x, threshold, got, want)
		}
		any := rapid.Float32().Draw(t, "number")
		bound := rapid.Float64Range(-1e38, 1e38).Draw(t, "bound")
		if got, want := any < above(bound), float64(any) <= bound; got != want {
			t.Fatalf("%v at most %v: %v, want %v", any, bound, got, want)
		}
	})
}

// What is left of a parent's histogram without one child is the other child's, to the bit.
func TestHistogramsSubtractExactly(t *testing.T) {
	d := mixed(3000, 9)
	b := bin(d, Default(Logistic), 1)
	g := newGrower(Default(Logistic), b, make([]int8, 4), 1)
	newLoss(Default(Logistic), d).gradients(make([]float64, 3000), make([]bool, 3000), g.grads, 1)
	g.grads.pack(1)
	var all, left, right []uint32
	for r := range uint32(3000) {
		all = append(all, r)
		if r*r%7 < 3 {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	whole := g.hists.build(b, g.grads.packed, all, nil, 1)
	whole.subtract(g.hists.build(b, g.grads.packed, left, nil, 1))
	if fmt.Sprint(whole) != fmt.Sprint(g.hists.build(b, g.grads.packed, right, []int{0, 1, 2, 3}, 1)) {
		t.Error("they differ")
	}
}
