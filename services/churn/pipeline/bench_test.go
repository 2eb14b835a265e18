package pipeline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/services/churn/row"
)

// cpu is the seconds of processor time that this process has used: on a shared machine the clock says little.
func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// wide is a table of 28 columns, some of them categories, and its rows as cells.
func wide(rows, categories int) (*Table, []row.Column, []row.Cell) {
	r := rand.New(rand.NewPCG(1, 2))
	levels := []string{"apparel", "books", "garden", "kitchen", "music", "office", "toys", "travel"}
	t := &Table{X: &frame.Frame{Rows: rows}}
	var columns []row.Column
	for i := range 28 {
		c := frame.Column{Name: fmt.Sprint("column ", i), Kind: frame.Number, Values: make([]float64, rows)}
		if i < categories {
			c.Kind, c.Levels = frame.Category, levels
		}
		for j := range c.Values {
			if c.Values[j] = r.NormFloat64(); i < categories {
				c.Values[j] = float64(r.IntN(len(levels)))
			}
		}
		t.X.Columns, columns = append(t.X.Columns, c), append(columns, row.Column{Name: c.Name, Category: i < categories})
	}
	var cells []row.Cell
	for i := range rows {
		pull, label := 0.0, 0.0
		for j := range t.X.Columns {
			c := &t.X.Columns[j]
			level, _ := c.Level(i)
			cells = append(cells, row.Cell{Number: c.Values[i], Text: level})
			pull += c.Values[i] / float64(1+j%9)
		}
		if r.Float64() < 1/(1+math.Exp(-pull)) {
			label = 1
		}
		t.Y = append(t.Y, label)
	}
	return t, columns, cells
}

// BenchmarkScore: 28 columns, 100 trees of 31 leaves, calibrated by nothing.
func BenchmarkScore(b *testing.B) {
	const rows = 20_000
	for _, categories := range []int{0, 4} {
		t, columns, cells := wide(rows, categories)
		p := gbdt.Default(gbdt.Logistic)
		p.MinRows = 40
		m, _, err := boosted(p)(b.Context(), Options{Workers: 2}, t, nil, 100)
		if err != nil {
			b.Fatal(err)
		}
		s, err := (&Trained{Calibration: Calibration{Kind: asTheyAre}, fitted: m}).Bind(columns)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("row/%d categories", categories), func(b *testing.B) {
			b.ReportAllocs()
			i, begun := 0, cpu()
			for b.Loop() {
				s.Score(cells[i*28 : i*28+28])
				i = (i + 1) % rows
			}
			b.ReportMetric(1e6*(cpu()-begun)/float64(b.N), "cpu-us/row")
		})
		b.Run(fmt.Sprintf("batch/%d categories", categories), func(b *testing.B) {
			out := make([]float64, rows)
			b.ReportAllocs()
			begun := cpu()
			for b.Loop() {
				if err := s.Scores(cells, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*rows)/(cpu()-begun), "rows/cpu-s")
		})
		b.Run(fmt.Sprintf("explain/%d categories", categories), func(b *testing.B) {
			i, begun := 0, cpu()
			for b.Loop() {
				s.Explain(cells[i*28 : i*28+28])
				i = (i + 1) % rows
			}
			b.ReportMetric(1e3*(cpu()-begun)/float64(b.N), "cpu-ms/row")
		})
	}
}
