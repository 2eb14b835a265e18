package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector"
)

const writeKey = "conformance-write-key"

// rig is a collector on a real socket before a real broker, with a proxy in front of
// it that fails as a test wants.
type rig struct {
	t      *testing.T
	proxy  *proxy
	client *broker.Client
	// url is the collector's own address, past the proxy.
	url string
}

func start(t *testing.T, edits ...func(*collector.Config)) *rig {
	t.Helper()
	cfg := collector.Default()
	cfg.Address, cfg.Spool.Dir = "127.0.0.1:0", t.TempDir()
	cfg.Sources = []collector.Source{{Name: "app", Workspace: "default", WriteKey: writeKey}}
	for _, edit := range edits {
		edit(&cfg)
	}
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), topics.EventsRaw, topics.EventsRejected); err != nil {
		t.Fatal(err)
	}
	svc, err := collector.New(cfg, collector.Deps{
		Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer("test"), Broker: client,
	})
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
	return &rig{t: t, url: "http://" + svc.Addr(), proxy: startProxy(t, svc.Addr()), client: client}
}

// limited gives the source a rate of its own, in events a second, and pages that may send.
func limited(t *testing.T, rate float64, burst int, origins ...string) func(*collector.Config) {
	hash := sha256.Sum256([]byte(writeKey))
	text := fmt.Sprintf("sources:\n- name: app\n  keys: [{id: one, sha256: %q}]\n  limits: {rate: %g, burst: %d}\n", hex.EncodeToString(hash[:]), rate, burst)
	if len(origins) > 0 {
		text += fmt.Sprintf("  origins: [%q]\n", origins[0])
	}
	path := filepath.Join(t.TempDir(), "sources.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *collector.Config) { c.Sources, c.SourcesFile = nil, path }
}

// records reads everything a topic holds.
func (r *rig) records(topic topics.Topic) []broker.Record {
	r.t.Helper()
	spans, err := r.client.Spans(r.t.Context(), topic.Name)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []broker.Record
	for partition, span := range spans {
		for next := span.First; next < span.Next; {
			at := broker.TopicPartition{Topic: topic.Name, Partition: partition}
			b, err := r.client.Fetch(r.t.Context(), at, next, broker.FetchOptions{})
			if err != nil {
				r.t.Fatal(err)
			}
			out, next = append(out, b.Records...), b.Next
		}
	}
	return out
}

// stored are the accepted events in Kafka, copies included, in the order the clients made them.
func (r *rig) stored() []*eventv1.Event {
	r.t.Helper()
	var out []*eventv1.Event
	for _, rec := range r.records(topics.EventsRaw) {
		e := &eventv1.Event{}
		if err := proto.Unmarshal(rec.Value, e); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b *eventv1.Event) int { return int(a.OriginalMs - b.OriginalMs) })
	return out
}

// copies counts the records of each message id.
func copies(events []*eventv1.Event) map[string]int {
	out := map[string]int{}
	for _, e := range events {
		out[e.EventId]++
	}
	return out
}

// once fails unless every event is there a single time.
func (r *rig) once() {
	r.t.Helper()
	for id, n := range copies(r.stored()) {
		if n != 1 {
			r.t.Errorf("event %s was stored %d times", id, n)
		}
	}
}

// numbers are the values of properties.n among the stored events, sorted, each once.
func (r *rig) numbers() []int {
	r.t.Helper()
	var out []int
	for _, e := range r.stored() {
		var p struct{ N int }
		if err := json.Unmarshal(e.PropertiesJson, &p); err != nil {
			r.t.Fatalf("properties of %s: %v", e.EventId, err)
		}
		out = append(out, p.N)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// upTo is 0 ... n-1.
func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("not within 30 s: %s", what)
		case <-tick.C:
		}
	}
}
