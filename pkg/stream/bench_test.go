package stream

import (
	"testing"

	"github.com/freshet/freshet/pkg/broker"
)

// BenchmarkFold measures records folded per second through one partition, end to end:
// fetch, fold, changelog append, publication, with everything on this machine.
func BenchmarkFold(b *testing.B) {
	c := newCluster(b, 1)
	for sent := 0; sent < b.N; sent += 10_000 {
		c.send(b, min(10_000, b.N-sent), 1000)
	}
	cfg := testConfig(b.TempDir())
	cfg.MaxBatch = 0
	done := make(chan struct{})
	h := counted{left: b.N, done: done}
	b.ResetTimer()
	_, stop := c.start(b, cfg, &h, nil)
	<-done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	if err := stop(); err != nil {
		b.Fatal(err)
	}
}

// counted is sums that tells when all records were folded.
type counted struct {
	sums
	left int
	done chan struct{}
}

// Process folds a record and counts it.
func (h *counted) Process(tx *Tx, rec broker.Record) error {
	if h.left--; h.left == 0 {
		close(h.done)
	}
	return h.sums.Process(tx, rec)
}
