package identity

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkLookForNew is what finding out costs that an id is new, and keeping it, with so many ids in each of two buckets and a commit every 200
// events: with Pebble's own filters alone, and with those in memory before them. go test -bench LookForNew -benchtime 100000x ./services/identity
func BenchmarkLookForNew(b *testing.B) {
	for _, kept := range []int{100_000, 1_000_000} {
		tx := newLocalTx(b, time.UnixMilli(3001*bucketMS+bucketMS/2))
		tx.fill(3000, kept)
		tx.fill(3001, kept)
		for what, budget := range map[string]*filterBudget{"the store alone": newFilterBudget(0, alone), "filters": newFilterBudget(32<<20, alone)} {
			b.Run(fmt.Sprintf("%d ids, %s", 2*kept, what), func(b *testing.B) {
				s := newSeen(0, budget)
				if err := s.load(tx); err != nil {
					b.Fatal(err)
				}
				began, pieces := time.Now(), 0
				for ; budget.limit > 0 && !(s.filters[3000].ready && s.filters[3001].ready); pieces++ {
					if err := s.refill(tx); err != nil {
						b.Fatal(err)
					}
				}
				filled := time.Since(began)
				n, used := 0, cpuTime(b)
				for b.Loop() {
					at, err := s.look(tx, rawEvent{workspace: "w", id: fmt.Sprintf("%s-%d-%d", what, b.N, n), receivedMS: tx.now.UnixMilli()})
					if err != nil {
						b.Fatal(err)
					}
					s.keep(tx, at)
					if n++; n%200 == 0 {
						tx.commit()
					}
				}
				b.ReportMetric(float64((cpuTime(b)-used).Nanoseconds())/float64(n), "cpu-ns/event")
				b.ReportMetric(float64(budget.sum())/1024, "KiB")
				b.ReportMetric(float64(filled.Microseconds())/float64(max(pieces, 1)), "refill-µs/piece")
			})
		}
	}
}
