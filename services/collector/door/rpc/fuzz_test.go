package rpc

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/collector/intake/intaketest"
)

// noon is when everything is received, as Unix milliseconds.
const noon = 1_772_366_400_000

// track is a good event with an id.
func track(id string) string {
	return fmt.Sprintf(`{"type":"track","event":"Product Viewed","userId":"42","messageId":%q}`, id)
}

// FuzzStreamGroup: events that come alone, as over gRPC: one record each, whatever the neighbours are.
func FuzzStreamGroup(f *testing.F) {
	for _, body := range []string{track("m"), ``, `7`, `{"event":NaN}`, `{"event":"A","event":"B","userId":"\ud83d"}`, `{"batch":[{}]}`} {
		f.Add([]byte(body), []byte(track("neighbour")), int64(0))
	}
	i, src := intaketest.New(f)
	f.Fuzz(func(t *testing.T, first, second []byte, sent int64) {
		w := i.Begin()
		defer i.End(w)
		group := []arrival{{event: first, sentMS: sent, receivedMS: noon}, {event: second, receivedMS: noon}, {event: []byte(track("good")), receivedMS: noon}}
		for _, a := range group {
			readArrival(w, a, src.Limits.Form())
		}
		if err := i.Judge(w, &intake.Delivery{Source: src, Origin: decode.Origin{Rules: &src.Rules, Received: noon}}, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.Records()) != len(group) || len(w.Items) != len(group) {
			t.Fatalf("%d records of %d events", len(w.Records()), len(group))
		}
		answers := decided(group, w, intake.Result{Accepted: len(group) - len(w.Rejections()), Rejected: w.Rejections()}, 0)
		for n, m := range w.Records() {
			var id string
			accepted := m.Topic == topics.EventsRaw.Name
			if accepted {
				e := &eventv1.Event{}
				if err := proto.Unmarshal(m.Value, e); err != nil {
					t.Fatal(err)
				}
				if err := intaketest.Contract(e); err != nil {
					t.Fatalf("%q: %v", group[n].event, err)
				}
				id = e.GetEventId()
			} else {
				e := &eventv1.RejectedEvent{}
				if err := proto.Unmarshal(m.Value, e); err != nil {
					t.Fatal(err)
				}
				id = e.GetEventId()
			}
			a := &answers[n]
			if a.GetEventId() != id || (a.GetStatus().String() == "INGEST_STATUS_ACCEPTED") != accepted || !utf8.ValidString(a.GetDetail()) {
				t.Fatalf("%q: answered %v, stored under %q (accepted %v)", group[n].event, a, id, accepted)
			}
		}
		if answers[2].GetEventId() != "good" || answers[2].GetReason() != "" {
			t.Fatalf("the good neighbour was answered %v", &answers[2])
		}
	})
}
