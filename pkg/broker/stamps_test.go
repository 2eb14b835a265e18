package broker

import (
	"log/slog"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/freshet/freshet/pkg/topics"
)

// Topics that were made without it, by an earlier release or by hand, are stamped by the broker's clock after the next start.
func TestATopicFromBeforeIsStampedByTheBroker(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	c, err := Dial(t.Context(), Config{Addresses: cluster.ListenAddrs(), Partitions: 2}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	old := kafka.TopicConfig{Topic: "old.v1", NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: "12345"}}}
	res, err := c.kafka.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{old}})
	if err != nil || res.Errors[old.Topic] != nil {
		t.Fatal(err, res)
	}
	if others, err := c.stampedOtherwise(t.Context(), []string{old.Topic}); err != nil || len(others) != 1 {
		t.Fatalf("before: %v, %v, want the one topic", others, err)
	}
	if err := c.EnsureTopics(t.Context(), topics.Topic{Name: old.Topic}, topics.Topic{Name: "new.v1"}); err != nil {
		t.Fatal(err)
	}
	if others, err := c.stampedOtherwise(t.Context(), []string{old.Topic, "new.v1"}); err != nil || len(others) != 0 {
		t.Errorf("after: %v, %v, want none", others, err)
	}
	cfg, err := c.kafka.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
		{ResourceType: kafka.ResourceTypeTopic, ResourceName: old.Topic, ConfigNames: []string{"retention.ms"}}}})
	if err != nil || cfg.Resources[0].ConfigEntries[0].ConfigValue != "12345" {
		t.Errorf("another setting of the topic was changed: %+v, %v", cfg, err)
	}
}
