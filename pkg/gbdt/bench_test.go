package gbdt

import (
	"context"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/freshet/freshet/pkg/table"
)

// madeUp is a table with interactions, waves, steps and 5 % missing values.
func madeUp(rows, columns int, seed uint64) *Dataset {
	rng := rand.New(rand.NewPCG(seed, 1))
	d := &Dataset{Label: make([]float64, rows), Columns: make([]table.Column, columns)}
	for c := range d.Columns {
		d.Columns[c] = table.Column{Name: string(rune('a'+c%26)) + string(rune('a'+c/26)), Values: make([]float64, rows)}
	}
	x := make([]float64, columns)
	for r := range rows {
		for c := range x {
			x[c] = float64(float32(rng.NormFloat64()))
		}
		z := x[0]*.8 + x[1]*x[2]*.5 + math.Sin(x[3]*2) + .2*x[5]
		if x[4] > 1 {
			z -= .3
		}
		if rng.Float64() < 1/(1+math.Exp(-z)) {
			d.Label[r] = 1
		}
		for c := range x {
			if rng.Float64() < .05 {
				x[c] = math.NaN()
			}
			d.Columns[c].Values[r] = x[c]
		}
	}
	return d
}

// cpu is the seconds of processor time that this process has used: on a shared machine the clock says little.
func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func BenchmarkTrain(b *testing.B) {
	d := madeUp(900_000, 28, 7)
	p := Default(Logistic)
	p.MinRows, p.MinWeight = 1, 1
	for b.Loop() {
		if _, err := Train(context.Background(), p, d, Run{Workers: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	d := madeUp(100_000, 28, 7)
	p := Default(Logistic)
	p.MinRows, p.MinWeight = 1, 1
	m := mustTrain(b, p, d, Run{})
	rows, out := d.Matrix(), make([]float64, d.Rows())
	b.Run("batch", func(b *testing.B) {
		begun := cpu()
		for b.Loop() {
			if err := m.Predictions(rows, out); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*d.Rows())/(cpu()-begun), "rows/cpu-s")
		b.ReportMetric(float64(b.N*d.Rows())/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("row", func(b *testing.B) {
		b.ReportAllocs()
		i, begun := 0, cpu()
		for b.Loop() {
			m.Predict(rows[i*28 : i*28+28])
			i = (i + 1) % d.Rows()
		}
		b.ReportMetric(1e6*(cpu()-begun)/float64(b.N), "cpu-us/row")
	})
	b.Run("explain", func(b *testing.B) {
		out := make([]float64, 29)
		i := 0
		for b.Loop() {
			if err := m.Contributions(rows[i*28:i*28+28], out); err != nil {
				b.Fatal(err)
			}
			i = (i + 1) % d.Rows()
		}
	})
}
