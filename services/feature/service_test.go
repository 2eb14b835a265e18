package feature

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/identity"
	"github.com/freshet/freshet/services/warehouse"
	"github.com/freshet/freshet/services/warehouse/schema"
)

const soon = 90 * time.Second

// stack is the real thing: broker, ClickHouse, identity, warehouse and feature.
type stack struct {
	t        testing.TB
	broker   *broker.Client
	facts    *facts
	identity identityv1.IdentityServiceClient
	ahead    atomic.Int64 // how far feature's clock is ahead, nanoseconds
	truth    oracle.Log
	sent     int
	features string // the features file, "" for the shipped catalogue
}

func newStack(t *testing.T) *stack { return newStackOf(t, 2) }

func newStackOf(t testing.TB, partitions int) *stack {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: partitions}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), topics.All()...); err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, broker: client, facts: newFacts(t)}

	cfg := identity.Default()
	cfg.Dir = t.TempDir()
	who, err := identity.New(cfg, identity.Deps{Logger: quiet, Metrics: prometheus.NewRegistry(), Broker: client})
	if err != nil {
		t.Fatal(err)
	}
	s.run(who.Run)
	s.identity = identityv1.NewIdentityServiceClient(s.serve(who.Register))

	store := warehouse.Default()
	store.DatabasePrefix, store.FlushEvery = s.facts.names.Prefix, 20*time.Millisecond
	writer, err := warehouse.New(store, warehouse.Deps{Logger: quiet, Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer(""), Broker: client, ClickHouse: s.facts.conn})
	if err != nil {
		t.Fatal(err)
	}
	s.run(writer.Run)
	return s
}

// run keeps a part going; stop, also at the end of the test, waits for its clean end.
func (s *stack) run(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(stop)
	return stop
}

// serve puts an API on a loopback port.
func (s *stack) serve(register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go func() { _ = server.Serve(l) }() // ends with Stop
	s.t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

// start runs a feature service with an empty local store.
func (s *stack) start() (client featurev1.FeatureServiceClient, stop func()) {
	s.t.Helper()
	service := s.service()
	return featurev1.NewFeatureServiceClient(s.serve(service.Register)), s.run(service.Run)
}

func (s *stack) service() *Service { return s.serviceIn(nil, prometheus.NewRegistry()) }

func (s *stack) quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// now is feature's clock.
func (s *stack) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// serviceIn is a service that has fellows, or nil.
func (s *stack) serviceIn(fellows *fleet.Fleet, metrics prometheus.Registerer) *Service {
	s.t.Helper()
	cfg := Default()
	cfg.Dir, cfg.Database, cfg.MaxBatch = s.t.TempDir(), s.facts.names.Database(schema.DW), 50
	cfg.Features = s.features
	service, err := New(cfg, Deps{
		Logger: s.quiet(), Metrics: metrics, Broker: s.broker, Identity: s.identity, Fleet: fellows, ClickHouse: s.facts.conn, Now: s.now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	service.within = soon
	return service
}

// send puts an event of a person into the raw topic, as the collector does, and
// notes it in the truth. Every fifth is sent twice.
func (s *stack) send(person string, r *rand.Rand, identifiers ...string) {
	s.t.Helper()
	now := time.Now().UnixMilli()
	e := &eventv1.Event{
		EventId: fmt.Sprintf("e%d", s.sent), Workspace: "default", Type: eventv1.EventType_EVENT_TYPE_TRACK,
		Name: "Product Viewed", ReceivedMs: now, OccurredMs: now - r.Int64N(1<<r.IntN(36)), History: r.IntN(4) == 0,
	}
	if r.IntN(3) == 0 {
		e.Name = "Order Completed"
		e.Order = &eventv1.Order{OrderId: fmt.Sprintf("order %d", s.sent/20+r.IntN(3)), Kind: eventv1.OrderKind(1 + r.IntN(5)), Currency: "EUR",
			TotalMicros: new(r.Int64N(1e9) - 1e8), Conversion: &eventv1.Conversion{Currency: "EUR", RateE12: 1e12},
			Items: []*eventv1.OrderItem{{Line: 1, ProductId: "p", QuantityMicros: r.Int64N(9) * 1e6, UnitPriceMicros: new(int64(1_500_000))}}}
	}
	for _, word := range identifiers {
		typ, value, _ := strings.Cut(word, ":")
		e.Identifiers = append(e.Identifiers, &eventv1.Identifier{Type: typ, Value: value})
	}
	s.sent++
	s.truth.Add(person, e)
	value, err := proto.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	m := broker.Message{Topic: topics.EventsRaw.Name, Value: value,
		Key: customer.EventKey("default", e.EventId)}
	msgs := []broker.Message{m, m}[:1+s.sent%5/4]
	if err := s.broker.NewProducer(broker.ProducerConfig{}).Produce(s.t.Context(), msgs...); err != nil {
		s.t.Fatal(err)
	}
}

// shipped is the catalogue of the stack.
var shipped = func() *book {
	b, err := newBook("")
	if err != nil {
		panic(err)
	}
	return b
}()

// matches compares an answer with the truth at the moment it holds for.
func (s *stack) matches(person string, got *featurev1.GetFeaturesResponse) error {
	want := s.truth.Values(shipped.catalog, person, got.GetAsOfMs())
	tags := make([]catalog.Value, len(shipped.catalog.Tags))
	told := shipped.tell(&answer{values: append(want, tags...)}, nil)
	if diff := cmp.Diff(told.GetValues(), got.GetValues(), protocmp.Transform()); diff != "" {
		return fmt.Errorf("%s (-want +got):\n%s", person, diff)
	}
	return nil
}

// converges waits until live reads and reads of the facts agree with the truth for everyone.
func (s *stack) converges(client featurev1.FeatureServiceClient, people []string) {
	s.t.Helper()
	for _, person := range people {
		var asOf *timestamppb.Timestamp
		check := func() error {
			answer, err := client.GetFeatures(s.t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + person, AsOf: asOf})
			if err != nil {
				return err
			}
			return s.matches(person, answer)
		}
		testkit.Eventually(s.t, soon, check)
		asOf = timestamppb.Now()
		testkit.Eventually(s.t, soon, check)
		asOf = timestamppb.New(time.Now().Add(-100 * 24 * time.Hour))
		testkit.Eventually(s.t, soon, check)
	}
}

// Raw events in, features out, over the real services: devices that turn out to be
// one person, retries, a lost local store, and time passing with no event.
func TestRealStack(t *testing.T) {
	s := newStack(t)
	client, stop := s.start()
	r := rand.New(rand.NewPCG(1, 2))
	people := []string{"ada", "bob", "cleo", "dan"}
	for round := range 20 {
		for _, p := range people {
			s.send(p, r, "user_id:"+p)
			s.send(p, r, "anonymous_id:phone-"+p)
			s.send(p, r, "anonymous_id:laptop-"+p)
			if round == 5 {
				s.send(p, r, "anonymous_id:phone-"+p, "anonymous_id:laptop-"+p)
			}
			if round == 9 {
				s.send(p, r, "user_id:"+p, "anonymous_id:phone-"+p)
			}
		}
	}
	s.converges(client, people)
	s.remembers(client, people)
	s.refusesHistories(client)

	stop()
	client, stop = s.start() // with nothing but the changelog
	s.converges(client, people)

	s.ahead.Store(int64(66 * time.Minute)) // the last event leaves the hour
	for _, p := range people {
		testkit.Eventually(t, soon, func() error { return s.told(p) })
	}
	stop()
	s.answersErrors(client)
}

// told checks the last set published of a person: time has moved it.
func (s *stack) told(person string) error {
	resolved, err := s.identity.Resolve(s.t.Context(), &identityv1.ResolveRequest{
		Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: person}}})
	if err != nil {
		return err
	}
	var last featurev1.FeatureSet
	at := broker.TopicPartition{Topic: topics.Features.Name, Partition: broker.PartitionFor([]byte(resolved.CustomerId), 2)}
	for offset := broker.First; ; {
		b, err := s.broker.Fetch(s.t.Context(), at, offset, broker.FetchOptions{MaxWait: time.Millisecond})
		if err != nil {
			return err
		}
		for _, rec := range b.Records {
			if string(rec.Key) != resolved.CustomerId {
				continue
			}
			var fs featurev1.FeatureSet
			if err := proto.Unmarshal(rec.Value, &fs); err != nil {
				return err
			}
			if fs.Version > last.Version {
				proto.Reset(&last)
				proto.Merge(&last, &fs)
			}
		}
		if len(b.Records) == 0 {
			break
		}
		offset = b.Next
	}
	if last.Reason != featurev1.ChangeReason_CHANGE_REASON_TIME || shipped.of(&last, "events_1h") != 0 {
		return fmt.Errorf("%s: last told %v", person, &last)
	}
	want := s.truth.Values(shipped.catalog, person, last.GetAsOfMs())
	if diff := cmp.Diff(want, shipped.valuesOf(&last)); diff != "" {
		return fmt.Errorf("%s (-want +got):\n%s", person, diff)
	}
	return nil
}

