package catalog

import (
	"math/big"
	"math/bits"
)

// mulDiv is a * b / d toward zero, with 128 bits in between, cut to 64; d is not zero.
func mulDiv(a, b, d int64) int64 {
	negative := (a < 0) != (b < 0) != (d < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	m := magnitude(d)
	out := int64(Limit)
	if hi < m {
		if q, _ := bits.Div64(hi, lo, m); q < Limit {
			out = int64(q)
		}
	}
	if negative {
		return -out
	}
	return out
}

// magnitude is the number without its sign, that of the smallest one too.
func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// compare is -1, 0 or 1 for less, equal, more.
func (s Sum) compare(o Sum) int {
	switch {
	case s.hi != o.hi && s.hi < o.hi, s.hi == o.hi && s.lo < o.lo:
		return -1
	case s == o:
		return 0
	}
	return 1
}

// shifted is the sum times 2^n, n below 64. It must have room.
func (s Sum) shifted(n uint) Sum {
	return Sum{hi: s.hi<<n | int64(s.lo>>(64-n)), lo: s.lo << n}
}

// absolute is the two halves of the sum without its sign.
func (s Sum) absolute() (hi, lo uint64) {
	if s.hi < 0 {
		s = s.Negative()
	}
	return uint64(s.hi), s.lo
}

// quo is the sum divided by d, toward zero, cut to 64 bits. d is not zero.
func (s Sum) quo(d int64) int64 {
	hi, lo := s.absolute()
	m := magnitude(d)
	out := int64(Limit)
	if hi < m {
		if q, _ := bits.Div64(hi, lo, m); q < Limit {
			out = int64(q)
		}
	}
	if (s.hi < 0) != (d < 0) {
		return -out
	}
	return out
}

// share is a * 1,000,000 / b, toward zero, cut to 64 bits; a is not negative, b positive.
func share(a, b Sum) int64 {
	switch {
	case b.hi == 0 && a.hi == 0 && a.lo <= b.lo:
		hi, lo := bits.Mul64(a.lo, 1_000_000)
		q, _ := bits.Div64(hi, lo, b.lo)
		return int64(q)
	case b.hi < 1<<60 && a.compare(b) <= 0:
		return shareWide(a, b)
	}
	return shareBig(a.Big(), b.Big())
}

// shareWide is share by long multiplication: q * b + r is a times the bits of a million that were seen.
func shareWide(a, b Sum) (q int64) {
	var r Sum
	minus := b.Negative()
	const million = 1_000_000
	for bit := 1 << 19; bit > 0; bit >>= 1 {
		q, r = 2*q, r.Plus(r)
		if million&bit != 0 {
			r = r.Plus(a)
		}
		for r.compare(b) >= 0 {
			q, r = q+1, r.Plus(minus)
		}
	}
	return q
}

// shareBig is share of any numbers.
func shareBig(a, b *big.Int) int64 {
	x := new(big.Int).Mul(a, big.NewInt(1_000_000))
	return clampBig(x.Quo(x, b))
}

// deviationOf is the deviation of n gaps with this sum. A gap is below 2^56 ms, so that 128 bits hold n times the squares.
func deviationOf(times []int64, n, sum int64) int64 {
	var hi, lo uint64 // n * sum of squares
	for i := range n {
		g := uint64(times[i+1] - times[i])
		h, l := bits.Mul64(g, g)
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	over, l := bits.Mul64(lo, uint64(n))
	hi, lo = hi*uint64(n)+over, l
	h, l := bits.Mul64(uint64(sum), uint64(sum))
	lo, borrow := bits.Sub64(lo, l, 0)
	hi, _ = bits.Sub64(hi, h, borrow)
	d := uint64(n) * uint64(n)
	hi, rest := hi/d, hi%d
	lo, _ = bits.Div64(rest, lo, d)
	return int64(root(hi, lo))
}

// root is the square root of a number of 128 bits, below 2^126, rounded down.
func root(hi, lo uint64) uint64 {
	var x uint64
	for bit := uint64(1) << 62; bit > 0; bit >>= 1 {
		h, l := bits.Mul64(x|bit, x|bit)
		if h < hi || h == hi && l <= lo {
			x |= bit
		}
	}
	return x
}
