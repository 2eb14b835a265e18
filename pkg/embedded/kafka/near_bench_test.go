package embeddedkafka

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// What an append costs both sides, within the process and through the kernel. CPU-us is this process's, broker included.
func BenchmarkAppend(b *testing.B) {
	for _, records := range []int{1, 1500} {
		for name, within := range map[string]bool{"within": true, "kernel": false} {
			b.Run(fmt.Sprintf("%d records, %s", records, name), func(b *testing.B) {
				k, err := Start(Config{})
				if err != nil {
					b.Fatal(err)
				}
				defer k.Close()
				var dial func(context.Context, string, string) (net.Conn, error)
				if within {
					dial = k.Dial
				}
				c := connect(b, k, dial)
				if err := c.EnsureTopics(b.Context(), nearTopic); err != nil {
					b.Fatal(err)
				}
				msgs := make([]broker.Message, records)
				for i := range msgs {
					msgs[i].Value = make([]byte, 700)
				}
				used := cpu(b)
				for b.Loop() {
					if _, err := c.Append(b.Context(), broker.TopicPartition{Topic: nearTopic.Name}, msgs); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(b.N), "CPU-us/op")
			})
		}
	}
}

func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
