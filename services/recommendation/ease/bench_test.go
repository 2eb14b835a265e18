package ease

import "testing"

// BenchmarkInvert inverts the matrix of 3,000 items.
func BenchmarkInvert(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		a := matrix(3000)
		b.StartTimer()
		if err := invert(b.Context(), a, 3000); err != nil {
			b.Fatal(err)
		}
	}
}
