// Package shop gives a test a whole stack with real engines and a history in it, received when the test says. It is imported by tests only.
package shop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/identity"
	"github.com/freshet/freshet/services/warehouse"
	"github.com/freshet/freshet/services/warehouse/factskit"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// Stack is a running one: broker, ClickHouse, identity, the order book with feature, and the warehouse.
type Stack struct {
	T      testing.TB
	API    API
	Broker *broker.Client
}

// API are its reads.
type API struct {
	Features featurev1.FeatureServiceClient
}

// Start runs a stack until the test ends.
func Start(t testing.TB) *Stack {
	t.Helper()
	s := &Stack{T: t, Broker: testkit.Broker(t, topics.All()...)}
	quiet, facts := slog.New(slog.DiscardHandler), factskit.New(t)

	names := identity.Default()
	names.Dir = t.TempDir()
	who, err := identity.New(names, identity.Deps{Logger: quiet, Metrics: prometheus.NewRegistry(), Broker: s.Broker})
	if err != nil {
		t.Fatal(err)
	}
	s.run(who.Run)

	store := warehouse.Default()
	store.DatabasePrefix, store.FlushEvery = facts.Names.Prefix, 20*time.Millisecond
	writer, err := warehouse.New(store, warehouse.Deps{Logger: quiet, Metrics: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer(""), Broker: s.Broker, ClickHouse: facts.Conn})
	if err != nil {
		t.Fatal(err)
	}
	s.run(writer.Run)

	cfg := feature.Default()
	cfg.Dir, cfg.Database = t.TempDir(), facts.Names.Database(schema.DW)
	features, err := feature.New(cfg, feature.Deps{Logger: quiet, Metrics: prometheus.NewRegistry(), Broker: s.Broker, Identity: identityv1.NewIdentityServiceClient(s.serve(who.Register)), ClickHouse: facts.Conn})
	if err != nil {
		t.Fatal(err)
	}
	s.run(features.Run)
	s.API.Features = featurev1.NewFeatureServiceClient(s.serve(features.Register))
	return s
}

// run keeps a part going until the test ends.
func (s *Stack) run(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	s.T.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.T.Error(err)
		}
	})
}

// serve puts an API on a loopback port.
func (s *Stack) serve(register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	s.T.Helper()
	l, err := (&net.ListenConfig{}).Listen(s.T.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.T.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go func() { _ = server.Serve(l) }() // ends with Stop
	s.T.Cleanup(server.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { _ = conn.Close() })
	return conn
}

// World is the events of one workspace.
type World struct {
	Workspace string
	Events    []*eventv1.Event
	orders    int64
}

// Event is something that somebody did; received when it is said.
func (w *World) Event(who, name string, at, received time.Time) *eventv1.Event {
	e := &eventv1.Event{
		EventId: fmt.Sprint("e", len(w.Events)), Workspace: w.Workspace, Source: "shop", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: name,
		Identifiers: []*eventv1.Identifier{{Type: customer.TypeUserID, Value: who}},
		OriginalMs:  at.UnixMilli(), SentMs: received.UnixMilli(), ReceivedMs: received.UnixMilli(), OccurredMs: at.UnixMilli(), History: true,
	}
	w.Events = append(w.Events, e)
	return e
}

// Order is an order of so much.
func (w *World) Order(who string, at, received time.Time, total float64) {
	e := w.Event(who, "Order Completed", at, received)
	micros := int64(math.Round(total*100)) * 10_000
	e.Order = &eventv1.Order{OrderId: e.EventId, Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Currency: "EUR", TotalMicros: &micros,
		Conversion: &eventv1.Conversion{Currency: "EUR", RateE12: 1e12}}
	e.PropertiesJson = fmt.Appendf(nil, `{"order_id":%q,"total":%.2f,"currency":"EUR"}`, e.EventId, total)
	w.orders++
}

// Customers are the ids of those who did something.
func (w *World) Customers() map[string]string {
	out := map[string]string{}
	for _, e := range w.Events {
		who := e.GetIdentifiers()[0].GetValue()
		out[who] = customer.ID(w.Workspace, customer.TypeUserID, who, 0)
	}
	return out
}

// Buyers draws customers who buy at a pace of their own, until they leave or the end comes, over so many days before the end. Everything is received after
// late.
func (w *World) Buyers(n int, days int, end time.Time, late func(at time.Time) time.Time) {
	r := rand.New(rand.NewPCG(7, 11))
	for i := range n {
		pace := (8 + 40*r.Float64()) * float64(Day) // the mean time between two orders
		at := end.Add(-time.Duration(r.Float64() * float64(days) * float64(Day)))
		for who := fmt.Sprint("c", i); at.Before(end); at = at.Add(time.Duration(r.ExpFloat64() * pace)) {
			w.Order(who, at, late(at), 5+pace/float64(Day))
			if r.Float64() < .12 {
				break // leaves
			}
		}
	}
}

// Send publishes a world and waits until all of it is to be read.
func (s *Stack) Send(w *World) {
	s.T.Helper()
	ctx := s.T.Context()
	p := s.Broker.NewProducer(broker.ProducerConfig{})
	var batch []broker.Message
	for _, e := range w.Events {
		value, err := proto.Marshal(e)
		if err != nil {
			s.T.Fatal(err)
		}
		batch = append(batch, broker.Message{Topic: topics.EventsRaw.Name, Key: customer.EventKey(w.Workspace, e.GetEventId()), Value: value})
	}
	for len(batch) > 0 {
		n := min(500, len(batch))
		if err := p.Produce(ctx, batch[:n]...); err != nil {
			s.T.Fatal(err)
		}
		batch = batch[n:]
	}
	testkit.Eventually(s.T, 3*time.Minute, func() error {
		events, orders, err := s.counts(ctx, w.Workspace)
		if err != nil {
			return err
		}
		if events != int64(len(w.Events)) || orders != w.orders {
			return fmt.Errorf("%d of %d events and %d of %d orders are to be read", events, len(w.Events), orders, w.orders)
		}
		return nil
	})
}

func (s *Stack) counts(ctx context.Context, workspace string) (events, orders int64, err error) {
	in, err := s.API.Features.GetHistoricalFeatures(ctx, &featurev1.GetHistoricalFeaturesRequest{
		Workspace: workspace, Mode: featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME, DatesMs: []int64{time.Now().UnixMilli()}, Names: []string{"events_lifetime", "orders_lifetime"}})
	if err != nil {
		return 0, 0, err
	}
	for {
		part, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return events, orders, nil
		}
		if err != nil {
			return 0, 0, err
		}
		for _, row := range part.GetRows() {
			events, orders = events+row.GetValues()[0].GetCount(), orders+row.GetValues()[1].GetCount()
		}
	}
}
