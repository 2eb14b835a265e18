package feature

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

// shopEvent is what a shop's customer typically sends: mostly views of some product,
// an order one time in twenty.
func shopEvent(r *rand.Rand, atMs int64) *eventv1.Event {
	e := &eventv1.Event{
		EventId: fmt.Sprint(r.Uint64()), Workspace: "default", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed",
		OccurredMs: atMs, ReceivedMs: atMs, PropertiesJson: []byte(`{"product_id":"sku-1234","price":12.5,"category":"kitchen"}`),
	}
	switch r.IntN(20) {
	case 0:
		e.Name = "Order Completed"
		e.Order = &eventv1.Order{OrderId: e.EventId, Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Currency: "EUR", TotalMicros: new(int64(49_900_000)),
			Items: []*eventv1.OrderItem{{Line: 1, ProductId: "sku-1234", QuantityMicros: 2_000_000, UnitPriceMicros: new(int64(24_950_000))}}}
	case 1, 2:
		e.Name = "Product Added"
	case 3, 4, 5:
		e.Type = eventv1.EventType_EVENT_TYPE_PAGE
	}
	return e
}

// BenchmarkStateBytes reports the size of one record after some events spread over a
// year, at the moment of the last: what the store and the changelog carry.
func BenchmarkStateBytes(b *testing.B) {
	now := oracle.Epoch.UnixMilli()
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			kept, err := newBook("")
			if err != nil {
				b.Fatal(err)
			}
			rec := kept.living()
			rec.version, rec.publishedMs, rec.timerMs = int64(n), now, now
			for i := range n {
				at := now - int64(n-1-i)*365*86_400_000/int64(n)
				e := shopEvent(r, at)
				rec.state.Insert(expr.Of(e), now)
				rec.marks.raise(customerID{1}, numbering{partition: 3}, int64(i)*1_000)
				if o := e.GetOrder(); o != nil { // as the order book posts it
					rec.state.Post(&orderv1.Posting{AtMs: at, Orders: 1, QuantityMicros: 2_000_000, SpendMicros: o.GetTotalMicros()}, false, now)
					rec.marks.raise(customerID{1}, orderLane(2), int64(i))
				}
			}
			size := 0
			for b.Loop() {
				value := rec.encode()
				if _, err := decodeRecord(kept.engine, value, nil); err != nil {
					b.Fatal(err)
				}
				size = len(value)
			}
			b.ReportMetric(float64(size), "bytes/customer")
		})
	}
}

// BenchmarkApply folds live events of 20,000 customers, on one partition, through
// the real task: fetch, decode, fold, Pebble, changelog, feature sets. It reports
// events a second; the embedded broker shares the processors.
func BenchmarkApply(b *testing.B) {
	const customers = 20_000
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := broker.Dial(b.Context(), broker.Config{Addresses: []string{testkit.Kafka(b)}, Partitions: 1}, quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	if err := client.EnsureTopics(b.Context(), Topics()...); err != nil {
		b.Fatal(err)
	}
	cfg := Default()
	cfg.Dir = b.TempDir()
	metrics := prometheus.NewRegistry()
	s, err := New(cfg, Deps{Logger: quiet, Metrics: metrics, Broker: client})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var msgs []broker.Message
	for n := range b.N {
		e := &eventv1.ResolvedEvent{CustomerId: id(r.IntN(customers)), RawOffset: int64(n),
			Event: shopEvent(r, time.Now().UnixMilli())}
		value, err := proto.Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: topics.EventsResolved.Name, Key: []byte(e.CustomerId), Value: value})
	}
	if err := client.NewProducer(broker.ProducerConfig{}).Produce(b.Context(), msgs...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go func() { done <- s.Run(ctx) }()
	testkit.Eventually(b, 10*time.Minute, func() error {
		families, err := metrics.Gather()
		if err != nil {
			return err
		}
		for _, f := range families {
			if n := f.Metric[0].GetCounter().GetValue(); f.GetName() == "freshet_feature_events_applied_total" && int(n) < b.N {
				return fmt.Errorf("%g of %d applied", n, b.N)
			}
		}
		return nil
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.StopTimer()
	stop()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
