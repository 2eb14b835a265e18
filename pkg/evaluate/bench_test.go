package evaluate

import "testing"

// A million rows. The sort is most of it; an Interval sorts once for all its resamples.
func BenchmarkMillionRows(b *testing.B) {
	rows := coins(1_000_000, 1)
	for name, measure := range map[string]func(Binary) (float64, error){"AUC": Binary.AUC, "ECE": measures["ece"]} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := measure(rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	sorted, err := rows.sorted()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("AUC of sorted rows", func(b *testing.B) {
		for b.Loop() {
			if _, err := sorted.AUC(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
