package board

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/learn"
)

// synthetic teaches so many touches of 100,000 items by a million customers, skewed as shops are: visits of 5, of which one in ten touches is a sale. It gives the bundle's files.
func synthetic(b *testing.B, touches int) map[string][]byte {
	b.Helper()
	const items, customers = 100_000, 1_000_000
	l, err := learn.New(learn.Default())
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	at := time.Now().Add(-24 * time.Hour).UnixMilli()
	began := time.Now()
	t := &recommendationv1.Touch{Workspace: shop}
	for i := range touches {
		at++
		t.AtMs, t.ReceivedMs, t.Kind, t.OrderId = at, at, view, ""
		if i%5 == 0 {
			t.CustomerId = fmt.Sprint(r.IntN(customers))
		}
		if r.IntN(10) == 0 {
			t.Kind, t.OrderId = buy, fmt.Sprint(i/5)
		}
		l.Touch(t, int32(items*math.Pow(r.Float64(), 3)))
	}
	l.Finish()
	b.Logf("learnt %d touches in %v", touches, time.Since(began).Round(time.Second))
	p := bundle.Parts{Span: bundle.Span{Touches: int64(touches)}}
	for i := range items {
		p.Items = append(p.Items, fmt.Sprint("item", i))
	}
	l.Fill(&p)
	files, err := bundle.Write(p)
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for name, data := range files {
		size += len(data)
		b.Logf("%s %.1f MiB", name, float64(len(data))/(1<<20))
	}
	b.ReportMetric(float64(size)/(1<<20), "MiB-files")
	return files
}

// BenchmarkStart is a replica that starts with a bundle of ten million touches, from its copies: from nothing to the first answer. The machine's other work is in it.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b)
	w.most = 200_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	id := w.promote(synthetic(b, 10_000_000))
	w.send(w.touch("ann", view, "item1"))
	start := func() {
		w.start()
		for w.boards.Of(shop).Version() != id || w.boards.Ready() != nil {
			time.Sleep(time.Millisecond)
		}
		if len(w.list("session", "item1")) == 0 {
			b.Fatal("no answer")
		}
	}
	began := time.Now()
	start()
	b.Logf("the first start, from the bucket: %v", time.Since(began))
	for b.Loop() {
		start()
	}
	runtime.GC() // of what serves: the shelf, the models, and nothing of the files
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-heap")
}
