package warehouse

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// TestATopicMadeAnewUnderTheWarehouse: it says so and passes over nothing, whether the new topic is shorter or longer. Kafka forgets a group's offsets together with
// the topic, so that whoever starts later begins at the beginning of the new one.
func TestATopicMadeAnewUnderTheWarehouse(t *testing.T) {
	for name, n := range map[string]int{"shorter": 5, "longer": 25} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.produce(topics.EventsResolved, "a", facts("a", 0, 10)...)
			m := w.start(nil)
			w.want(10, "SELECT count() FROM {dw}.events")
			w.wantCommitted(topics.EventsResolved, 0)
			w.anew(topics.EventsResolved)
			w.produce(topics.EventsResolved, "a", facts("a", 100, 100+n)...)
			w.eventuallyNotReady(m)
			if err := m.Ready(); err == nil || !strings.Contains(err.Error(), "made anew") {
				t.Errorf("ready says %v", err)
			}
			m.end()
			w.start(nil)
			w.want(int64(10+n), "SELECT count() FROM {dw}.events")
		})
	}
}

// TestALogThatIsNotTheGroupsIsAGap: the record before the group's offset is not the one that was read. The log lost its tail and grew again.
func TestALogThatIsNotTheGroupsIsAGap(t *testing.T) {
	w := newWorld(t, 1)
	w.produce(topics.EventsResolved, "a", facts("a", 0, 10)...)
	first := w.start(nil)
	w.want(10, "SELECT count() FROM {dw}.events")
	w.wantCommitted(topics.EventsResolved, 0)
	first.end()
	life := w.doubt(topics.EventsResolved)

	held := w.start(nil)
	w.eventuallyNotReady(held)
	if err := held.Ready(); err == nil || !strings.Contains(err.Error(), "lost its tail") {
		t.Errorf("ready says %v", err)
	}
	held.end()
	w.broker = dial(t, broker.Config{Addresses: []string{w.address}, Partitions: 1, Gaps: broker.GapSkip})
	going := w.start(nil)
	w.produce(topics.EventsResolved, "a", facts("a", 10, 12)...)
	w.want(12, "SELECT count() FROM {dw}.events") // what came once more is one row
	w.wantCommitted(topics.EventsResolved, 0)
	going.end()
	w.broker = dial(t, broker.Config{Addresses: []string{w.address}, Partitions: 1}) // what was decided stays decided
	again := w.start(nil)
	w.produce(topics.EventsResolved, "a", facts("a", 12, 13)...)
	w.want(13, "SELECT count() FROM {dw}.events")
	if err := again.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	again.end()
	if at := w.committedPlace(topics.EventsResolved); at.Life == life {
		t.Error("the log goes on in the life that it had before it was cut")
	}
}

func (w *world) committedPlace(topic topics.Topic) broker.Place {
	w.t.Helper()
	tp := broker.TopicPartition{Topic: topic.Name}
	committed, err := w.broker.Committed(w.t.Context(), w.cfg.Group, tp)
	if err != nil {
		w.t.Fatal(err)
	}
	at, _, err := decodePlan(committed[tp].Offset, committed[tp].Metadata)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// doubt has the group remember another record before its offset than the log has. It returns the life it stood in.
func (w *world) doubt(topic topics.Topic) (life uint32) {
	w.t.Helper()
	at := w.committedPlace(topic)
	other := at
	other.Proof++
	k := &kafka.Client{Addr: kafka.TCP(w.address)}
	res, err := k.OffsetCommit(w.t.Context(), &kafka.OffsetCommitRequest{
		GroupID: w.cfg.Group, GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{topic.Name: {{Offset: at.Offset, Metadata: plan{}.encode(other)}}},
	})
	if err == nil {
		err = res.Topics[topic.Name][0].Error
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return at.Life
}

// anew deletes a topic and makes it again. Its clients start over, too: they remember leaders.
func (w *world) anew(topic topics.Topic) {
	w.t.Helper()
	testkit.DeleteTopic(w.t, w.address, topic.Name)
	testkit.Eventually(w.t, patience, func() error {
		b, err := broker.Dial(w.t.Context(), broker.Config{Addresses: []string{w.address}, Partitions: 1}, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		defer b.Close()
		return b.EnsureTopics(w.t.Context(), topic)
	})
}

// TestRawRowsSayTheirLife: two records at one offset of two lives are two rows, and can be told apart.
func TestRawRowsSayTheirLife(t *testing.T) {
	w := newWorld(t, 1)
	w.broker = dial(t, broker.Config{Addresses: []string{w.address}, Partitions: 1, Gaps: broker.GapSkip})
	w.produce(topics.EventsRaw, "a", rawEvents(0, 3)...)
	first := w.start(nil)
	w.want(3, "SELECT count() FROM {ods}.events")
	w.wantCommitted(topics.EventsRaw, 0)
	first.end()
	w.anew(topics.EventsRaw)
	w.produce(topics.EventsRaw, "a", rawEvents(10, 13)...)
	w.start(nil)
	w.want(6, "SELECT count() FROM {ods}.events")
	w.want(2, "SELECT uniqExact(raw_life) FROM {ods}.events WHERE raw_life != 0")
	w.want(3, "SELECT uniqExact(raw_offset) FROM {ods}.events")
}

func rawEvents(from, to int) (out []proto.Message) {
	for i := from; i < to; i++ {
		out = append(out, fact("a", i).Event)
	}
	return out
}

// planned says that metadata holds a plan.
func planned(metadata string) bool { return strings.Contains(metadata, `"to":`) }
