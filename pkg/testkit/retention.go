package testkit

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/freshet/freshet/pkg/topics"
)

// Retain removes the records of a partition before an offset, as retention does.
func Retain(t testing.TB, address string, topic topics.Topic, partition int, from int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 5000
	req.Topics = []kmsg.DeleteRecordsRequestTopic{{
		Topic: topic.Name, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: int32(partition), Offset: from}},
	}}
	res, err := req.RequestWith(t.Context(), client)
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("remove %s/%d before offset %d: %v, %+v", topic.Name, partition, from, err, res)
	}
}
