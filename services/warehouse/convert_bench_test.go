package warehouse

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// benchBlock is a block of n live page views, of the resolved or the raw topic.
func benchBlock(b *testing.B, topic topics.Topic, n int) block {
	b.Helper()
	blk := block{tp: broker.TopicPartition{Topic: topic.Name}, to: int64(n)}
	for i := range n {
		var m proto.Message = pageView(i)
		if topic.Name == topics.EventsRaw.Name {
			m = pageView(i).Event
		}
		value, err := proto.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		blk.records = append(blk.records, broker.Record{Topic: topic.Name, Offset: int64(i), Value: value})
	}
	return blk
}

// BenchmarkConvert measures from records to columns, without ClickHouse; one op is one block.
func BenchmarkConvert(b *testing.B) {
	for _, topic := range []topics.Topic{topics.EventsRaw, topics.EventsResolved} {
		for _, n := range []int{500, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", topic.Name, n), func(b *testing.B) {
				blk := benchBlock(b, topic, n)
				b.ReportAllocs()
				for b.Loop() {
					if r, err := convert(blk); err != nil || len(r.bad) > 0 {
						b.Fatal(err, len(r.bad))
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
			})
		}
	}
}

// BenchmarkLand measures what this process spends, kernel included, from records to a block that is in ClickHouse: ClickHouse itself is a
// process of its own. One op is one block.
func BenchmarkLand(b *testing.B) {
	for _, topic := range []topics.Topic{topics.EventsRaw, topics.EventsResolved} {
		for _, n := range []int{500, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", topic.Name, n), func(b *testing.B) {
				w := newWorld(b, 1)
				w.keepParts()
				s := &store{conn: w.conn, names: w.names, timeout: time.Minute}
				blk := benchBlock(b, topic, n)
				b.ReportAllocs()
				began, i := processCPU(b), 0
				for b.Loop() {
					r, err := convert(blk)
					if err != nil {
						b.Fatal(err)
					}
					if err := s.insert(b.Context(), r.tables[0], fmt.Sprint(i)); err != nil {
						b.Fatal(err)
					}
					i++
				}
				b.ReportMetric(float64((processCPU(b)-began).Nanoseconds())/float64(i*n), "cpu-ns/row")
			})
		}
	}
}

// processCPU is what the process has used, in the kernel and out of it.
func processCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
