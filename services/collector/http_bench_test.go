package collector

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// benchmarkHTTP measures the whole way: client, socket, decoding, embedded broker with acks=all
// (in memory) and answer, all on the same cores. connections is clients per core.
func benchmarkHTTP(b *testing.B, connections, events int, body func(n int64) []byte, path string) {
	r := start(b, func(s *setup) { s.now = func() time.Time { return noon } })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(connections)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, err := http.NewRequest(http.MethodPost, r.url+path, bytes.NewReader(body(n.Add(1))))
			if err != nil {
				b.Error(err)
				return
			}
			req.SetBasicAuth(testKey, "")
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkHTTPSingle(b *testing.B) {
	benchmarkHTTP(b, 16, 1, func(n int64) []byte { return []byte(productViewed(fmt.Sprint(n))) }, "/v1/track")
}

func BenchmarkHTTPBatch50(b *testing.B) {
	body := batchOf(50)
	benchmarkHTTP(b, 8, 50, func(int64) []byte { return body }, "/v1/batch")
}
