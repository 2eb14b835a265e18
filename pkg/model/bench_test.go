package model

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkTally counts customers of 32 numbers and 8 categories: what drift adds to scoring one in a sweep.
func BenchmarkTally(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	numbers, levels := make([]float64, 1000), make([]string, 1000)
	for i := range numbers {
		numbers[i], levels[i] = rng.NormFloat64(), fmt.Sprint("level ", rng.IntN(12))
	}
	p := NewProfile(numbers)
	for i := range 40 {
		if i < 32 {
			p.Number(fmt.Sprint(i), numbers)
		} else {
			p.Category(fmt.Sprint(i), levels)
		}
	}
	t := p.Tally()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for i := range 40 {
			if i < 32 {
				t.Number(i, numbers[(n+i)%1000])
			} else {
				t.Text(i, levels[(n+i)%1000])
			}
		}
		t.Score(numbers[n%1000])
	}
}
