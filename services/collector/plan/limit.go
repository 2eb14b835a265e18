package plan

import "math/big"

func (l *limit) set(r *big.Rat, exclusive bool) {
	l.float, _ = r.Float64()
	l.exact = r.IsInt() && r.Num().IsInt64()
	if l.exact {
		l.whole = r.Num().Int64()
	}
	l.exclusive = exclusive
}

// below says for certain that a number is not under the limit. whole is the number when exact.
func (l *limit) below(f float64, whole int64, exact bool) bool {
	if l == nil {
		return true
	}
	if exact && l.exact {
		return whole > l.whole || (whole == l.whole && !l.exclusive)
	}
	return f > l.float
}

// above says for certain that a number is not over the limit.
func (l *limit) above(f float64, whole int64, exact bool) bool {
	if l == nil {
		return true
	}
	if exact && l.exact {
		return whole < l.whole || (whole == l.whole && !l.exclusive)
	}
	return f < l.float
}
