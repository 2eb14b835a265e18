package tail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	event := &eventv1.Event{EventId: "e-1", Name: "Product Viewed", ReceivedMs: 5, PropertiesJson: []byte(`{"price":12.50}`)}
	for name, c := range map[string]struct {
		topic string
		value []byte
		want  string
	}{
		"an event shows its properties as JSON": {topics.EventsRaw.Name, marshal(t, event),
			`"value":{"event_id":"e-1","name":"Product Viewed","properties_json":{"price":12.50},"received_ms":"5"}`},
		"an event within a resolved one too": {topics.EventsResolved.Name, marshal(t, &eventv1.ResolvedEvent{Event: event, CustomerId: "c"}),
			`"properties_json":{"price":12.50}`},
		"a rejected payload that is not UTF-8 is text": {topics.EventsRejected.Name,
			marshal(t, &eventv1.RejectedEvent{Reason: "invalid_utf8", Payload: []byte("{\"a\":\"\xff\"}")}), `"payload":"{\"a\":\"` + "\uFFFD"},
		"a dead letter has its source's schema": {topics.DeadLetter(topics.EventsRaw).Name, marshal(t, event), `"event_id":"e-1"`},
		"what is live says which version serves": {topics.Models.Name, marshal(t, &modelv1.Record{Of: &modelv1.Record_State{State: &modelv1.State{Champion: "20261128T181500-3f2a"}}}),
			`"champion":"20261128T181500-3f2a"`},
		"a tombstone is null":                 {topics.SegmentCutPoints.Name, nil, `"value":null`},
		"an internal topic is base64":         {topics.FeatureHandover.Name, []byte{1, 2, 3}, `"value":"AQID","undecoded":"the topic is internal to its service"`},
		"a value of another schema is base64": {topics.EventsRaw.Name, []byte{0xff}, `"value":"/w==","undecoded":`},
	} {
		t.Run(name, func(t *testing.T) {
			line := Decode(broker.Record{Topic: c.topic, Key: []byte("default\x00user_id\x0042"), Value: c.value})
			b, err := json.Marshal(line)
			if err != nil || !strings.Contains(string(b), c.want) || !strings.Contains(string(b), `"key":"default|user_id|42"`) {
				t.Errorf("%s, %v; want %s", b, err, c.want)
			}
		})
	}
}

// TestWhatRecommendationTellsIsReadable: every public topic of it has its schema, and its dead letters too. What is a service's own stays closed.
func TestWhatRecommendationTellsIsReadable(t *testing.T) {
	for topic, c := range map[topics.Topic]struct {
		value proto.Message
		want  string
	}{
		topics.ItemChanges:            {&recommendationv1.ItemChange{ItemId: "P1", Fields: []string{"name"}}, `"fields":["name"]`},
		topics.Items:                  {&recommendationv1.Item{ItemId: "P1", Brand: "Acme"}, `"brand":"Acme"`},
		topics.Touches:                {&recommendationv1.Touch{ItemId: "P1", Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY}, `"kind":"TOUCH_KIND_BUY"`},
		topics.Recommendations:        {&recommendationv1.Answer{Scene: "home", Items: []*recommendationv1.AnswerItem{{ItemId: "P1"}}}, `"scene":"home"`},
		topics.RecommendationFeedback: {&recommendationv1.Feedback{Kind: recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS}, `"kind":"FEEDBACK_KIND_DISMISS"`},
		topics.RecommendationOutcomes: {&recommendationv1.Outcome{Position: 3}, `"position":3`},
	} {
		for _, name := range []string{topic.Name, topics.DeadLetter(topic).Name} {
			line := Decode(broker.Record{Topic: name, Value: marshal(t, c.value)})
			if line.Undecoded != "" || !strings.Contains(string(line.Value), c.want) {
				t.Errorf("%s: %s, undecoded %q; want %s", name, line.Value, line.Undecoded, c.want)
			}
		}
	}
	for _, topic := range []topics.Topic{topics.VisitorHandover, topics.LoopHandover, topics.VisitorsChangelog, topics.LoopChangelog, topics.ItemsChangelog} {
		if line := Decode(broker.Record{Topic: topic.Name, Value: []byte{1}}); line.Undecoded == "" {
			t.Errorf("%s is shown as %s", topic.Name, line.Value)
		}
	}
}

func dial(t *testing.T) *broker.Client {
	t.Helper()
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), topics.EventsRaw); err != nil {
		t.Fatal(err)
	}
	return c
}

func produce(t *testing.T, c *broker.Client, n int) {
	t.Helper()
	p := c.NewProducer(broker.ProducerConfig{})
	for i := range n {
		if err := p.Produce(t.Context(), broker.Message{Topic: topics.EventsRaw.Name, Key: fmt.Append(nil, i), Value: []byte{}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFromBeginningReadsWhatIsThereAndMaxEndsIt(t *testing.T) {
	c := dial(t)
	produce(t, c, 20)
	keys := map[string]bool{}
	err := Read(t.Context(), c, Options{Topic: topics.EventsRaw.Name, FromBeginning: true, Max: 20}, func(rec broker.Record) error {
		keys[string(rec.Key)] = true
		return nil
	})
	if err != nil || len(keys) != 20 {
		t.Errorf("%d different records, %v", len(keys), err)
	}
}

func TestByDefaultOnlyNewRecordsAreShownUntilTheContextEnds(t *testing.T) {
	c := dial(t)
	produce(t, c, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := Read(ctx, c, Options{Topic: topics.EventsRaw.Name}, func(rec broker.Record) error {
		return fmt.Errorf("an old record was shown: %s", rec.Key)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAFaultOfTheReaderAndAMissingTopicEndIt(t *testing.T) {
	c := dial(t)
	produce(t, c, 1)
	full := errors.New("disk full")
	err := Read(t.Context(), c, Options{Topic: topics.EventsRaw.Name, FromBeginning: true}, func(broker.Record) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := Read(ctx, c, Options{Topic: "no.such.topic"}, nil); err == nil || !strings.Contains(err.Error(), "no.such.topic") {
		t.Errorf("got %v", err)
	}
}
