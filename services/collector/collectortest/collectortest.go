// Package collectortest starts a real collector on a socket, before a real broker, for
// the tests of those who send to one. It is not for the collector's own tests, which look inside it.
package collectortest

import (
	"context"
	"log/slog"
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
	"github.com/freshet/freshet/services/collector/directory"
)

// Collector is a running one.
type Collector struct {
	// Address is where it takes HTTP, host:port; URL is the same as http://host:port.
	Address, URL string
	// Broker is the one behind it.
	Broker *broker.Client

	t testing.TB
}

// Start runs a collector before a broker of its own until the test ends. The source called name sends with key.
func Start(t testing.TB, name, key string, edits ...func(*collector.Config)) *Collector {
	t.Helper()
	return StartBefore(t, testkit.Broker(t, topics.EventsRaw, topics.EventsRejected), name, key, edits...)
}

// StartBefore is Start before a broker that the test has, with the topics on it.
func StartBefore(t testing.TB, client *broker.Client, name, key string, edits ...func(*collector.Config)) *Collector {
	t.Helper()
	cfg := collector.Default()
	cfg.Address, cfg.Spool.Dir = "127.0.0.1:0", t.TempDir()
	cfg.AckTimeout, cfg.Spool.After = time.Minute, time.Minute // what a busy machine's broker takes too slowly is stored again, and these tests count
	cfg.Sources = []directory.Entry{{Name: name, Workspace: "default", WriteKey: key}}
	for _, edit := range edits {
		edit(&cfg)
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
	return &Collector{Address: svc.Addr(), URL: "http://" + svc.Addr(), Broker: client, t: t}
}

// Events are the accepted events in Kafka, copies included.
func (c *Collector) Events() []*eventv1.Event {
	c.t.Helper()
	var out []*eventv1.Event
	for _, rec := range testkit.Records(c.t, c.Broker, topics.EventsRaw) {
		e := &eventv1.Event{}
		if err := proto.Unmarshal(rec.Value, e); err != nil {
			c.t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}
