package feature

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// BenchmarkGetFeatures asks one of two replicas for 60 features of a customer, 5,000 times a second, by gRPC: of customers that the replica has, and of those that
// the other has. Identity, asked for each, is there too; everything is in this process. A latency counts from when the request was due, so that what waits for its turn counts.
// On a busy machine only the CPU of a request means anything: of everything here, the asker's too. Use -benchtime 15000x: three seconds.
func BenchmarkGetFeatures(b *testing.B) {
	const partitions, customers, events, rate = 4, 200, 40, 5000
	s := newStackOf(b, partitions)
	a, other := s.replica(), s.replica()
	s.ready(partitions, a, other)
	r := rand.New(rand.NewPCG(7, 8))
	for range events {
		for n := range customers {
			p := fmt.Sprintf("p%d", n)
			s.send(p, r, "user_id:"+p)
		}
	}
	var names []string
	for _, f := range shipped.catalog.Layout().Fields[:60] {
		names = append(names, f.Name)
	}
	ids := map[bool][]string{}
	for n := range customers {
		p := fmt.Sprintf("p%d", n)
		testkit.Eventually(b, 2*soon, func() error {
			got, err := a.client.GetFeatures(b.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
			if err == nil {
				err = s.matches(p, got)
			}
			return err
		})
		id := s.idOf(p)
		here := slices.Contains(a.processor.Owned(), broker.PartitionFor([]byte(id), partitions))
		ids[here] = append(ids[here], id)
	}
	for what, here := range map[string]bool{"here": true, "there": false} {
		b.Run(what, func(b *testing.B) {
			took, begun, used := make([]time.Duration, b.N), time.Now(), cpu(b)
			var asking sync.WaitGroup
			turns := make(chan int, b.N)
			for range 128 {
				asking.Go(func() {
					for i := range turns {
						if _, err := a.client.GetFeatures(b.Context(), &featurev1.GetFeaturesRequest{Id: ids[here][i%len(ids[here])], Names: names}); err != nil {
							b.Error(err)
						}
						took[i] = time.Since(begun.Add(time.Duration(i) * time.Second / rate))
					}
				})
			}
			for i := range b.N {
				time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / rate)))
				turns <- i
			}
			close(turns)
			asking.Wait()
			b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(b.N), "cpu-us/request")
			b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "requests/s")
			slices.Sort(took)
			for name, q := range map[string]int{"p50-ms": b.N / 2, "p99-ms": b.N * 99 / 100} {
				b.ReportMetric(took[min(q, b.N-1)].Seconds()*1000, name)
			}
		})
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
