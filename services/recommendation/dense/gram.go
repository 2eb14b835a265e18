package dense

import (
	"sync"
	"sync/atomic"
)

const (
	// gramRows are packed at once: the packed rows stay in a near cache.
	gramRows = 128
	// gramParts are summed apart at most, so that workers share the work and the order of the sums does not depend on their number.
	gramParts = 16
)

// Gram is the sum of the outer products of rows of n numbers with themselves: a square of n, summed in 64 bits. n is a multiple of Lane. Workers share the work; the result is
// the same.
func Gram(points []float32, n, workers int) []float64 {
	if n == 0 || n%Lane != 0 || len(points)%n != 0 {
		panic("dense: rows of no size")
	}
	rows := len(points) / n
	size := max((rows+gramParts-1)/gramParts, 1)
	size = (size + gramRows - 1) / gramRows * gramRows
	sums := make([][]float64, (rows+size-1)/size)
	var all sync.WaitGroup
	var next atomic.Int64
	for range min(max(workers, 1), len(sums)) {
		all.Go(func() {
			g := newGrammar(n)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(sums) {
					return
				}
				sums[i] = g.sum(points[i*size*n : min((i+1)*size, rows)*n])
			}
		})
	}
	all.Wait()
	out := make([]float64, n*n)
	stride := wide(n)
	for _, sum := range sums {
		for i := range n {
			for j := i; j < n; j++ {
				out[i*n+j] -= sum[i*stride+j]
			}
		}
	}
	for i := range n {
		for j := range i {
			out[i*n+j] = out[j*n+i]
		}
	}
	return out
}

// wide is n rounded up to whole tiles.
func wide(n int) int { return (n + tileColumns - 1) / tileColumns * tileColumns }

// grammar is the memory of one worker: rows packed as both sides of a product.
type grammar struct {
	n           int
	left, right []float64
}

func newGrammar(n int) *grammar {
	return &grammar{n: n, left: make([]float64, gramRows*n), right: make([]float64, gramRows*wide(n))}
}

// sum gives minus the upper half of the sum, with rows of wide(n).
func (g *grammar) sum(points []float32) []float64 {
	n, stride := g.n, wide(g.n)
	out := make([]float64, n*stride)
	for ; len(points) > 0; points = points[min(gramRows*n, len(points)):] {
		k := min(gramRows, len(points)/n)
		g.pack(points[:k*n], k)
		for y := 0; y < stride; y += tileColumns {
			for x := 0; x < n && x < y+tileColumns; x += tileRows {
				subtract(k, g.left[x*k:], g.right[y*k:], out[x*stride+y:], stride)
			}
		}
	}
	return out
}

// pack writes k rows as panels of the tile's sides, row after row.
func (g *grammar) pack(points []float32, k int) {
	for r := range k {
		row := points[r*g.n : (r+1)*g.n]
		for c := 0; c < g.n; c += tileRows {
			to := (*[tileRows]float64)(g.left[c*k+r*tileRows:])
			from := (*[tileRows]float32)(row[c:])
			to[0], to[1], to[2], to[3] = float64(from[0]), float64(from[1]), float64(from[2]), float64(from[3])
		}
		for c := 0; c < g.n; c += tileColumns {
			to := (*[tileColumns]float64)(g.right[c*k+r*tileColumns:])
			for i, v := range row[c:min(c+tileColumns, g.n)] {
				to[i] = float64(v)
			}
		}
	}
}
