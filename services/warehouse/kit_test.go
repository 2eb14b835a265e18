package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// patience is for machines that do other things too.
const patience = 90 * time.Second

// world is a broker and a ClickHouse with databases of the test's own.
type world struct {
	t          testing.TB
	address    string
	broker     *broker.Client
	clickhouse clickhouse.Config
	conn       driver.Conn
	memberConn driver.Conn // nil: conn
	names      schema.Names
	cfg        Config
	tracer     trace.Tracer
}

func newWorld(t testing.TB, partitions int) *world {
	t.Helper()
	ctx := t.Context()
	address := testkit.Kafka(t)
	b := dial(t, broker.Config{Addresses: []string{address}, Partitions: partitions})
	if err := b.EnsureTopics(ctx, topics.All()...); err != nil {
		t.Fatal(err)
	}
	cfg := Default()
	cfg.DatabasePrefix = "t" + uuid.NewString()[:8] + "_"
	cfg.FlushEvery = 20 * time.Millisecond
	cfg.SessionTimeout = 6 * time.Second
	cfg.FinishWithin = 2 * time.Second
	cfg.RetryMax = 50 * time.Millisecond
	w := &world{t: t, address: address, broker: b, clickhouse: testkit.ClickHouse(t), cfg: cfg, names: schema.Names{Prefix: cfg.DatabasePrefix}, tracer: noop.NewTracerProvider().Tracer("test")}
	w.conn = w.open(w.clickhouse)
	t.Cleanup(w.drop)
	return w
}

