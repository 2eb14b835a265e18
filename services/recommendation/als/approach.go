package als

import (
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/freshet/freshet/services/recommendation/dense"
)

// approach moves a point towards the one that solve gives, by steps of conjugate gradients on the same normal equations; without links it is 0. A step costs the
// links once, where solve costs their outer products and a factorization: for 64 factors about a fifth.
func (s *solver) approach(to, gram, from []float64, linked []int32, ridge float64, steps int) {
	d := s.d
	if len(linked) == 0 {
		clear(to)
		return
	}
	vector := func(x []float64) blas64.Vector { return blas64.Vector{N: d, Inc: 1, Data: x} }
	rest, p, ap := s.taste, s.back, s.a[:d]
	for i, v := range to {
		p[i] = -v
	}
	times(rest, p, gram, from, linked, ridge, 1) // what is not explained yet: sum h - A to
	copy(p, rest)
	size := blas64.Dot(vector(rest), vector(rest))
	for range steps {
		if size < 1e-20 {
			return
		}
		times(ap, p, gram, from, linked, ridge, 0)
		length := size / blas64.Dot(vector(p), vector(ap))
		blas64.Axpy(length, vector(p), vector(to))
		blas64.Axpy(-length, vector(ap), vector(rest))
		was := size
		size = blas64.Dot(vector(rest), vector(rest))
		for i := range p {
			p[i] = rest[i] + size/was*p[i]
		}
	}
}

// times multiplies the matrix of the normal equations with x, without making it, and adds each link plus times.
func times(to, x, gram, from []float64, linked []int32, ridge, plus float64) {
	d := len(x)
	for i, v := range x {
		to[i] = ridge * v
	}
	y := blas64.Vector{N: d, Inc: 1, Data: to}
	for i, v := range x {
		blas64.Axpy(v, blas64.Vector{N: d, Inc: 1, Data: gram[i*d : (i+1)*d]}, y)
	}
	for _, j := range linked {
		dense.Outer(plus, from[int(j)*d:(int(j)+1)*d], x, to)
	}
}
