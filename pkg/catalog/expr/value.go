package expr

import (
	"fmt"
	"math"
	"math/bits"
)

// Number is a compiled number: a constant, a member, or the product of two members.
type Number struct {
	constant int64
	a, b     *Path
}

// Of is the number in millionths. A product is rounded toward zero; one outside plus or minus 2^63-1 is absent.
func (n *Number) Of(x *Event) (micros int64, ok bool) {
	if n.a == nil {
		return n.constant, true
	}
	micros, ok = x.at(n.a).asNumber()
	if !ok || n.b == nil {
		return micros, ok
	}
	other, ok := x.at(n.b).asNumber()
	if !ok {
		return 0, false
	}
	return product(micros, other)
}

// product is a times b, both in millionths, toward zero.
func product(a, b int64) (int64, bool) {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= 1_000_000 {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, 1_000_000)
	if q > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(q), true
	}
	return int64(q), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// String is the number in a normal form.
func (n *Number) String() string {
	switch {
	case n.a == nil:
		return decimal(n.constant)
	case n.b == nil:
		return n.a.String()
	default:
		return fmt.Sprintf("%s * %s", n.a, n.b)
	}
}

// Text is a compiled text: a member.
type Text struct{ path *Path }

// Of is the text: 1 to 255 bytes. It may share memory with the event.
func (t *Text) Of(x *Event) (string, bool) { return x.at(t.path).asText() }

// String is the member.
func (t *Text) String() string { return t.path.String() }
