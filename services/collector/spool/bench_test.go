package spool

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// event is about what a track call of 700 bytes becomes.
var event = broker.Message{Topic: "events.raw.v1", Key: make([]byte, 30), Value: make([]byte, 800)}

// BenchmarkAppend says what group commit is worth: appends of one event, each with its own sync
// when alone, by this many at once.
func BenchmarkAppend(b *testing.B) {
	for _, appenders := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprint(appenders), func(b *testing.B) {
			var syncs atomic.Int64
			l := open(b, b.TempDir(), func(c *Config) {
				c.MaxBytes, c.SegmentBytes = 64<<30, 64<<20
				c.Synced = func(time.Duration) { syncs.Add(1) }
			})
			b.ReportAllocs()
			done := make(chan error, appenders)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			for range appenders {
				go func() {
					var err error
					for err == nil && left.Add(-1) >= 0 {
						err = l.Append(b.Context(), []broker.Message{event})
					}
					done <- err
				}()
			}
			for range appenders {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			b.ReportMetric(float64(syncs.Load())/b.Elapsed().Seconds(), "syncs/s")
		})
	}
}

// BenchmarkReadAndOpen says how fast a log of 256 MiB is drained, and how long a restart
// with it takes.
func BenchmarkReadAndOpen(b *testing.B) {
	dir := b.TempDir()
	big := func(c *Config) { c.MaxBytes, c.SegmentBytes = 1<<30, 64<<20 }
	l := open(b, dir, big)
	l.sync = func(*os.File) error { return nil }
	frame := make([]broker.Message, 50)
	for i := range frame {
		frame[i] = event
	}
	for l.Stats().Bytes < 256<<20 {
		if err := l.Append(b.Context(), frame); err != nil {
			b.Fatal(err)
		}
	}
	size := l.Stats().Bytes
	b.Run("open", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			l.kill()
			l = open(b, dir, big)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			for range size / (4 << 20) {
				l.Read(4 << 20)
			}
		}
	})
}
