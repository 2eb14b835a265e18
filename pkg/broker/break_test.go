package broker

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestStandSaysHowManyRetentionRemoved: removed records can be counted, and the life stays.
func TestStandSaysHowManyRetentionRemoved(t *testing.T) {
	_, c := fakeCluster(t, 1)
	tp := TopicPartition{Topic: testTopic.Name}
	for _, v := range []string{"a", "b", "c", "d"} {
		if _, err := c.Append(t.Context(), tp, []Message{{Value: []byte(v)}}); err != nil {
			t.Fatal(err)
		}
	}
	from, err := c.Stand(t.Context(), tp, Place{Offset: First})
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Fetch(t.Context(), tp, 0, FetchOptions{})
	if err != nil || len(b.Records) != 4 || b.Epoch < 0 {
		t.Fatalf("fetched %+v, %v", b, err)
	}
	removeBefore(t, c, 3)
	first := from.After(b.Records[0])
	_, err = c.Stand(t.Context(), tp, first)
	var gap *Break
	if !errors.As(err, &gap) || gap.Kind != BreakRemoved || gap.Missing != 2 {
		t.Fatalf("gap %+v, %v", gap, err)
	}
	if at := gap.Accept(first); at.Offset != 3 || at.Life != first.Life || at.Log != first.Log {
		t.Errorf("goes on at %+v", at)
	}
	// Where only what was read is gone, there is no gap.
	third := from.After(b.Records[2])
	if at, err := c.Stand(t.Context(), tp, third); err != nil || at != third {
		t.Errorf("stands at %+v, %v", at, err)
	}
}

func removeBefore(t *testing.T, c *Client, offset int64) {
	t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Version, req.TimeoutMillis = 2, 5000
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = testTopic.Name
	partition := kmsg.NewDeleteRecordsRequestTopicPartition()
	partition.Offset = offset
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
	res := kmsg.NewPtrDeleteRecordsResponse()
	if err := c.ask(t.Context(), req, res); err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("delete records: %v, %+v", err, res)
	}
}

// TestAPlaceWithoutALogTakesTheOneThatIsThere: what was kept before logs were known.
func TestAPlaceWithoutALogTakesTheOneThatIsThere(t *testing.T) {
	_, c := fakeCluster(t, 1)
	tp := TopicPartition{Topic: testTopic.Name}
	if _, err := c.Append(t.Context(), tp, []Message{{Value: []byte("a")}}); err != nil {
		t.Fatal(err)
	}
	id, err := c.Log(t.Context(), testTopic.Name)
	if err != nil || id == (LogID{}) {
		t.Fatalf("log %s, %v", id, err)
	}
	if at, err := c.Stand(t.Context(), tp, Place{Offset: 1}); err != nil || at != (Place{Offset: 1, Log: id, Life: lifeOf(id)}) {
		t.Errorf("stands at %+v, %v", at, err)
	}
	if _, err := c.Log(t.Context(), "nothing.v1"); err == nil {
		t.Error("a topic that is not there has an id")
	}
}
