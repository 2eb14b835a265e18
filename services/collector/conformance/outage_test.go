package conformance

import (
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/collector/collectortest"
)

// kafka is a broker that a test can stop, and start again on its data.
type kafka struct {
	t       *testing.T
	cfg     embeddedkafka.Config
	running *embeddedkafka.Broker
}

func (k *kafka) start() {
	k.t.Helper()
	var err error
	if k.running, err = embeddedkafka.Start(k.cfg); err != nil {
		k.t.Fatal(err)
	}
	k.cfg.Address = k.running.Addr()
}

func (k *kafka) stop() { k.running.Close() }

// startWithoutSpool starts a collector whose clients see every outage of Kafka: with its spool they see none.
func startWithoutSpool(t *testing.T) (*rig, *kafka) {
	t.Helper()
	k := &kafka{t: t, cfg: embeddedkafka.Config{Dir: t.TempDir()}}
	k.start()
	t.Cleanup(func() { k.stop() })
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{k.cfg.Address}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), topics.EventsRaw, topics.EventsRejected); err != nil {
		t.Fatal(err)
	}
	c := collectortest.StartBefore(t, client, "app", writeKey, func(c *collector.Config) { c.Spool.Enabled, c.AckTimeout = false, 500*time.Millisecond })
	return &rig{Collector: c, t: t, proxy: startProxy(t, c.Address)}, k
}

// answered counts the requests that got a status.
func (r *rig) answered(status int) int {
	n := 0
	for _, s := range r.proxy.posts() {
		if s.status == status {
			n++
		}
	}
	return n
}

// checkRefusals fails unless every request was answered 200, or 503 with the time to come again.
func (r *rig) checkRefusals() {
	r.t.Helper()
	for _, s := range r.proxy.posts() {
		if s.status != http.StatusOK && (s.status != http.StatusServiceUnavailable || s.retryAfter < 1) {
			r.t.Errorf("answered %d, Retry-After %d", s.status, s.retryAfter)
		}
	}
}

// Kafka is away and comes back: each client hears the collector's own 503 and sends again.
func TestNodeClientsThroughAnOutage(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, c client) {
		modules(t, c.pkg)
		r, kafka := startWithoutSpool(t)
		kafka.stop()
		var outcomes []outcome
		played := make(chan struct{})
		go func() {
			defer close(played)
			outcomes = r.play(c, map[string]any{"retryCount": 10}, numberedUpTo(10)...)
		}()
		eventually(t, "a 503", func() bool { return r.answered(http.StatusServiceUnavailable) > 0 })
		kafka.start()
		<-played
		if n := failures(outcomes); n != 0 || len(outcomes) != 10 {
			t.Fatalf("the client gave up %d calls of %d", n, len(outcomes))
		}
		if got := r.numbers(); !slices.Equal(got, upTo(10)) {
			t.Errorf("in Kafka: %v", got)
		}
		r.checkRefusals()
	})
}
