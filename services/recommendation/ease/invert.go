package ease

import (
	"context"
	"errors"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/gonum"
)

// block is how many columns are worked on between two looks at ctx: with 10,000 items a second or two.
const block = 64

var (
	level3 = blas64.Implementation()
	lapack = gonum.Implementation{}
)

// invert inverts a positive definite matrix in its place, by Cholesky; the upper half counts, before and behind. It is LAPACK's dpotrf, dtrtri and dlauum by blocks, so that
// it can be interrupted: gonum's own cannot.
func invert(ctx context.Context, a []float64, n int) error {
	for _, step := range []func(a []float64, n, at, wide int) bool{factor, unfactor, square} {
		for at := 0; at < n; at += block {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !step(a, n, at, min(block, n-at)) {
				return errors.New("ease: the matrix cannot be inverted: raise L2")
			}
		}
	}
	return nil
}

// factor makes rows at to at+wide of U, where A = U'U, from those above.
func factor(a []float64, n, at, wide int) bool {
	own, behind := a[at*n+at:], n-at-wide
	level3.Dsyrk(blas.Upper, blas.Trans, wide, at, -1, a[at:], n, 1, own, n)
	if !lapack.Dpotrf(blas.Upper, wide, own, n) {
		return false
	}
	if behind > 0 {
		right := a[at*n+at+wide:]
		level3.Dgemm(blas.Trans, blas.NoTrans, wide, behind, at, -1, a[at:], n, a[at+wide:], n, 1, right, n)
		level3.Dtrsm(blas.Left, blas.Upper, blas.Trans, blas.NonUnit, wide, behind, 1, own, n, right, n)
	}
	return true
}

// unfactor makes columns at to at+wide of U^-1, from those before.
func unfactor(a []float64, n, at, wide int) bool {
	own := a[at*n+at:]
	level3.Dtrmm(blas.Left, blas.Upper, blas.NoTrans, blas.NonUnit, at, wide, 1, a, n, a[at:], n)
	level3.Dtrsm(blas.Right, blas.Upper, blas.NoTrans, blas.NonUnit, at, wide, -1, own, n, a[at:], n)
	lapack.Dtrti2(blas.Upper, blas.NonUnit, wide, own, n)
	return true
}

// square makes columns at to at+wide of U^-1 times its transpose.
func square(a []float64, n, at, wide int) bool {
	own, behind := a[at*n+at:], n-at-wide
	level3.Dtrmm(blas.Right, blas.Upper, blas.Trans, blas.NonUnit, at, wide, 1, own, n, a[at:], n)
	lapack.Dlauu2(blas.Upper, wide, own, n)
	if behind > 0 {
		right := a[at*n+at+wide:]
		level3.Dgemm(blas.NoTrans, blas.Trans, at, wide, behind, 1, a[at+wide:], n, right, n, 1, a[at:], n)
		level3.Dsyrk(blas.Upper, blas.NoTrans, wide, behind, 1, right, n, 1, own, n)
	}
	return true
}
