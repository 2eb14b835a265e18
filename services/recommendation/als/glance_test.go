package als

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/dense"
)

// No product of two points, in short numbers as a walk scores, is above what the glance says it is at most, whatever the numbers are; and the glance is no more than some
// hundredths of the lengths above it, or it would be of no use.
func TestNoProductIsAboveItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(1, 20).Draw(t, "items"), rapid.IntRange(1, 70).Draw(t, "factors")
		number := rapid.OneOf(rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{0, 1, -1, .5, 1e-30, -1e-44, 1e15}))
		point := func(name string) []float32 {
			p := make([]float32, dense.Padded(d))
			for f, v := range rapid.SliceOfN(number, d, d).Draw(t, name) {
				p[f] = float32(v)
			}
			return p
		}
		var points [][]float32
		for range n {
			points = append(points, point("item"))
		}
		taste, long, u := make([]float64, d), make([]float64, d), point("taste")
		widen(taste, u)
		g := glancesAt(n, d, func(i int) []float32 { return points[i][:d] })
		var a asker
		g.ask(&a, taste)
		var products [together]uint32
		for i, h := range points {
			if i%together == 0 {
				g.products(&a, i, &products)
			}
			widen(long, h)
			length := floats.Norm(long, 2)
			product, bound := float64(dense.Dot(u, h)), g.bound(&a, i, products[i%together], length*slack)
			if room := .04 * math.Sqrt(float64(d)) * length * floats.Norm(taste, 2); bound < product || bound-product > room+1e-20 {
				t.Fatalf("item %d: %v is at most %v, they say, with %v of room", i, product, bound, room)
			}
		}
	})
}
