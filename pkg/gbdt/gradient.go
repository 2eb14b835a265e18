package gbdt

import "math"

// gradients of the loss by the score, of every row.
type gradients struct {
	g, h []float64
	// packed is both, rounded: g * gScale in the upper 32 bits, signed, and h * hScale in the lower ones. A sum of such numbers is
	// the number of the sums as long as neither leaves its bits, which scale sees to: so one addition of integers serves a
	// histogram for both, is exact, and gives the same whichever worker adds first.
	packed         []int64
	gScale, hScale float64
}

func newGradients(rows int) *gradients {
	return &gradients{g: make([]float64, rows), h: make([]float64, rows), packed: make([]int64, rows)}
}

// pack rounds. The sums of |g| and of h over all rows become almost 2^31 and 2^32: with a million rows an average gradient
// has 2,000 steps, and what rounding does to a sum over many rows is far below what sampling does. Values of leaves are
// found from the unrounded ones.
func (s *gradients) pack(w workers) {
	n := float64(len(s.g))
	total := w.sum(len(s.g), func(from, to int) float64 { return sumAbs(s.g[from:to]) })
	s.gScale = scaleOf(math.MaxInt32-n, total)
	total = w.sum(len(s.h), func(from, to int) float64 { return sumAbs(s.h[from:to]) })
	s.hScale = scaleOf(math.MaxUint32-n, total)
	w.chunks(len(s.g), func(_, from, to int) {
		packed, g, h := s.packed[from:to], s.g[from:to], s.h[from:to]
		for i := range packed {
			packed[i] = int64(math.RoundToEven(g[i]*s.gScale))<<32 + int64(math.RoundToEven(h[i]*s.hScale))
		}
	})
}

// scaleOf brings total to room. All zero stays zero.
func scaleOf(room, total float64) float64 {
	if !(total > 0) {
		return 0
	}
	// A scale beyond this would round a lone tiny gradient to more than its 32 bits.
	return min(room/total, math.MaxFloat64)
}

func sumAbs(values []float64) float64 {
	s := 0.0
	for _, v := range values {
		s += math.Abs(v)
	}
	return s
}

// unpack is the sums in the units of the loss.
func (u units) unpack(packed int64) (g, h float64) {
	return float64(packed>>32) * u.g, float64(uint32(packed)) * u.h
}

// units are what one step of a rounded gradient is worth.
type units struct{ g, h float64 }

func (s *gradients) units() units {
	u := units{}
	if s.gScale > 0 {
		u.g = 1 / s.gScale
	}
	if s.hScale > 0 {
		u.h = 1 / s.hScale
	}
	return u
}
