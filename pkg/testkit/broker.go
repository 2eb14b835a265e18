package testkit

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// Broker returns a client of a broker without topics (see Kafka), on which it has made these.
func Broker(t testing.TB, made ...topics.Topic) *broker.Client {
	t.Helper()
	return BrokerAt(t, Kafka(t), made...)
}

// BrokerAt is Broker of the broker at an address, which the test knows.
func BrokerAt(t testing.TB, address string, made ...topics.Topic) *broker.Client {
	t.Helper()
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{address}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), made...); err != nil {
		t.Fatal(err)
	}
	return c
}

// Records reads everything a topic holds, partition by partition, each in its order.
func Records(t testing.TB, c *broker.Client, topic topics.Topic) []broker.Record {
	t.Helper()
	ctx := context.Background() // also in a cleanup, when the test's own has ended
	spans, err := c.Spans(ctx, topic.Name)
	if err != nil {
		t.Fatal(err)
	}
	var out []broker.Record
	for _, partition := range slices.Sorted(maps.Keys(spans)) {
		at := broker.TopicPartition{Topic: topic.Name, Partition: partition}
		for next := spans[partition].First; next < spans[partition].Next; {
			b, err := c.Fetch(ctx, at, next, broker.FetchOptions{PassLost: true})
			if err != nil {
				t.Fatal(err)
			}
			out, next = append(out, b.Records...), b.Next
		}
	}
	return out
}
