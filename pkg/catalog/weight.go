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

// decayedValue is what spans are worth at asOf, toward zero.
func decayedValue(spans []Span, asOf int64, halfLife time.Duration) int64 {
	total := decayed(spans, asOf, halfLife)
	_, step := SpanOf(asOf, halfLife)
	divisor := new(big.Int).Lsh(big.NewInt(weights[step]), SpansKept)
	return clampBig(total.Quo(total, divisor))
}
