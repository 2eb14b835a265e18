package order

import (
	"math"
	"math/big"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// rateUnit is a rate of one: Conversion.rate_e12 counts 1e-12.
const rateUnit = 1_000_000_000_000

// convert turns an amount into the workspace's currency, to the nearest millionth, halves away from zero. An amount beyond 64 bits
// stands at the end of them. False without a rate: the amount is then in no sum.
func convert(amount int64, c *eventv1.Conversion) (int64, bool) {
	if c.GetRateE12() <= 0 {
		return 0, false
	}
	if c.GetRateE12() == rateUnit {
		return max(amount, -math.MaxInt64), true
	}
	return scale(amount, c.GetRateE12(), rateUnit), true
}

// exchange turns an amount from the currency of one conversion into that of another; 0 when a rate is missing.
func exchange(amount int64, from, to *eventv1.Conversion) int64 {
	if from.GetRateE12() <= 0 || to.GetRateE12() <= 0 {
		return 0
	}
	return scale(amount, from.GetRateE12(), to.GetRateE12())
}

// portion is what part of a whole is worth: value times part over whole. All are positive.
func portion(value, part, whole int64) int64 { return scale(value, part, whole) }

// scale is x times a over b, to the nearest, halves away from zero, kept within plus or minus the largest int64. a is not negative and
// b is positive.
func scale(x, a, b int64) int64 {
	n := new(big.Int).Mul(big.NewInt(abs(x)), big.NewInt(a))
	n.Mul(n, big.NewInt(2)).Add(n, big.NewInt(b)).Quo(n, new(big.Int).Mul(big.NewInt(2), big.NewInt(b)))
	if !n.IsInt64() {
		return signed(x, math.MaxInt64)
	}
	return signed(x, n.Int64())
}

// Units is the signed sum of the units of all lines, in millionths, kept within plus or minus the largest int64.
func Units(items []*eventv1.OrderItem) (sum int64) {
	for _, item := range items {
		sum = add(sum, item.GetQuantityMicros())
	}
	return sum
}

// add sums two amounts and stops at the ends of 64 bits.
func add(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return -math.MaxInt64
	default:
		return sum
	}
}

// abs has no sign; that of the smallest int64 is the largest one.
func abs(x int64) int64 {
	if x == math.MinInt64 {
		return math.MaxInt64
	}
	return max(x, -x)
}

// signed gives amount the sign of x.
func signed(x, amount int64) int64 {
	if x < 0 {
		return -amount
	}
	return amount
}