func dial(t testing.TB, cfg broker.Config) *broker.Client {
	t.Helper()
	b, err := broker.Dial(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func (w *world) open(cfg clickhouse.Config) driver.Conn {
	w.t.Helper()
	conn, err := clickhouse.Open(w.t.Context(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return conn
}

// throughProxy makes the members started from now on reach ClickHouse through a relay.
func (w *world) throughProxy() *testkit.Gate {
	w.t.Helper()
	p := testkit.NewGate(w.t, w.clickhouse.Address)
	cfg := w.clickhouse
	cfg.Address = p.Address
	w.memberConn = w.open(cfg)
	return p
}

// drop removes the databases of a test that passed.
func (w *world) drop() {
	if w.t.Failed() {
		return
	}
	for _, d := range []schema.Database{schema.ODS, schema.DW, schema.DM} {
		if err := w.conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+w.names.Database(d)+" SYNC"); err != nil {
			w.t.Error(err)
		}
	}
}

// member is a running warehouse.
type member struct {
	*Service
	w    *world
	reg  *prometheus.Registry
	stop context.CancelFunc
	done chan error
}

// start runs a warehouse; change may break it first.
func (w *world) start(change func(*Service)) *member {
	w.t.Helper()
	reg := prometheus.NewRegistry()
	conn := w.conn
	if w.memberConn != nil {
		conn = w.memberConn
	}
	s, err := New(w.cfg, Deps{Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Metrics: reg, Tracer: w.tracer, Broker: w.broker, ClickHouse: conn})
	if err != nil {
		w.t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &member{Service: s, w: w, reg: reg, stop: stop, done: make(chan error, 1)}
	go func() { m.done <- s.Run(ctx) }()
	w.t.Cleanup(m.end)
	return m
}

// end stops the member and checks that it stopped cleanly.
func (m *member) end() {
	m.stop()
	select {
	case err := <-m.done:
		m.done <- nil
		if err != nil {
			m.w.t.Errorf("Run: %v", err)
		}
	case <-time.After(patience):
		m.w.t.Error("Run did not return")
	}
}

func (w *world) produce(topic topics.Topic, key string, msgs ...proto.Message) {
	w.t.Helper()
	var out []broker.Message
	for _, m := range msgs {
		value, err := proto.Marshal(m)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, broker.Message{Topic: topic.Name, Key: []byte(key), Value: value})
	}
	w.send(out...)
}

func (w *world) send(msgs ...broker.Message) {
	w.t.Helper()
	if err := w.broker.NewProducer(broker.ProducerConfig{}).Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

// count reads one number.
func (w *world) count(sql string) (int64, error) {
	var n int64
	err := w.conn.QueryRow(context.Background(), "SELECT toInt64(("+w.names.Expand(sql)+"))").Scan(&n)
	return n, err
}

// want waits until a query gives n.
func (w *world) want(n int64, sql string) {
	w.t.Helper()
	w.within(patience, n, sql)
}

func (w *world) within(timeout time.Duration, n int64, sql string) {
	w.t.Helper()
	testkit.Eventually(w.t, timeout, func() error {
		got, err := w.count(sql)
		if err == nil && got != n {
			err = fmt.Errorf("%s: got %d, want %d", sql, got, n)
		}
		return err
	})
}

// wantCommitted waits until the group stands at the end of a topic's partition, without a plan.
func (w *world) wantCommitted(topic topics.Topic, partition int) {
	w.t.Helper()
	tp := broker.TopicPartition{Topic: topic.Name, Partition: partition}
	testkit.Eventually(w.t, patience, func() error {
		spans, err := w.broker.Spans(context.Background(), topic.Name)
		if err != nil {
			return err
		}
		at, err := w.broker.Committed(context.Background(), w.cfg.Group, tp)
		if err != nil {
			return err
		}
		if got := at[tp]; max(got.Offset, 0) != spans[partition].Next || planned(got.Metadata) {
			return fmt.Errorf("%s: committed %d with %q, want %d without a plan", tp, got.Offset, got.Metadata, spans[partition].Next)
		}
		return nil
	})
}

// base is yesterday: rows of ods are dropped 30 days after receipt.
var base = time.Now().UTC().Truncate(time.Hour).Add(-24 * time.Hour)

// fact makes the resolved event number i of customer c, an order of three lines
// worth i.001 for every tenth; times spread over 14 months.
func fact(c string, i int) *eventv1.ResolvedEvent {
	at := base.Add(-time.Duration(i%420) * 24 * time.Hour).Add(time.Duration(i) * time.Millisecond)
	e := &eventv1.Event{
		EventId: fmt.Sprintf("e-%s-%d", c, i), Workspace: "default", Source: "web",
		Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed",
		Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: c}},
		ReceivedMs:  base.UnixMilli(), OccurredMs: at.UnixMilli(), PropertiesJson: []byte(`{"sku":"p1"}`), History: true,
	}
	if i%10 == 0 {
		e.Name = "Order Completed"
		e.Order = &eventv1.Order{OrderId: fmt.Sprintf("o-%s-%d", c, i), Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Currency: "GBP",
			TotalMicros: new(int64(i)*1_000_000 + 1000),
			Items: []*eventv1.OrderItem{
				{Line: 1, ProductId: "p1", QuantityMicros: 1_000_000, UnitPriceMicros: new(int64(i) * 1_000_000)},
				{Line: 2, ProductId: "p2", QuantityMicros: 2_000_000, UnitPriceMicros: new(int64(1000))},
				{Line: 3, ProductId: "p2", QuantityMicros: -1_000_000, UnitPriceMicros: new(int64(1000))},
			}}
	}
	return &eventv1.ResolvedEvent{Event: e, CustomerId: c, IdentityEpoch: 1, RawOffset: int64(i)}
}

func facts(c string, from, to int) []proto.Message {
	var out []proto.Message
	for i := from; i < to; i++ {
		out = append(out, fact(c, i))
	}
	return out
}

// faultyStore fails as told before or after it inserts.
type faultyStore struct {
	inserter
	mu     sync.Mutex
	before func(t table, token string) error
	after  func(t table, token string) error
	tokens []string
}

func (f *faultyStore) insert(ctx context.Context, t table, token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens = append(f.tokens, t.name+" "+token)
	if f.before != nil {
		if err := f.before(t, token); err != nil {
			return err
		}
	}
	if err := f.inserter.insert(ctx, t, token); err != nil {
		return err
	}
	if f.after != nil {
		return f.after(t, token)
	}
	return nil
}

// faultyOffsets fails a commit as told before or after it is made.
type faultyOffsets struct {
	offsets
	before func(tp broker.TopicPartition, offset int64, metadata string) error
	after  func(tp broker.TopicPartition, offset int64, metadata string) error
}

func (f *faultyOffsets) Commit(ctx context.Context, tp broker.TopicPartition, offset int64, metadata string) error {
	if f.before != nil {
		if err := f.before(tp, offset, metadata); err != nil {
			return err
		}
	}
	if err := f.offsets.Commit(ctx, tp, offset, metadata); err != nil {
		return err
	}
	if f.after != nil {
		return f.after(tp, offset, metadata)
	}
	return nil
}

var errInjected = errors.New("injected")

// once returns a function that fails the first time.
func once() func() error {
	var called atomic.Bool
	return func() error {
		if called.Swap(true) {
			return nil
		}
		return errInjected
	}
}

// keepParts makes the tables and stops their merges, so that a row stored twice
// stays two rows for whoever counts the storage.
func (w *world) keepParts() {
	w.t.Helper()
	if err := schema.Migrate(w.t.Context(), w.conn, w.cfg.schemaOptions()); err != nil {
		w.t.Fatal(err)
	}
	for _, table := range []string{"{ods}.events_rows", "{dw}.events_rows", "{dw}.order_events_rows", "{dw}.order_event_items_rows", "{dw}.order_states_rows", "{dw}.order_postings_rows"} {
		if err := w.conn.Exec(w.t.Context(), w.names.Expand("SYSTEM STOP MERGES "+table)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// wantStored waits until the storage, not the views, holds exactly the facts of n events.
func (w *world) wantStored(n int64) {
	w.t.Helper()
	w.want(n, "SELECT count() FROM {dw}.events_rows")
	w.want(n/10, "SELECT count() FROM {dw}.order_events_rows")
	w.want(n/10*3, "SELECT count() FROM {dw}.order_event_items_rows")
}

// retain removes the records of partition 0 before an offset, as retention does.
func (w *world) retain(topic topics.Topic, from int64) {
	w.t.Helper()
	testkit.Retain(w.t, w.address, topic, 0, from)
}

func (w *world) eventuallyNotReady(m *member) {
	w.t.Helper()
	testkit.Eventually(w.t, patience, func() error {
		if err := m.Ready(); err == nil || !errors.Is(err, broker.ErrOffsetGone) {
			return fmt.Errorf("Ready gives %w, want a gap", err)
		}
		return nil
	})
}

// metric reads the largest value of a metric.
func metric(t testing.TB, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var top float64
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				top = max(top, m.GetGauge().GetValue()+m.GetCounter().GetValue())
			}
		}
	}
	return top
}
