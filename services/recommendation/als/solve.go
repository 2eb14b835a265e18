package als

import (
	"errors"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/dense"
)

// solver is the memory of one solution.
type solver struct {
	d           int
	a           []float64
	chol        blas64.Triangular
	taste       []float64 // what solve found
	long        []float64 // one point in long numbers
	back        []float64 // the solutions for what was taken, one a column
	parts       []float64 // of a score, by what was taken
	rest, p, ap []float32 // of approach; rest is taste in short numbers for an answer
	best        candidate.Best
	asker       asker
}

func newSolver(d int) *solver {
	n := dense.Padded(d)
	return &solver{d: d, a: make([]float64, d*d), taste: make([]float64, d), long: make([]float64, d),
		rest: make([]float32, n), p: make([]float32, n), ap: make([]float32, n)}
}

// widen writes a point in long numbers.
func widen(to []float64, from []float32) {
	for i := range to {
		to[i] = float64(from[i])
	}
}

// shorten writes a point in short numbers, and 0 behind its end.
func shorten(to []float32, from []float64) {
	for i, v := range from {
		to[i] = float32(v)
	}
	clear(to[len(from):])
}

// solve finds the point whose links are given, s.taste; without any it is 0. The factor stays in s.chol.
func (s *solver) solve(gram []float64, from []float32, linked []int32, ridge float64) error {
	d, n := s.d, dense.Padded(s.d)
	copy(s.a, gram)
	clear(s.taste)
	if len(linked) == 0 {
		return nil
	}
	a := blas64.Symmetric{N: d, Stride: d, Data: s.a, Uplo: blas.Upper}
	h := blas64.Vector{N: d, Inc: 1, Data: s.long}
	for _, j := range linked {
		widen(s.long, from[int(j)*n:])
		blas64.Syr(1, h, a)
		blas64.Axpy(1, h, blas64.Vector{N: d, Inc: 1, Data: s.taste})
	}
	for i := range d {
		s.a[i*d+i] += ridge
	}
	var ok bool
	if s.chol, ok = lapack64.Potrf(a); !ok {
		return errors.New("als: a least-squares problem has no solution: raise L2")
	}
	lapack64.Potrs(s.chol, blas64.General{Rows: d, Cols: 1, Stride: 1, Data: s.taste})
	return nil
}
