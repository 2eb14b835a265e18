package identity

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
)

const benchCustomers = 10_000

// benchEvents are events of known customers: a user id and a cookie each, 600 bytes.
func benchEvents(b *testing.B, prefix string, n int) []broker.Message {
	b.Helper()
	msgs := make([]broker.Message, 0, n)
	for i := range n {
		c := i * 7919 % benchCustomers
		e := event(fmt.Sprintf("%s-%d-0e1f6f6a-7b1c-4e1e", prefix, i), fmt.Sprintf("user_id:%d", c), fmt.Sprintf("anonymous_id:4b0a7ad2-%d", c))
		e.PropertiesJson = fmt.Appendf(nil, `{"product_id":"%d","name":"%0400d"}`, i, i)
		msgs = append(msgs, rawMessage(b, e))
	}
	return msgs
}

// seeded starts a service in a world of one partition that has seen every customer.
func seeded(b *testing.B) (*world, *running) {
	b.Helper()
	w := newWorld(b, 1)
	s := w.start(b.TempDir())
	began := time.Now()
	if err := w.producer.Produce(b.Context(), benchEvents(b, "first", benchCustomers)...); err != nil {
		b.Fatal(err)
	}
	s.waitHandled(b, benchCustomers)
	b.Logf("%d new customers in %s", benchCustomers, time.Since(began))
	return w, s
}

func (r *running) waitHandled(b *testing.B, n int) {
	b.Helper()
	testkit.Eventually(b, 5*time.Minute, func() error {
		if got := r.metric("events_total"); got < float64(n) {
			return fmt.Errorf("%v events handled, want %d", got, n)
		}
		return nil
	})
}

// BenchmarkPrepareKnown is what identity itself does for a known event: parse it and
// look its identifiers up.
func BenchmarkPrepareKnown(b *testing.B) {
	_, s := seeded(b)
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	h := &task{resolver: s.resolver, log: nil, metrics: m, seen: seen{newest: -1}} // the log is never needed
	const batch = 2000
	recs := make([]broker.Record, batch)
	for i, msg := range benchEvents(b, "next", batch) {
		recs[i] = broker.Record{Value: msg.Value}
	}
	b.ResetTimer()
	used := cpuTime(b)
	for n := 0; n < b.N; n += batch {
		for i := range recs {
			recs[i].Offset = int64(n + i)
		}
		if err := h.Prepare(b.Context(), recs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-µs/event")
}

// BenchmarkServiceKnown is the whole service on one partition: fetch, resolve, drop
// duplicates, commit to the changelog, publish.
func BenchmarkServiceKnown(b *testing.B) {
	w, s := seeded(b)
	if err := s.stop(); err != nil {
		b.Fatal(err)
	}
	if err := w.producer.Produce(b.Context(), benchEvents(b, "next", b.N)...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	used := cpuTime(b)
	s = w.start(s.dir)
	s.waitHandled(b, b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-µs/event")
}

// cpuTime is what this process has used so far, its broker included.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFollow is how fast a new replica reads the log: the restore time of identity.
func BenchmarkFollow(b *testing.B) {
	w := newWorld(b, 1)
	var msgs []broker.Message
	for i := range b.N {
		op := operation{event: rawEvent{id: fmt.Sprint(i), workspace: "w", receivedMS: 1,
			identifiers: names(fmt.Sprintf("user_id:%d", i), fmt.Sprintf("anonymous_id:%d", i))}}
		value, err := proto.Marshal(op.record())
		if err != nil {
			b.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: logPartition.Topic, Key: []byte("w"), Value: value})
	}
	if err := w.producer.Produce(b.Context(), msgs...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	s := w.start(b.TempDir())
	testkit.Eventually(b, 5*time.Minute, s.resolver.Ready)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
