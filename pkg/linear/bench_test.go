package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/freshet/freshet/pkg/table"
)

// 100,000 rows, 20 numbers and a category of 50.
func BenchmarkFit(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const rows = 100_000
	columns, label := make([]table.Column, 21), make([]float64, rows)
	for j := range 20 {
		columns[j] = table.Column{Name: string(rune('a' + j)), Values: make([]float64, rows)}
	}
	columns[20] = table.Column{Name: "category", Codes: make([]int32, rows), Categories: make([]string, 50)}
	for i := range rows {
		margin := -1.0
		for j := range 20 {
			v := r.NormFloat64()
			columns[j].Values[i] = v
			margin += v * float64(j%5-2) / 5
		}
		columns[20].Codes[i] = int32(r.IntN(50))
		if r.Float64() < sigmoid(margin) {
			label[i] = 1
		}
	}
	for b.Loop() {
		if _, err := Fit(columns, label, nil, Params{}); err != nil {
			b.Fatal(err)
		}
	}
}
