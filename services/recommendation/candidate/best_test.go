package candidate

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkBest keeps 100 of 600.
func BenchmarkBest(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	all := make([]Candidate, 600)
	for i := range all {
		all[i] = Candidate{Item: int32(i), Score: r.Float64()}
	}
	var best Best
	var out []Candidate
	for b.Loop() {
		best.Reset(100)
		for _, c := range all {
			best.Offer(c)
		}
		out = best.Append(out[:0])
	}
}
