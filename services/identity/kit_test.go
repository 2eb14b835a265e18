package identity

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

const soon = 90 * time.Second

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// world is a broker with identity's topics.
type world struct {
	t        testing.TB
	client   *broker.Client
	producer *broker.Producer
	n        int // events sent
}

func newWorld(t testing.TB, partitions int) *world {
	t.Helper()
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: partitions}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), Topics()...); err != nil {
		t.Fatal(err)
	}
	return &world{t: t, client: client, producer: client.NewProducer(broker.ProducerConfig{})}
}

// running is one process of the service.
type running struct {
	*Service
	t        testing.TB
	dir      string
	registry *prometheus.Registry
	stop     func() error
}

func (w *world) start(dir string) *running { return w.startAt(dir, time.Now) }

func (w *world) startAt(dir string, now func() time.Time) *running {
	w.t.Helper()
	cfg := Default()
	cfg.Dir, cfg.MaxBatch = dir, 200
	r := &running{t: w.t, dir: dir, registry: prometheus.NewRegistry()}
	var err error
	r.Service, err = New(cfg, Deps{Logger: quiet(), Metrics: r.registry, Broker: w.client, Now: now})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	w.t.Cleanup(func() {
		if err := r.stop(); err != nil {
			w.t.Error(err)
		}
	})
	return r
}

// waitDuplicates waits until so many events were dropped as copies since the start.
func (r *running) waitDuplicates(t *testing.T, n float64) {
	t.Helper()
	testkit.Eventually(t, soon, func() error {
		if got := r.metric("events_total{duplicate}"); got != n {
			return fmt.Errorf("%v duplicates counted, want %v", got, n)
		}
		return nil
	})
}

