package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/freshet/freshet/pkg/topics"
)

// BenchmarkReading64Partitions compares a fetch for each partition, as it was, with following them, as it is: 64 partitions of
// four topics, in one process, of which nothing comes, or a thousand records a second. The broker runs in the same process, and its
// share of the goroutines and the CPU is in the figures. One iteration is one second.
func BenchmarkReading64Partitions(b *testing.B) {
	read := map[string]func(context.Context, *Client, []Start, func(int)){"a fetch each": fetchEach, "followed": followEach}
	for _, rate := range []int{0, 1000} {
		for _, way := range []string{"a fetch each", "followed"} {
			b.Run(fmt.Sprintf("%s, %d records a second", way, rate), func(b *testing.B) { benchReading(b, rate, read[way]) })
		}
	}
}

func benchReading(b *testing.B, rate int, read func(context.Context, *Client, []Start, func(int))) {
	const partitions, each = 64, 4
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		b.Fatal(err)
	}
	defer fake.Close()
	cfg := Config{Addresses: fake.ListenAddrs(), Partitions: partitions}
	c, err := Connect(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var conns atomic.Int64
	c.transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conns.Add(1)
		return countedConn{conn, sync.OnceFunc(func() { conns.Add(-1) })}, nil
	}
	var list []topics.Topic
	var from []Start
	for i := range each {
		list = append(list, topics.Topic{Name: fmt.Sprintf("bench%d.v1", i)})
		for p := range partitions {
			from = append(from, Start{At: TopicPartition{list[i].Name, p}})
		}
	}
	if err := c.EnsureTopics(b.Context(), list...); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var got atomic.Int64
	go read(ctx, c, from, func(n int) { got.Add(int64(n)) })
	if err := pauseFor(ctx, 3*time.Second); err != nil { // until all have asked once
		b.Fatal(err)
	}
	fetches, cpu, before := counted(c), cpuTime(), got.Load()
	b.ResetTimer()
	for range b.N {
		second(ctx, b, c, list, rate)
	}
	b.StopTimer()
	n := float64(b.N)
	b.ReportMetric(float64(conns.Load()), "connections")
	b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
	b.ReportMetric((counted(c)-fetches)/n, "fetches/s")
	b.ReportMetric(float64((cpuTime()-cpu).Milliseconds())/n, "CPU-ms/s")
	b.ReportMetric(float64(got.Load()-before)/n, "records/s")
}

// countedConn is a connection that says when it is closed.
type countedConn struct {
	net.Conn
	closed func()
}

func (c countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// second produces at a rate for a second, spread over the topics and partitions.
func second(ctx context.Context, b *testing.B, c *Client, list []topics.Topic, rate int) {
	p := c.NewProducer(ProducerConfig{})
	ticker := time.NewTicker(time.Second / time.Duration(max(1, rate)))
	defer ticker.Stop()
	var all sync.WaitGroup
	for i := range max(1, rate) {
		<-ticker.C
		if rate == 0 {
			continue
		}
		all.Go(func() {
			m := Message{Topic: list[i%len(list)].Name, Key: fmt.Append(nil, i), Value: make([]byte, 500)}
			if err := p.Produce(ctx, m); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
}

func fetchEach(ctx context.Context, c *Client, from []Start, got func(int)) {
	var all sync.WaitGroup
	for _, s := range from {
		all.Go(func() {
			for at := s.Place.Offset; ctx.Err() == nil; {
				batch, err := c.Fetch(ctx, s.At, at, FetchOptions{})
				if err == nil {
					at = batch.Next
					got(len(batch.Records))
				}
			}
		})
	}
	all.Wait()
}

func followEach(ctx context.Context, c *Client, from []Start, got func(int)) {
	var all sync.WaitGroup
	for _, s := range from {
		all.Go(func() {
			f := c.Follow(ctx, FollowConfig{}, s)
			for {
				batch, err := f.Next(ctx)
				if err != nil {
					return
				}
				got(len(batch.Records))
			}
		})
	}
	all.Wait()
}

func counted(c *Client) float64 { return testutil.ToFloat64(c.metrics.fetches) }

func cpuTime() time.Duration {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
