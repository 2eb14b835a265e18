package gbdt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/freshet/freshet/pkg/frame"
)

// large is the table of the figures in docs/benchmarks.md: columns of numbers, a tenth missing in a third of them.
func large(rows, columns int) Data {
	r := rand.New(rand.NewPCG(1, 2))
	d := Data{X: &frame.Frame{Rows: rows}, Y: make([]float64, rows)}
	score := make([]float64, rows)
	for j := range columns {
		values := make([]float64, rows)
		for i := range values {
			v := r.NormFloat64()
			switch {
			case j < 6:
				score[i] += v * float64(j%3-1) / 2
			case j < 9:
				score[i] += math.Abs(v) - .8
			}
			if j%3 == 0 && r.IntN(10) == 0 {
				v = math.NaN()
			}
			values[i] = v
		}
		d.X.Columns = append(d.X.Columns, frame.Column{Name: fmt.Sprintf("c%d", j), Kind: frame.Number, Values: values})
	}
	for i, s := range score {
		if r.Float64() < sigmoid(s) {
			d.Y[i] = 1
		}
	}
	return d
}

// BenchmarkTrain is 100 trees of 31 leaves over 28 columns and 254 bins.
func BenchmarkTrain(b *testing.B) {
	for _, rows := range []int{100_000, 900_000} {
		d := large(rows, 28)
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("rows=%d/workers=%d", rows, workers), func(b *testing.B) {
				for b.Loop() {
					if _, err := Train(b.Context(), Params{Workers: workers}, d, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPredict scores with 100 trees of 31 leaves.
func BenchmarkPredict(b *testing.B) {
	d := large(100_000, 28)
	m, err := Train(b.Context(), Params{Workers: 2}, d, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("batch", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Predict(d.X, 1); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*float64(d.X.Rows)/b.Elapsed().Seconds(), "rows/s")
	})
	r, _ := m.bind(d.X)
	rows := make([][]float64, 1000)
	for i := range rows {
		rows[i] = make([]float64, 28)
		r.read(i, rows[i])
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			m.Score(rows[i%len(rows)])
		}
	})
	b.Run("contributions", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			m.Contributions(rows[i%len(rows)], nil)
		}
	})
}
