package catalog

import (
	"math"
	"math/big"
	"math/bits"
)

// Sum is a sum of 64-bit numbers that never wraps: 128 bits, more than any number of them needs. Only what is read of it is cut to 64
// bits, by Clamp: so that adding stays commutative, and the stream, ClickHouse (Int128) and an oracle agree also beyond the ends.
type Sum struct {
	hi int64
	lo uint64
}

// SumOf is the sum of one number.
func SumOf(x int64) Sum { return Sum{hi: x >> 63, lo: uint64(x)} }

// Words are the two halves of the sum in two's complement, for an encoding.
func (s Sum) Words() (hi int64, lo uint64) { return s.hi, s.lo }

// FromWords is the sum that has these halves.
func FromWords(hi int64, lo uint64) Sum { return Sum{hi: hi, lo: lo} }

// Plus adds.
func (s Sum) Plus(o Sum) Sum {
	lo, carry := bits.Add64(s.lo, o.lo, 0)
	return Sum{hi: s.hi + o.hi + int64(carry), lo: lo}
}

// Negative is the sum with the other sign.
func (s Sum) Negative() Sum {
	lo, borrow := bits.Sub64(0, s.lo, 0)
	return Sum{hi: -s.hi - int64(borrow), lo: lo}
}

// Sign is -1, 0 or 1.
func (s Sum) Sign() int {
	switch {
	case s.hi < 0:
		return -1
	case s == (Sum{}):
		return 0
	}
	return 1
}

// Clamp is the sum as 64 bits. Beyond plus or minus Limit it is that.
func (s Sum) Clamp() int64 {
	switch {
	case s.hi > 0 || s.hi == 0 && s.lo > Limit:
		return Limit
	case s.hi < -1 || s.hi == -1 && s.lo <= 1<<63:
		return -Limit
	}
	return int64(s.lo)
}

// Limit is the largest number that is shown; a larger sum shows as this.
const Limit = math.MaxInt64

// Times multiplies by a number of at most 62 bits. What does not fit into 128 bits wraps.
func (s Sum) Times(n int64) Sum {
	negative := n < 0
	if negative {
		n = -n
	}
	hi, lo := bits.Mul64(s.lo, uint64(n))
	out := Sum{hi: int64(hi + uint64(s.hi)*uint64(n)), lo: lo}
	if negative {
		return out.Negative()
	}
	return out
}

// Big is the sum as a number of any size.
func (s Sum) Big() *big.Int {
	n := big.NewInt(s.hi)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(s.lo))
}

// clampBig cuts a number to 64 bits, as Clamp does.
func clampBig(n *big.Int) int64 {
	if n.CmpAbs(big.NewInt(Limit)) >= 0 {
		return int64(n.Sign()) * Limit
	}
	return n.Int64()
}
