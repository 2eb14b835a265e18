package traffic

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

func show(e Event) string {
	return fmt.Sprintf("%s %q %s|%s|%s", e.Type, e.Name, e.Context, e.Body, e.Source)
}

func TestEveryFormOfALineIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want []string
	}{
		"a track call":           {`{"type":"track","event":"A","properties":{"a":1},"context":{"b":2}}`, []string{`EVENT_TYPE_TRACK "A" {"b":2}|{"a":1}|`}},
		"traits":                 {`{"type":"identify","traits":{"a":1},"properties":{"b":2}}`, []string{`EVENT_TYPE_IDENTIFY "" |{"a":1}|`}},
		"traits in the context":  {`{"type":"identify","context":{"traits":{"a":1}}}`, []string{`EVENT_TYPE_IDENTIFY "" {"traits":{"a":1}}|{"a":1}|`}},
		"a page with a category": {`{"type":"page","name":"A","category":"c","properties":{"a":1}}`, []string{`EVENT_TYPE_PAGE "A" |{"category":"c","a":1}|`}},
		"a category alone":       {`{"type":"screen","category":"c"}`, []string{`EVENT_TYPE_SCREEN "" |{"category":"c"}|`}},
		"a category twice":       {`{"type":"page","category":"c","properties":{"category":"d"}}`, []string{`EVENT_TYPE_PAGE "" |{"category":"d"}|`}},
		"PHP's empty object":     {`{"type":"track","event":"A","properties":[]}`, []string{`EVENT_TYPE_TRACK "A" ||`}},
		"a batch": {`{"batch":[{"type":"track","event":"A"},{"type":"track","event":"B","context":{"c":1}}],"context":{"s":1}}`,
			[]string{`EVENT_TYPE_TRACK "A" {"s":1}||`, `EVENT_TYPE_TRACK "B" {"c":1}||`}},
		"a line of tail": {`{"topic":"events.raw.v1","partition":0,"value":{"type":"EVENT_TYPE_IDENTIFY","source":"web","traits_json":{"a":1},"context_json":{"c":1}}}`,
			[]string{`EVENT_TYPE_IDENTIFY "" {"c":1}|{"a":1}|web`}},
		"a value of tail": {`{"type":"EVENT_TYPE_TRACK","name":"A","source":"web","properties_json":{"a":1}}`, []string{`EVENT_TYPE_TRACK "A" |{"a":1}|web`}},
		"a resolved event": {`{"topic":"events.resolved.v1","value":{"customer_id":"c","event":{"type":"EVENT_TYPE_TRACK","name":"A","properties_json":{"a":1}}}}`,
			[]string{`EVENT_TYPE_TRACK "A" |{"a":1}|`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			size := 0
			rep, err := Read(strings.NewReader("\n"+c.line), func(e Event) error { got = append(got, show(e)); return nil }, func(n int) { size += n })
			if err != nil || !slices.Equal(got, c.want) || rep.Skipped != 0 || rep.Lines != 1 || size != len(c.line)+1 {
				t.Errorf("got %q, %+v, %v, %d bytes", got, rep, err, size)
			}
		})
	}
}

func TestLinesWithoutAnEventAreCountedAndTheFirstIsExplained(t *testing.T) {
	nested := strings.Repeat(`{"batch":[`, 10) + strings.Repeat(`]}`, 10)
	text := "{\n" + nested + "\n" + `{"type":"Track","event":"A"}` + "\n" + `{"type":"track"}` + "\n[1]\n" + `{"type":"track","event":"A"}` + "\n" + strings.Repeat("x", maxLine+1)
	n := 0
	rep, err := Read(strings.NewReader(text), func(Event) error { n++; return nil }, func(int) {})
	if err != nil || n != 1 || rep.Lines != 7 || rep.Skipped != 6 || rep.Fault == nil || !strings.HasPrefix(rep.Fault.Error(), "line 1: no event") {
		t.Errorf("%d events, %+v, %v", n, rep, err)
	}
}

func TestFaultsOfTheReaderAndTheTakerEndIt(t *testing.T) {
	full := errors.New("full")
	line := `{"type":"track","event":"A"}` + "\n"
	if _, err := Read(strings.NewReader(line), func(Event) error { return full }, func(int) {}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if _, err := Read(iotest.ErrReader(full), nil, func(int) {}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

func TestTheTopicIsReadAsItIsNow(t *testing.T) {
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), topics.EventsRaw); err != nil {
		t.Fatal(err)
	}
	p := c.NewProducer(broker.ProducerConfig{})
	now := time.Now()
	for i := range 30 {
		at := now
		if i%3 == 0 {
			at = now.Add(-2 * time.Hour)
		}
		value, err := proto.Marshal(&eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_GROUP, Source: "web", TraitsJson: fmt.Appendf(nil, `{"n":%d}`, i), ReceivedMs: at.UnixMilli()})
		if err != nil {
			t.Fatal(err)
		}
		if i == 29 {
			value = []byte{0xff} // no event
		}
		if err := p.Produce(t.Context(), broker.Message{Topic: topics.EventsRaw.Name, Key: fmt.Append(nil, i), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	total, err := Waiting(t.Context(), c)
	if err != nil || total != 30 {
		t.Errorf("%d records, %v", total, err)
	}
	var got []string
	read := 0
	err = Raw(t.Context(), c, now.Add(-time.Hour), func(e Event) error { got = append(got, show(e)); return nil }, func(n int) { read += n })
	if err != nil || len(got) != 19 || read != 30 || !slices.Contains(got, `EVENT_TYPE_GROUP "" |{"n":1}|web`) {
		t.Errorf("%d events, %d records read, %v: %v", len(got), read, err, got)
	}
}
