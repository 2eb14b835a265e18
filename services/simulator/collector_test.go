package simulator_test

import (
	"context"
	"iter"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

const key = "shop-write-key"

// startCollector is the real collector before a real broker.
func startCollector(t testing.TB) (url string, c *broker.Client) {
	t.Helper()
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), topics.EventsRaw, topics.EventsRejected); err != nil {
		t.Fatal(err)
	}
	cfg := collector.Default()
	cfg.Address = "127.0.0.1:0"
	cfg.Spool.Dir = t.TempDir()
	cfg.Sources = []collector.Source{{Name: "shop", Workspace: "default", WriteKey: key}}
	svc, err := collector.New(cfg, collector.Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer("test"), Broker: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := svc.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + svc.Addr(), c
}

func deliver(t testing.TB, url string, history bool, events iter.Seq[simulator.Event]) send.Report {
	t.Helper()
	s, err := send.New(t.Context(), send.Config{URL: url, WriteKey: key, History: history})
	if err != nil {
		t.Fatal(err)
	}
	for ev := range events {
		if err := s.Send(send.Event{Key: ev.Key(), Body: ev.Body}); err != nil {
			break
		}
	}
	report, err := s.Close()
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestTheCollectorAgreesWithTheTruth plays a shop full of broken clients: every good event is taken, every broken one refused for the
// reason the truth names, and both are in their topics.
func TestTheCollectorAgreesWithTheTruth(t *testing.T) {
	url, c := startCollector(t)
	cfg := simulator.Default()
	cfg.Customers, cfg.BrokenShare, cfg.DuplicateShare = 300, 0.2, 0.05
	shop, err := simulator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	reports := []send.Report{
		deliver(t, url, true, shop.History(now.AddDate(0, -6, 0), now.Add(-time.Hour))),
		deliver(t, url, false, shop.Live(now, 500, 4*time.Second)),
	}
	var accepted, rejected int64
	for i, truth := range shop.Counts() {
		got, want := map[simulator.Fault]int64{}, truth.Rejects
		for reason, n := range reports[i].Reasons {
			got[simulator.Fault(reason)] = n
		}
		if reports[i].Accepted != truth.Events+truth.Duplicates || !maps.Equal(got, want) {
			t.Errorf("%s: %d accepted, want %d; rejects %v, want %v (%v)", truth.Phase, reports[i].Accepted, truth.Events+truth.Duplicates, got, want, reports[i].Details)
		}
		accepted += reports[i].Accepted
		rejected += reports[i].Rejected
	}
	if raw, refused := records(t, c, topics.EventsRaw), records(t, c, topics.EventsRejected); raw != accepted || refused != rejected || rejected < 1000 {
		t.Errorf("%d in events.raw.v1 for %d accepted, %d in events.rejected.v1 for %d rejected", raw, accepted, refused, rejected)
	}
}

func records(t *testing.T, c *broker.Client, topic topics.Topic) (n int64) {
	t.Helper()
	spans, err := c.Spans(t.Context(), topic.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		n += s.Next - s.First
	}
	return n
}

// BenchmarkIntoTheCollector is the whole load path: the shop, the sender, the real collector and an embedded broker in one process.
func BenchmarkIntoTheCollector(b *testing.B) {
	url, _ := startCollector(b)
	cfg := simulator.Default()
	cfg.BrokenShare = 0
	shop, err := simulator.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	report := deliver(b, url, false, shop.Live(time.Now(), float64(b.N), time.Second))
	b.ReportMetric(report.Rate(), "events/s")
	b.ReportMetric(float64(report.P99.Microseconds())/1000, "p99-ms")
}
