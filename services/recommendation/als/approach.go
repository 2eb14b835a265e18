package als

import "github.com/freshet/freshet/services/recommendation/dense"

// approach moves a point towards the one that solve gives, by steps of conjugate gradients on the same normal equations; without links it is 0. A step costs the
// links once, where solve costs their outer products and a factorization. gram is padded. What is held is minus the rest and minus the direction: none is turned round.
func (s *solver) approach(to, gram, from []float32, linked []int32, ridge float32, steps int) {
	if len(linked) == 0 {
		clear(to)
		return
	}
	dense.Times(ridge, gram, to, s.rest)
	dense.Outers(-1, from, linked, to, s.rest) // A to - sum h
	copy(s.p, s.rest)
	size := dense.Dot(s.rest, s.rest)
	for range steps {
		if size < 1e-20 {
			return
		}
		dense.Times(ridge, gram, s.p, s.ap)
		dense.Outers(0, from, linked, s.p, s.ap)
		was := size
		size = dense.Advance(was/dense.Dot(s.p, s.ap), s.p, s.ap, to, s.rest)
		dense.Turn(size/was, s.rest, s.p)
	}
}
