package reconcile

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/feature/orderbook"
	"github.com/freshet/freshet/services/warehouse"
	"github.com/freshet/freshet/services/warehouse/schema"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is a warehouse that runs; the test plays collector and identity.
type world struct {
	t      testing.TB
	broker *broker.Client
	conn   driver.Conn
	names  schema.Names
	groups []Group
	book   memory // the state of the order book
	out    []broker.Message
}

// warehouseGroup is the one group that runs here.
func warehouseGroup() []Group {
	return slices.DeleteFunc(DefaultGroups(), func(g Group) bool { return g.Name != "warehouse.facts" })
}

// memory is a state in memory for the order book's handler.
type memory map[string][]byte

func (m memory) get(key []byte) ([]byte, bool, error) {
	v, ok := m[string(key)]
	return v, ok, nil
}

// Get, Set and Emit make the world a transaction of the order book: what it tells goes to its topics.
func (w *world) Get(key []byte) ([]byte, bool, error) { return w.book.get(key) }

// Set implements orderbook.Transaction.
func (w *world) Set(key, value []byte) { w.book[string(key)] = value }

// Emit implements orderbook.Transaction.
func (w *world) Emit(m broker.Message) { w.out = append(w.out, m) }

// tell puts resolved events through the real order book, and what it tells into the broker.
func (w *world) tell(events ...*eventv1.ResolvedEvent) {
	w.t.Helper()
	m, err := orderbook.NewMetrics(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	h := orderbook.New(0, m)
	for _, r := range events {
		rec := broker.Record{Key: order.Key(r.Event.Workspace, r.Event.Order.OrderId), Value: marshal(w.t, r)}
		if err := h.Fold(w, rec); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.broker.NewProducer(broker.ProducerConfig{}).Produce(w.t.Context(), w.out...); err != nil {
		w.t.Fatal(err)
	}
	w.out = nil
}

// newWorld starts a warehouse that flushes so often.
func newWorld(t testing.TB, flush time.Duration) *world {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	b, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: 2}, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.EnsureTopics(t.Context(), topics.All()...); err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(t.Context(), testkit.ClickHouse(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg := warehouse.Default()
	cfg.DatabasePrefix = "r" + uuid.NewString()[:8] + "_"
	cfg.FlushEvery = flush
	s, err := warehouse.New(cfg, warehouse.Deps{Logger: logger, Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer("test"), Broker: b, ClickHouse: conn})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w := &world{t: t, broker: b, conn: conn, names: schema.Names{Prefix: cfg.DatabasePrefix}, groups: warehouseGroup(), book: memory{}}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		w.drop()
	})
	return w
}

func (w *world) drop() {
	for _, d := range []schema.Database{schema.ODS, schema.DW, schema.DM} {
		if err := w.conn.Exec(context.Background(), "DROP DATABASE "+w.names.Database(d)+" SYNC"); err != nil {
			w.t.Error(err)
		}
	}
	w.conn.Close()
}

func (w *world) produce(topic topics.Topic, key string, m proto.Message) {
	w.t.Helper()
	value, err := proto.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.broker.NewProducer(broker.ProducerConfig{}).Produce(w.t.Context(), broker.Message{Topic: topic.Name, Key: []byte(key), Value: value}); err != nil {
		w.t.Fatal(err)
	}
}

// settle waits until the warehouse has read everything.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	if err := Settle(ctx, w.broker, w.groups); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(edit func(*Options)) *Report {
	w.t.Helper()
	o := Options{ClickHouse: w.conn, Broker: w.broker, Names: w.names, Groups: w.groups}
	if edit != nil {
		edit(&o)
	}
	r, err := Run(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

var now = time.Now().UTC().Truncate(time.Second)

// orderOf is an event of a customer with lines of one unit each at 1.001 a unit.
func orderOf(customer, id string, kind eventv1.OrderKind, lines int, ago time.Duration) *eventv1.ResolvedEvent {
	sign := int64(1)
	if kind == eventv1.OrderKind_ORDER_KIND_REFUNDED {
		sign = -1
	}
	o := &eventv1.Order{OrderId: id, Kind: kind, Currency: "GBP", Conversion: &eventv1.Conversion{Currency: "GBP", RateE12: 1e12}, TotalMicros: new(sign * int64(lines) * 1_001_000)}
	for i := range lines {
		o.Items = append(o.Items, &eventv1.OrderItem{Line: int32(i + 1), ProductId: "p", QuantityMicros: sign * 1_000_000, UnitPriceMicros: new(int64(1_001_000))})
	}
	return &eventv1.ResolvedEvent{CustomerId: customer, Event: &eventv1.Event{
		EventId: id, Workspace: "default", Source: "shop", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Order Completed",
		Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: customer}},
		ReceivedMs:  now.UnixMilli(), OccurredMs: now.Add(-ago).UnixMilli(), Order: o,
	}}
}
