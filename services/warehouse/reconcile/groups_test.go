package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// TestRecommendationsTasksCountAsBehind: what waits before any of them keeps a settled stack from being called so, from the first commit of one of them on: a stack may do without.
func TestRecommendationsTasksCountAsBehind(t *testing.T) {
	ctx := t.Context()
	b, err := broker.Dial(ctx, broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.EnsureTopics(ctx, topics.All()...); err != nil {
		t.Fatal(err)
	}
	waits := []Lag{
		{"recommendation.visitors", topics.EventsResolved.Name, 1},
		{"recommendation.visitors", topics.IdentityMappings.Name, 1},
		{"recommendation.visitors", topics.SegmentTransitions.Name, 1},
		{"recommendation.visitors", topics.RecommendationFeedback.Name, 1},
		{"recommendation.visitors", topics.VisitorHandover.Name, 1},
		{"recommendation.items", topics.ItemChanges.Name, 1},
		{"recommendation.loop", topics.Touches.Name, 1},
		{"recommendation.loop", topics.Recommendations.Name, 1},
		{"recommendation.loop", topics.RecommendationFeedback.Name, 1},
		{"recommendation.loop", topics.IdentityMappings.Name, 1},
		{"recommendation.loop", topics.LoopHandover.Name, 1},
	}
	p, sent := b.NewProducer(broker.ProducerConfig{}), map[string]bool{}
	for _, l := range waits {
		if sent[l.Topic] {
			continue
		}
		sent[l.Topic] = true
		if err := p.Produce(ctx, broker.Message{Topic: l.Topic, Key: []byte("k"), Value: []byte("v")}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := ReadLag(ctx, b, DefaultGroups())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range found {
		if strings.HasPrefix(l.Group, "recommendation.") {
			t.Errorf("%+v of a service that never ran", l)
		}
	}
	if want := (Lag{"warehouse.facts", topics.Touches.Name, 1}); !slices.Contains(found, want) {
		t.Errorf("%+v is not among %+v", want, found)
	}
	r := &Report{}
	if err := r.readLag(ctx, Options{Broker: b, Groups: DefaultGroups()}); err != nil || !slices.Equal(r.Absent, []string{"recommendation.visitors", "recommendation.items", "recommendation.loop"}) {
		t.Errorf("%v are absent, %v", r.Absent, err)
	}
	once, over := context.WithCancel(ctx)
	err = b.RunGroup(once, broker.GroupConfig{Group: "recommendation.items", Topics: []string{topics.ItemChanges.Name}}, func(ctx context.Context, m *broker.Membership) error {
		defer over()
		return m.Commit(ctx, broker.TopicPartition{Topic: topics.ItemChanges.Name, Partition: 0}, 0, "")
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if found, err = ReadLag(ctx, b, DefaultGroups()); err != nil {
		t.Fatal(err)
	}
	for _, want := range waits {
		if !slices.Contains(found, want) {
			t.Errorf("nobody says that %s is a record behind in %s: %+v", want.Group, want.Topic, found)
		}
	}
}
