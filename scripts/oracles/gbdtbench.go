//go:build ignore

// gbdtbench trains pkg/gbdt on rows that gbdt.py made, 28 numbers of 32 bits and a label each: on all but the last 100,000, which it then
// scores. It prints processor time for one worker and for two. Run by gbdt.sh bench.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"syscall"
	"time"

	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/table"
)

const columns, held = 28, 100_000

func main() {
	raw, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = run(raw)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(raw []byte) error {
	rows := len(raw) / 4 / (columns + 1)
	at := func(r, c int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(r*(columns+1)+c):])))
	}
	d := &gbdt.Dataset{Columns: make([]table.Column, columns), Label: make([]float64, rows-held)}
	for c := range columns {
		values := make([]float64, rows-held)
		for r := range values {
			values[r] = at(r, c)
			d.Label[r] = at(r, columns)
		}
		d.Columns[c] = table.Column{Name: fmt.Sprint("f", c), Values: values}
	}
	test, label := make([]float64, 0, held*columns), make([]float64, held)
	for r := range held {
		for c := range columns {
			test = append(test, at(rows-held+r, c))
		}
		label[r] = at(rows-held+r, columns)
	}
	p := gbdt.Default(gbdt.Logistic)
	p.MinRows, p.MinWeight = 1, 1
	for _, workers := range []int{1, 2} {
		runtime.GC()
		runtime.GOMAXPROCS(workers)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun, clock := cpu(), time.Now()
		m, err := gbdt.Train(context.Background(), p, d, gbdt.Run{Workers: workers})
		if err != nil {
			return err
		}
		trained, wall := cpu()-begun, time.Since(clock).Seconds()
		runtime.ReadMemStats(&after)
		out := make([]float64, held)
		begun = cpu()
		if err := m.Predictions(test, out); err != nil {
			return err
		}
		fmt.Printf("%-28s %6.1f CPU s %6.1f s   AUC %.4f   scoring %.2f us a row, %d MB allocated in all, model %s\n", fmt.Sprintf("pkg/gbdt, %d workers", workers),
			trained, wall, auc(out, label), 1e6*(cpu()-begun)/held, (after.TotalAlloc-before.TotalAlloc)>>20, m.Hash()[:12])
	}
	return nil
}

func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// auc without ties: scores of so many trees hardly have any.
func auc(p, y []float64) float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return p[order[a]] < p[order[b]] })
	ranks, positive := 0.0, 0.0
	for i, k := range order {
		ranks += y[k] * float64(i+1)
		positive += y[k]
	}
	return (ranks - positive*(positive+1)/2) / (positive * (float64(len(p)) - positive))
}