func (s *stack) answersErrors(stopped featurev1.FeatureServiceClient) {
	s.t.Helper()
	future := timestamppb.New(time.Now().Add(48 * time.Hour))
	cases := map[string]struct {
		request *featurev1.GetFeaturesRequest
		want    codes.Code
		says    string
	}{
		"nobody":           {&featurev1.GetFeaturesRequest{Id: "user_id:eve"}, codes.NotFound, "no customer"},
		"no reference":     {&featurev1.GetFeaturesRequest{Id: "eve"}, codes.InvalidArgument, "user_id:42"},
		"another tenant":   {&featurev1.GetFeaturesRequest{Id: "user_id:ada", Workspace: "w2"}, codes.NotFound, "w2"},
		"the future":       {&featurev1.GetFeaturesRequest{Id: "user_id:ada", AsOf: future}, codes.InvalidArgument, "as_of"},
		"before all times": {&featurev1.GetFeaturesRequest{Id: "user_id:ada", AsOf: &timestamppb.Timestamp{Seconds: -1 << 32}}, codes.InvalidArgument, "as_of"},
		"no time":          {&featurev1.GetFeaturesRequest{Id: "user_id:ada", AsOf: &timestamppb.Timestamp{Nanos: -1}}, codes.InvalidArgument, "as_of"},
		"another owner":    {&featurev1.GetFeaturesRequest{Id: "user_id:ada"}, codes.Unavailable, "on its way"},
	}
	for name, c := range cases {
		_, err := stopped.GetFeatures(s.t.Context(), c.request)
		if status.Code(err) != c.want || !strings.Contains(status.Convert(err).Message(), c.says) {
			s.t.Errorf("%s: %v, want %s with %q", name, err, c.want, c.says)
		}
	}
}

func TestConfigNamesItsFaults(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Fatal(err)
	}
	err := Config{Database: "d.w", Pace: -1}.Validate()
	for _, key := range []string{"dir: ", "database: ", "max_batch: 0 ", "cache_bytes: 0 ", "pace: -1ns "} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v does not name %q", err, key)
		}
	}
}
