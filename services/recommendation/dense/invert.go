package dense

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// blockSize is how many columns are swept at once: a multiple of both sides of a tile.
const blockSize = 192

// ErrNotPositive says that a matrix is not positive definite, as far as its numbers are exact.
var ErrNotPositive = errors.New("the matrix is not positive definite")

// Invert inverts a symmetric positive definite matrix of n rows in its place. Its lower half is read, the whole is written. Workers share the work, below 1 is one; the result
// is the same. A context that ends leaves the matrix in between and gives its error.
func Invert(ctx context.Context, a []float64, n, workers int) error {
	s := &sweep{a: a, n: n, workers: max(workers, 1), blocks: (n + blockSize - 1) / blockSize}
	size := s.blocks * blockSize * blockSize
	s.w, s.v, s.inverse, s.packed = make([]float64, size), make([]float64, size), make([]float64, blockSize*blockSize), make([]float64, blockSize*blockSize)
	s.rest = make([]float64, size)
	for k := range s.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.block(k); err != nil {
			return err
		}
	}
	s.mirror()
	return nil
}

// sweep is the work of one inversion. What is packed for kernels is padded with zeros to whole blocks.
type sweep struct {
	a               []float64
	n               int
	workers, blocks int
	w               []float64 // W by blocks, packed as the left side of a product
	v               []float64 // W D by blocks, packed as the right side
	rest            []float64 // W D by blocks, row after row
	inverse         []float64 // D
	packed          []float64 // -D as the right side
}

// span is the rows of a block.
func (s *sweep) span(b int) (from, to int) { return b * blockSize, min((b+1)*blockSize, s.n) }

// each calls f with every block but k, the largest first.
func (s *sweep) each(k int, f func(b int)) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range min(s.workers, s.blocks) {
		all.Go(func() {
			for {
				b := s.blocks - int(next.Add(1))
				if b < 0 {
					return
				}
				if b != k {
					f(b)
				}
			}
		})
	}
	all.Wait()
}

func (s *sweep) block(k int) error {
	if err := s.diagonal(k); err != nil {
		return err
	}
	s.each(k, func(b int) { s.column(b, k) })
	s.each(k, func(b int) {
		for j := range b + 1 {
			if j != k {
				s.update(b, j)
			}
		}
	})
	s.each(k, func(b int) { s.put(b, k) })
	from, to := s.span(k)
	for i := from; i < to; i++ {
		for j := from; j <= i; j++ {
			s.a[i*s.n+j] = -s.inverse[(i-from)*blockSize+j-from]
		}
	}
	return nil
}

// diagonal inverts a block on the diagonal, and packs it.
func (s *sweep) diagonal(k int) error {
	from, to := s.span(k)
	clear(s.inverse)
	for i := from; i < to; i++ {
		copy(s.inverse[(i-from)*blockSize:], s.a[i*s.n+from:i*s.n+i+1])
	}
	t, ok := lapack64.Potrf(blas64.Symmetric{N: to - from, Stride: blockSize, Data: s.inverse, Uplo: blas.Lower})
	if ok {
		_, ok = lapack64.Potri(t)
	}
	if !ok {
		return ErrNotPositive
	}
	for i := range to - from {
		for j := range i {
			s.inverse[j*blockSize+i] = s.inverse[i*blockSize+j]
		}
	}
	for j := range blockSize {
		for i := range blockSize {
			s.packed[place(i, j, tileColumns)] = -s.inverse[i*blockSize+j]
		}
	}
	return nil
}

// place is where a packed block has row r of its k rows, column c: panels of width columns, row after row.
func place(r, c, width int) int { return (c/width*blockSize+r)*width + c%width }

// of is the part of a packed matrix that a block has.
func of(packed []float64, b int) []float64 {
	return packed[b*blockSize*blockSize : (b+1)*blockSize*blockSize]
}

// column packs W of a block, and computes W D.
func (s *sweep) column(b, k int) {
	w, v, rest := of(s.w, b), of(s.v, b), of(s.rest, b)
	clear(w)
	clear(rest)
	from, to := s.span(b)
	first, last := s.span(k)
	for i := from; i < to; i++ {
		for j := first; j < last; j++ {
			at := i*s.n + j
			if b < k {
				at = j*s.n + i
			}
			w[place(j-first, i-from, tileRows)] = s.a[at]
		}
	}
	product(w, s.packed, rest, blockSize)
	for i := range blockSize {
		for j := range blockSize {
			v[place(j, i, tileColumns)] = rest[i*blockSize+j]
		}
	}
}

// product takes a'b of packed blocks from c.
func product(a, b, c []float64, stride int) {
	for j := 0; j < blockSize; j += tileColumns {
		for i := 0; i < blockSize; i += tileRows {
			subtract(blockSize, a[i*blockSize:], b[j*blockSize:], c[i*stride+j:], stride)
		}
	}
}

// update takes W D W' from one block of the matrix. Of a block on the diagonal more than the lower half is computed, and never read.
func (s *sweep) update(b, j int) {
	from, to := s.span(b)
	first, last := s.span(j)
	a, v := of(s.w, b), of(s.v, j)
	var edge [tileRows * tileColumns]float64
	for y := 0; y < last-first; y += tileColumns {
		for x := 0; x < to-from; x += tileRows {
			if b == j && y > x+tileRows-1 {
				continue
			}
			left, right := a[x*blockSize:], v[y*blockSize:]
			if x+tileRows <= to-from && y+tileColumns <= last-first {
				subtract(blockSize, left, right, s.a[(from+x)*s.n+first+y:], s.n)
				continue
			}
			clear(edge[:])
			subtract(blockSize, left, right, edge[:], tileColumns)
			for r := range min(tileRows, to-from-x) {
				line := s.a[(from+x+r)*s.n+first+y:]
				for c := range min(tileColumns, last-first-y) {
					line[c] += edge[r*tileColumns+c]
				}
			}
		}
	}
}

// put writes W D in the place of W.
func (s *sweep) put(b, k int) {
	rest := of(s.rest, b)
	from, to := s.span(b)
	first, last := s.span(k)
	for i := from; i < to; i++ {
		line := rest[(i-from)*blockSize:]
		if b > k {
			copy(s.a[i*s.n+first:i*s.n+last], line)
			continue
		}
		for j := first; j < last; j++ {
			s.a[j*s.n+i] = line[j-first]
		}
	}
}

// mirror turns minus the lower half into the whole.
func (s *sweep) mirror() {
	const near = 32 // both sides of a copy stay in a near cache
	for i0 := 0; i0 < s.n; i0 += near {
		for j0 := 0; j0 <= i0; j0 += near {
			for i := i0; i < min(i0+near, s.n); i++ {
				for j := j0; j <= min(j0+near-1, i); j++ {
					v := -s.a[i*s.n+j]
					s.a[i*s.n+j], s.a[j*s.n+i] = v, v
				}
			}
		}
	}
}
