package assembly

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// BenchmarkRecommend asks the whole service for lists by gRPC over loopback: 100,000 items, models of a million touches, 10,000 visitors with 30 touches of their own, all
// rooms on an embedded broker; identity is told to know everybody at once. The caller is in this process, too. `open` has 1,000 requests a second fall due, and a latency
// counts from then, so that what waits for its turn counts; `full` has 8 callers ask one after the other. On a busy machine only the CPU of a request means anything.
// Use -benchtime 5000x: five seconds.
func BenchmarkRecommend(b *testing.B) {
	w := newShop(b)
	for _, models := range []string{"live", "trained", "ranked"} {
		w.serve(models)
		for _, scene := range []string{"home", "product"} {
			b.Run(models+"/"+scene+"/open", func(b *testing.B) { w.open(b, scene, 1000) })
			b.Run(models+"/"+scene+"/full", func(b *testing.B) { w.full(b, scene, 8) })
		}
	}
}

// ask asks for the i-th list.
func (w *shop) ask(b *testing.B, scene string, i int) {
	r := &recommendationv1.RecommendRequest{Id: customerOf(i * 7919 % visitors), Scene: scene}
	if scene == "product" {
		r.ContextItems = []string{itemOf(i * 31 % 5000)}
	}
	got, err := w.client.Recommend(b.Context(), r)
	if err != nil || len(got.GetRecommendations()) == 0 {
		b.Error(got, err)
	}
}

// open has requests fall due at a rate, whatever became of those before.
func (w *shop) open(b *testing.B, scene string, rate int) {
	took, begun, used := make([]time.Duration, b.N), time.Now(), cpu(b)
	b.ReportAllocs()
	due := func(i int) time.Time { return begun.Add(time.Duration(i) * time.Second / time.Duration(rate)) }
	turns := make(chan int, b.N)
	var asking sync.WaitGroup
	for range 128 {
		asking.Go(func() {
			for i := range turns {
				w.ask(b, scene, i)
				took[i] = time.Since(due(i))
			}
		})
	}
	for i := range b.N {
		time.Sleep(time.Until(due(i)))
		turns <- i
	}
	close(turns)
	asking.Wait()
	report(b, took, used, begun)
}

// full has callers ask one after the other.
func (w *shop) full(b *testing.B, scene string, callers int) {
	took, begun, used := make([]time.Duration, b.N), time.Now(), cpu(b)
	b.ReportAllocs()
	var asking sync.WaitGroup
	for c := range callers {
		asking.Go(func() {
			for i := c; i < b.N; i += callers {
				began := time.Now()
				w.ask(b, scene, i)
				took[i] = time.Since(began)
			}
		})
	}
	asking.Wait()
	report(b, took, used, begun)
}

func report(b *testing.B, took []time.Duration, used time.Duration, begun time.Time) {
	b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(b.N), "cpu-us/request")
	b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "requests/s")
	slices.Sort(took)
	for _, q := range []int{50, 99} {
		b.ReportMetric(took[min(b.N*q/100, b.N-1)].Seconds()*1000, fmt.Sprintf("p%d-ms", q))
	}
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
