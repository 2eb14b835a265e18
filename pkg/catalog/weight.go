package catalog

import (
	"math/big"
	"time"
)

// weights are 2^(i/DecaySteps) in units of 2^-30.
var weights = [DecaySteps]int64{1073741824, 1170923762, 1276901417, 1392470869, 1518500250, 1655936265, 1805811301, 1969251188}

// WeightOf is the weight of a step of a half-life, 0 to DecaySteps-1.
func WeightOf(step int) int64 { return weights[step] }

// SpanOf says in which half-life a moment falls, counted from 1970, and in which step of it.
func SpanOf(ms int64, halfLife time.Duration) (span int64, step int) {
	half := halfLife.Milliseconds()
	start := Floor(ms, half)
	return start / half, int((ms - start) * DecaySteps / half)
}

// Weighted is a number at a moment as its span adds it.
func Weighted(n, ms int64, halfLife time.Duration) (span int64, sum Sum) {
	span, step := SpanOf(ms, halfLife)
	return span, SumOf(n).Times(weights[step])
}

// decayed is what spans are worth at asOf, in units of 2^-SpansKept: divide it by Weight of asOf's step, and shift it. Spans that are too old add
// nothing. (Forward decay: Cormode, Shkapenyuk, Srivastava, Xu 2009.)
func decayed(spans []Span, asOf int64, halfLife time.Duration) *big.Int {
	now, _ := SpanOf(asOf, halfLife)
	total := new(big.Int)
	for _, s := range spans {
		if back := now - s.Index; back >= 0 && back <= SpansKept {
			x := s.Sum.Big()
			total.Add(total, x.Lsh(x, uint(SpansKept-back)))
		}
	}
	return total
}

// roomBits is how large a span's sum may be for 128 bits to do: times 2^SpansKept for its shift, and the number of spans.
const roomBits = 100

// decayedSum is decayed where 128 bits do; ok is false where they may not. now is the span of the moment.
func decayedSum(spans []Span, now int64) (total Sum, ok bool) {
	for i := range spans {
		s := &spans[i]
		if s.Sum.hi >= 1<<(roomBits-64) || s.Sum.hi < -1<<(roomBits-64) {
			return Sum{}, false
		}
		if back := now - s.Index; back >= 0 && back <= SpansKept {
			total = total.Plus(s.Sum.shifted(uint(SpansKept - back)))
		}
	}
	return total, true
}

// decayedValue is what spans are worth at asOf, toward zero.
func decayedValue(spans []Span, asOf int64, halfLife time.Duration) int64 {
	now, step := SpanOf(asOf, halfLife)
	if total, ok := decayedSum(spans, now); ok {
		return total.quo(weights[step] << SpansKept)
	}
	total := decayed(spans, asOf, halfLife)
	return clampBig(total.Quo(total, big.NewInt(weights[step]<<SpansKept)))
}
