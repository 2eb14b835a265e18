package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
)

const testKey = "web-write-key"

var topicsRaw = topics.EventsRaw

// rig is a collector on a real socket before a real broker.
type rig struct {
	t      testing.TB
	svc    *Service
	url    string
	client *broker.Client
	reg    *prometheus.Registry
	stop   func() error
}

// setup changes what a rig is made of.
type setup struct {
	cfg    Config
	kafka  string
	now    func() time.Time
	tracer trace.Tracer
	// partitions of the topics; 0: the broker's default.
	partitions int
}

// onePartition is for tests of order: it holds within a partition, and an event's is its own id's.
func onePartition(s *setup) { s.partitions = 1 }

func start(t testing.TB, edits ...func(*setup)) *rig {
	t.Helper()
	s := setup{cfg: Default(), tracer: noop.NewTracerProvider().Tracer("test")}
	s.cfg.Address = "127.0.0.1:0"
	s.cfg.Spool.Dir = t.TempDir()
	s.cfg.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: testKey}, {Name: "pos", Workspace: "shop", WriteKey: "pos-write-key"}}
	for _, edit := range edits {
		edit(&s)
	}
	if s.kafka == "" {
		s.kafka = testkit.Kafka(t)
	}
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{s.kafka}, Partitions: s.partitions}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), topics.EventsRaw, topics.EventsRejected); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, client: client, reg: prometheus.NewRegistry()}
	r.svc, err = New(s.cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: r.reg, Tracer: s.tracer, Broker: client, Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.svc.Listen(); err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + r.svc.Addr()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.svc.Run(ctx) }()
	r.stop = func() error { cancel(); err := <-done; done <- err; return err }
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// got is an answer.
type got struct {
	Status   int
	Header   http.Header
	Success  bool
	Error    string
	Code     string
	Omitted  int
	Message  string
	Accepted int
	Rejected []intake.Rejection
	Notes    []intake.Told
}

// reasons are the reasons of the rejects, in order.
func (g got) reasons() []string {
	var out []string
	for _, r := range g.Rejected {
		out = append(out, r.Reason)
	}
	return out
}

// post sends a body as it is, with the test's write key unless a header says otherwise.
func (r *rig) post(path, body string, headers ...string) got {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(testKey, "")
	for i := 0; i+1 < len(headers); i += 2 {
		if req.Header.Del(headers[i]); headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	return r.do(req)
}

// taken sends an event of a track call until it is durable, which a busy machine's broker or disk may say too late at first.
func (r *rig) taken(body string) {
	r.t.Helper()
	testkit.Eventually(r.t, time.Minute, func() error {
		if g := r.post("/v1/track", body); g.Status != http.StatusOK {
			return fmt.Errorf("%s: %+v", body, g)
		}
		return nil
	})
}

func (r *rig) do(req *http.Request) got {
	r.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	g := got{Status: resp.StatusCode, Header: resp.Header}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &g); err != nil {
			r.t.Fatalf("answer %d %q: %v", resp.StatusCode, body, err)
		}
	}
	return g
}

// records reads everything a topic holds.
func (r *rig) records(topic topics.Topic) []broker.Record {
	r.t.Helper()
	return testkit.Records(r.t, r.client, topic)
}

// events are the accepted events in Kafka, by id.
func (r *rig) events() map[string]*eventv1.Event {
	r.t.Helper()
	out := map[string]*eventv1.Event{}
	for _, rec := range r.records(topics.EventsRaw) {
		e := r.decode(rec)
		out[e.EventId] = e
	}
	return out
}

// decode reads an accepted event.
func (r *rig) decode(rec broker.Record) *eventv1.Event {
	r.t.Helper()
	e := &eventv1.Event{}
	if err := proto.Unmarshal(rec.Value, e); err != nil {
		r.t.Fatal(err)
	}
	return e
}

// rejects are the refused events in Kafka, in the order of their reasons.
func (r *rig) rejects() []*eventv1.RejectedEvent {
	r.t.Helper()
	var out []*eventv1.RejectedEvent
	for _, rec := range r.records(topics.EventsRejected) {
		e := &eventv1.RejectedEvent{}
		if err := proto.Unmarshal(rec.Value, e); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *eventv1.RejectedEvent) int { return bytes.Compare([]byte(a.Reason), []byte(b.Reason)) })
	return out
}

// only is the one accepted event there is.
func (r *rig) only() *eventv1.Event {
	r.t.Helper()
	events := r.events()
	if len(events) != 1 {
		r.t.Fatalf("%d events in Kafka, want 1", len(events))
	}
	for _, e := range events {
		return e
	}
	return nil
}

// track is a good event with an id.
func track(id string) string {
	return fmt.Sprintf(`{"type":"track","event":"Product Viewed","userId":"42","messageId":%q}`, id)
}

// held is how many bytes are reserved for bodies.
func (r *rig) held() int64 {
	r.t.Helper()
	return int64(r.count("body_memory_bytes"))
}

// count is what a scrape gives for one of the collector's metrics: the sum of its series that have these labels, as name and value in turn. A
// metric that nobody has registered, or has no series at all, fails the test.
func (r *rig) count(name string, labels ...string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "freshet_collector_"+name {
			continue
		}
		sum := 0.0
		for _, m := range f.GetMetric() {
			if hasLabels(m.GetLabel(), labels) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() // a metric is one of the two
			}
		}
		return sum
	}
	r.t.Fatal("there is no metric " + name)
	return 0
}

func hasLabels(got []*dto.LabelPair, want []string) bool {
	for i := 0; i+1 < len(want); i += 2 {
		if !slices.ContainsFunc(got, func(p *dto.LabelPair) bool { return p.GetName() == want[i] && p.GetValue() == want[i+1] }) {
			return false
		}
	}
	return true
}
