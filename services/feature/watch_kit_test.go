package feature

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// watching is a feature service that folds nothing: what it tells was written to features.v1 by the test.
type watching struct {
	t       *testing.T
	broker  *broker.Client
	service *Service
	client  featurev1.FeatureServiceClient
}

func newWatching(t *testing.T) *watching {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: 2}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), Topics()...); err != nil {
		t.Fatal(err)
	}
	cfg := Default()
	cfg.Dir = t.TempDir()
	s, err := New(cfg, Deps{Logger: quiet, Metrics: prometheus.NewRegistry(), Broker: client})
	if err != nil {
		t.Fatal(err)
	}
	w := &watching{t: t, broker: client, service: s}
	w.client = featurev1.NewFeatureServiceClient((&stack{t: t}).serve(s.Register))
	return w
}

// set makes a customer's feature set.
func set(who, version int, values map[string]int64, edit func(*featurev1.FeatureSet)) *featurev1.FeatureSet {
	l := shipped.catalog.Layout()
	row := make([]catalog.Value, len(l.Fields))
	for name, n := range values {
		i, ok := l.Position(name)
		if !ok {
			panic(name)
		}
		row[i] = catalog.Value{Present: true, Int: n}
		if l.Fields[i].Kind == catalog.KindText {
			row[i] = catalog.Value{Present: true, Text: strings.Repeat("x", int(n))}
		}
	}
	fs := &featurev1.FeatureSet{CustomerId: id(who), Workspace: "default", Version: int64(version), AsOfMs: int64(1000 * version), ReceivedMs: 7,
		Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, Schema: l.Fingerprint, Values: l.Encode(nil, row)}
	if edit != nil {
		edit(fs)
	}
	return fs
}

// publish writes sets as the service does.
func (w *watching) publish(all ...*featurev1.FeatureSet) {
	w.t.Helper()
	var out []broker.Message
	for _, fs := range all {
		value, err := proto.Marshal(fs)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, broker.Message{Topic: topics.Features.Name, Key: []byte(fs.GetCustomerId()), Value: value})
	}
	if err := w.broker.NewProducer(broker.ProducerConfig{}).Produce(w.t.Context(), out...); err != nil {
		w.t.Fatal(err)
	}
}

type watcher = interface {
	Recv() (*featurev1.WatchFeaturesResponse, error)
}

// open begins to watch; what is published from then on is told.
func (w *watching) open(ctx context.Context, req *featurev1.WatchFeaturesRequest) watcher {
	w.t.Helper()
	s, err := w.client.WatchFeatures(ctx, req)
	if err != nil {
		w.t.Fatal(err)
	}
	first, err := s.Recv()
	if err != nil || len(first.GetChanges()) > 0 || first.GetResume() == "" {
		w.t.Fatalf("the first answer: %v, %v", first, err)
	}
	return s
}

// takes reads n changes.
func takes(t *testing.T, s watcher, n int) (out []*featurev1.CustomerChange) {
	t.Helper()
	for len(out) < n {
		a, err := s.Recv()
		if err != nil {
			t.Fatalf("after %d changes: %v", len(out), err)
		}
		out = append(out, a.GetChanges()...)
	}
	return out
}
