package ease

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// matrix is a positive definite one.
func matrix(n int) []float64 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	a := make([]float64, n*n)
	for i := range n {
		for j := i; j < n; j++ {
			a[i*n+j] = r.Float64()
		}
		a[i*n+i] += float64(n)
	}
	return a
}

// By blocks or as LAPACK does it: the same, for matrices of less than a block, of whole blocks and of more.
func TestAnInversionByBlocks(t *testing.T) {
	for _, n := range []int{1, 2, block - 1, block, block + 1, 2 * block, 3*block + 17} {
		got, want := matrix(n), matrix(n)
		if err := invert(t.Context(), got, n); err != nil {
			t.Fatal(err)
		}
		factor, ok := lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: want, Uplo: blas.Upper})
		if _, ok2 := lapack64.Potri(factor); !ok || !ok2 {
			t.Fatal("no inverse")
		}
		for i := range n {
			for j := i; j < n; j++ {
				if math.Abs(got[i*n+j]-want[i*n+j]) > 1e-12 {
					t.Fatalf("n %d: (%d,%d) is %v, want %v", n, i, j, got[i*n+j], want[i*n+j])
				}
			}
		}
	}
	if err := invert(t.Context(), []float64{0, 1, 1, 0}, 2); err == nil {
		t.Error("a matrix without an inverse has one")
	}
}

// ends is a context that ends when it is asked for the n-th time.
type ends struct {
	context.Context
	left int
}

func (e *ends) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnInversionCanBeInterrupted(t *testing.T) {
	const n = 3 * block // three steps of three blocks are nine looks
	for looks := range 9 {
		if err := invert(&ends{t.Context(), looks}, matrix(n), n); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d looks: %v", looks, err)
		}
	}
	if err := invert(&ends{t.Context(), 9}, matrix(n), n); err != nil {
		t.Error(err)
	}
}