// metric reads a counter or gauge, summed over its labels unless one is given as name{value}.
func (r *running) metric(name string) (sum float64) {
	r.t.Helper()
	name, label, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != "freshet_identity_"+name || label != "" && m.GetLabel()[0].GetValue() != label {
				continue
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// event makes an event of the n-th second from words like "user_id:1".
func event(id string, words ...string) *eventv1.Event {
	e := &eventv1.Event{
		EventId: id, Workspace: "w", Source: "web", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Page Viewed",
		ReceivedMs: time.Now().UnixMilli(), OccurredMs: time.Now().UnixMilli(), PropertiesJson: []byte(`{"path":"/"}`),
	}
	for _, id := range names(words...) {
		e.Identifiers = append(e.Identifiers, &eventv1.Identifier{Type: id.Type, Value: id.Value})
	}
	return e
}

func names(words ...string) []graph.Identifier {
	var ids []graph.Identifier
	for _, w := range words {
		typ, value, _ := strings.Cut(w, ":")
		ids = append(ids, graph.Identifier{Type: typ, Value: value})
	}
	return ids
}

// send puts one event a line of words into the raw topic and gives their ids.
func (w *world) send(lines ...string) []string {
	w.t.Helper()
	var ids []string
	for _, line := range lines {
		id := fmt.Sprintf("e%d", w.n)
		w.n++
		w.sendEvents(event(id, strings.Fields(line)...))
		ids = append(ids, id)
	}
	return ids
}

func (w *world) sendEvents(list ...*eventv1.Event) {
	w.t.Helper()
	msgs := make([]broker.Message, 0, len(list))
	for _, e := range list {
		msgs = append(msgs, rawMessage(w.t, e))
	}
	if err := w.producer.Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

func rawMessage(t testing.TB, e *eventv1.Event) broker.Message {
	value, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return broker.Message{Topic: topics.EventsRaw.Name, Key: customer.EventKey(e.GetWorkspace(), e.GetEventId()), Value: value}
}

// read gives all records of a topic, partition by partition.
func (w *world) read(topic topics.Topic) []broker.Record {
	w.t.Helper()
	return testkit.Records(w.t, w.client, topic)
}

func decode[T any, P interface {
	*T
	proto.Message
}](t testing.TB, recs []broker.Record) []P {
	t.Helper()
	var out []P
	for _, rec := range recs {
		m := P(new(T))
		if err := proto.Unmarshal(rec.Value, m); err != nil {
			t.Fatalf("%s/%d offset %d: %v", rec.Topic, rec.Partition, rec.Offset, err)
		}
		out = append(out, m)
	}
	return out
}

// resolved gives the resolved events by event id, each once, after checking that
// repeats are equal and that the key is the customer.
func (w *world) resolved() map[string]*eventv1.ResolvedEvent {
	w.t.Helper()
	out := map[string]*eventv1.ResolvedEvent{}
	recs := w.read(topics.EventsResolved)
	for i, e := range decode[eventv1.ResolvedEvent](w.t, recs) {
		if string(recs[i].Key) != e.GetCustomerId() {
			w.t.Fatalf("the key is %q, the customer %s", recs[i].Key, e.GetCustomerId())
		}
		id := e.GetEvent().GetEventId()
		if old, ok := out[id]; ok && !proto.Equal(old, e) {
			w.t.Fatalf("event %s left with two contents: %v and %v", id, old, e)
		}
		out[id] = e
	}
	return out
}

// waitResolved waits until n different events have left.
func (w *world) waitResolved(n int) map[string]*eventv1.ResolvedEvent {
	w.t.Helper()
	var out map[string]*eventv1.ResolvedEvent
	testkit.Eventually(w.t, soon, func() error {
		if out = w.resolved(); len(out) != n {
			return fmt.Errorf("%d events resolved, want %d", len(out), n)
		}
		return nil
	})
	return out
}

func (w *world) log() []*identityv1.LogRecord {
	return decode[identityv1.LogRecord](w.t, w.read(topics.IdentityLog))
}

// mappings gives where each id leads, by the highest epoch, and fails on two
// mappings of one id with one epoch and different ends.
func (w *world) mappings() map[string]string {
	w.t.Helper()
	last := map[string]*identityv1.Mapping{}
	for _, m := range decode[identityv1.Mapping](w.t, w.read(topics.IdentityMappings)) {
		old := last[m.GetFromCustomerId()]
		if old != nil && old.GetEpoch() == m.GetEpoch() && old.GetToCustomerId() != m.GetToCustomerId() {
			w.t.Fatalf("two ends of one epoch: %v and %v", old, m)
		}
		if old == nil || old.GetEpoch() <= m.GetEpoch() {
			last[m.GetFromCustomerId()] = m
		}
	}
	out := map[string]string{}
	for from, m := range last {
		out[from] = m.GetToCustomerId()
	}
	return out
}

// oracle folds the log by hand: what every copy of the state must look like.
func (w *world) oracle() (rows map[string]string, mappings map[string]string) {
	w.t.Helper()
	g, s := graph.New(graph.DefaultLimits()), memory{}
	mappings = map[string]string{}
	for offset, op := range w.log() {
		res, err := g.Apply(s, op, int64(offset))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, m := range res.Merges {
			mappings[m.From.String()] = m.To.String()
		}
	}
	return s, mappings
}

// memory is a graph.Store for the oracle.
type memory map[string]string

func (m memory) Get(key []byte) ([]byte, bool, error) {
	v, ok := m[string(key)]
	return []byte(v), ok, nil
}
func (m memory) Set(key, value []byte) { m[string(key)] = string(value) }
func (m memory) Delete(key []byte)     { delete(m, string(key)) }
func (m memory) Scan(prefix, _ []byte, fn func(k, v []byte) (bool, error)) error {
	var keys []string
	for k := range m {
		if strings.HasPrefix(k, string(prefix)) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if more, err := fn([]byte(k), []byte(m[k])); err != nil || !more {
			return err
		}
	}
	return nil
}

// rows dumps the resolver's state, without its place in the log.
func (r *running) rows() map[string]string {
	r.t.Helper()
	out, err := r.resolver.dump()
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// owner gives the customer of one identifier, "" when unknown.
func (r *running) owner(word string) string {
	r.t.Helper()
	owners, _, err := r.resolver.Owners("w", names(word))
	if err != nil {
		r.t.Fatal(err)
	}
	if len(owners) == 0 {
		return ""
	}
	return owners[0].String()
}

func (r *running) waitReady() {
	r.t.Helper()
	testkit.Eventually(r.t, soon, r.Ready)
}

func (w *world) dir(name string) string { return filepath.Join(w.t.TempDir(), name) }

// gathered says that the registry passes the linter of Prometheus.
func gathered(t testing.TB, reg prometheus.Gatherer) {
	t.Helper()
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
