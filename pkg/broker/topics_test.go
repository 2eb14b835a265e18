package broker

import (
	"slices"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/freshet/freshet/pkg/topics"
)

// With acks=all a leader that is alone in sync confirms by itself, unless the topic forbids it.
func TestALeaderAloneConfirmsNothing(t *testing.T) {
	for replication, want := range map[int]string{1: "", 2: "", 3: "2", 5: "4"} {
		for _, topic := range []topics.Topic{{Name: "a.v1", Retention: time.Hour}, {Name: "b.v1", Compacted: true}} {
			entries := topicConfig(topic, replication)
			got := ""
			if i := slices.IndexFunc(entries, func(e kafka.ConfigEntry) bool { return e.ConfigName == "min.insync.replicas" }); i >= 0 {
				got = entries[i].ConfigValue
			}
			if got != want || len(entries) < 3 {
				t.Errorf("%s on %d brokers: min.insync.replicas %q, want %q, of %d settings", topic.Name, replication, got, want, len(entries))
			}
		}
	}
}

// A broker takes the settings.
func TestTopicsOnThreeBrokers(t *testing.T) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	c, err := Connect(Config{Addresses: fake.ListenAddrs(), Replication: 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), testTopic, topics.Topic{Name: "compacted.v1", Compacted: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.NewProducer(ProducerConfig{}).Produce(t.Context(), Message{Topic: testTopic.Name, Value: []byte("v")}); err != nil {
		t.Error(err)
	}
}
