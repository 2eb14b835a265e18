package simulator_test

import (
	"iter"
	"maps"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/collector/collectortest"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

const key = "shop-write-key"

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
	c := collectortest.Start(t, "shop", key)
	cfg := simulator.Default()
	cfg.Customers, cfg.BrokenShare, cfg.DuplicateShare = 300, 0.2, 0.05
	shop, err := simulator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	reports := []send.Report{
		deliver(t, c.URL, true, shop.History(now.AddDate(0, -6, 0), now.Add(-time.Hour))),
		deliver(t, c.URL, false, shop.Live(now, 500, 4*time.Second)),
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
	raw := int64(len(testkit.Records(t, c.Broker, topics.EventsRaw)))
	refused := int64(len(testkit.Records(t, c.Broker, topics.EventsRejected)))
	if raw != accepted || refused != rejected || rejected < 1000 {
		t.Errorf("%d in events.raw.v1 for %d accepted, %d in events.rejected.v1 for %d rejected", raw, accepted, refused, rejected)
	}
}

// BenchmarkIntoTheCollector is the whole load path: the shop, the sender, the real collector and an embedded broker in one process.
func BenchmarkIntoTheCollector(b *testing.B) {
	c := collectortest.Start(b, "shop", key)
	cfg := simulator.Default()
	cfg.BrokenShare = 0
	shop, err := simulator.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	report := deliver(b, c.URL, false, shop.Live(time.Now(), float64(b.N), time.Second))
	b.ReportMetric(report.Rate(), "events/s")
	b.ReportMetric(float64(report.P99.Microseconds())/1000, "p99-ms")
}
