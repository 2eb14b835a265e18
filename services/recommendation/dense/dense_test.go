package dense

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// positive is a random positive definite matrix; above the diagonal is what must not be read.
func positive(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, 2*n*n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	d := mat.NewDense(2*n, n, x)
	var g mat.Dense
	g.Mul(d.T(), d)
	a := slices.Clone(g.RawMatrix().Data)
	for i := range n {
		a[i*n+i] += 1
		for j := i + 1; j < n; j++ {
			a[i*n+j] = math.NaN()
		}
	}
	return a
}

func TestInverse(t *testing.T) {
	for _, n := range []int{1, 2, 3, 11, 12, 50, blockSize - 1, blockSize, blockSize + 1, blockSize + 13, 2*blockSize + 7, 3 * blockSize} {
		a := positive(n, uint64(n))
		full := mat.NewDense(n, n, nil)
		for i := range n {
			for j := range n {
				full.Set(i, j, a[max(i, j)*n+min(i, j)])
			}
		}
		if err := Invert(t.Context(), a, n, 2); err != nil {
			t.Fatal(err)
		}
		var id mat.Dense
		id.Mul(full, mat.NewDense(n, n, a))
		for i := range n {
			for j := range n {
				want := 0.0
				if i == j {
					want = 1
				}
				if got := id.At(i, j); !(math.Abs(got-want) < 1e-8) || a[i*n+j] != a[j*n+i] {
					t.Fatalf("%d rows: the product with the inverse has %v at %d, %d", n, got, i, j)
				}
			}
		}
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	const n = 3*blockSize + 5
	one := positive(n, 1)
	if err := Invert(t.Context(), one, n, 0); err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{2, 3, 9} {
		many := positive(n, 1)
		if err := Invert(t.Context(), many, n, workers); err != nil || !slices.Equal(one, many) {
			t.Fatalf("%d workers: another result, %v", workers, err)
		}
	}
}

func TestInvertRefuses(t *testing.T) {
	if err := Invert(t.Context(), []float64{1, 0, 2, 1}, 2, 1); !errors.Is(err, ErrNotPositive) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Invert(ctx, []float64{1}, 1, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := Invert(t.Context(), nil, 0, 1); err != nil {
		t.Error(err)
	}
}

func TestKernels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		draw := func(n int) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = r.NormFloat64()
			}
			return out
		}
		k, stride := rapid.IntRange(1, 40).Draw(t, "k"), rapid.IntRange(12, 20).Draw(t, "stride")
		a, b, c := draw(4*k), draw(12*k), draw(4*stride)
		want := slices.Clone(c)
		subtractPlain(k, a, b, want, stride)
		subtract(k, a, b, c, stride)
		for i := range want {
			if math.Abs(want[i]-c[i]) > 1e-12*float64(k) {
				t.Fatalf("%d: %v, want %v", i, c[i], want[i])
			}
		}
	})
}

func BenchmarkInvert(b *testing.B) {
	for _, n := range []int{1000, 2000} {
		a := positive(n, 1)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			work := make([]float64, len(a))
			for b.Loop() {
				copy(work, a)
				if err := Invert(b.Context(), work, n, 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gop/s")
		})
	}
}
