package broker

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The broker's clock is known from the first answer on that has a time of storing in it, and from no other. That Apache
// Kafka gives one for the topics that EnsureTopics makes is in stream's TestAClockFarFromTheBrokersIsRefused (make test-kafka).
func TestTheBrokersClockComesWithItsAnswers(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	stored := int64(-1)
	fake.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		res := req.ResponseKind().(*kmsg.ProduceResponse)
		p := kmsg.NewProduceResponseTopicPartition()
		p.LogAppendTime = stored
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = testTopic.Name
		topic.Partitions = append(topic.Partitions, p)
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	write := func(at time.Time) {
		t.Helper()
		if stored = -1; !at.IsZero() {
			stored = at.UnixMilli()
		}
		if _, err := c.Append(t.Context(), TopicPartition{Topic: testTopic.Name}, []Message{{Value: []byte("v")}}); err != nil {
			t.Fatal(err)
		}
	}
	near := func(want time.Time) {
		t.Helper()
		if at, ok := c.Clock(); !ok || at.Sub(want).Abs() > 5*time.Second {
			t.Errorf("the broker's clock is %s, %v; want %s", at, ok, want)
		}
	}
	write(time.Time{})
	if at, ok := c.Clock(); ok {
		t.Errorf("a broker that does not stamp has the time %s", at)
	}
	wrong := time.Now().Add(-3 * time.Hour)
	write(wrong)
	near(wrong)
	write(time.Time{}) // to a topic that is not stamped
	near(wrong)
	write(time.Now())
	near(time.Now())
}
