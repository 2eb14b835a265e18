package decode

import (
	"math"
	"math/bits"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// lineValue is what a line is worth: its total, else quantity times price, rounded to the nearest millionth, halves to the even one. ok is
// false when it has neither; whole is false when the value is beyond 64 bits and was cut to them.
func lineValue(item *eventv1.OrderItem) (value int64, ok, whole bool) {
	if item.TotalMicros != nil {
		return *item.TotalMicros, true, true
	}
	if item.UnitPriceMicros == nil {
		return 0, false, true
	}
	value, whole = multiply(item.QuantityMicros, *item.UnitPriceMicros)
	return value, true, whole
}

// multiply multiplies two numbers of millionths through 128 bits.
func multiply(a, b int64) (product int64, whole bool) {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= money.Unit { // the quotient has more than 64 bits
		return bound(negative), false
	}
	n, rest := bits.Div64(hi, lo, money.Unit)
	if n > 1<<63 {
		return bound(negative), false
	}
	if rest > money.Unit/2 || rest == money.Unit/2 && n%2 == 1 {
		n++
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n), true // also for 1<<63, whose negative is itself
	case !negative && n <= math.MaxInt64:
		return int64(n), true
	}
	return bound(negative), false
}

func bound(negative bool) int64 {
	if negative {
		return math.MinInt64
	}
	return math.MaxInt64
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
