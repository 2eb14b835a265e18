package collector

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
)

// noted are the notes of an event as "kind path".
func noted(e *eventv1.Event) string {
	var out []string
	for _, n := range e.GetNotes() {
		out = append(out, n.Kind+" "+n.Path)
	}
	return strings.Join(out, ", ")
}

// Whatever a batch says beside its events: they are stored, and each has a note of what was left out.
func TestABadMemberOfTheEnvelopeNeverCostsTheEvents(t *testing.T) {
	r := start(t, atNoon)
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	i := 0
	for envelope, want := range map[string]string{
		`"sentAt":1772366400000`: "", `"sentAt":"1772366400"`: "", `"sentAt":"2026-03-01 12:00:00 UTC"`: "", `"sentAt":"Sun, 01 Mar 2026 12:00:00 GMT"`: "", `"sentAt":null`: "", `"sentAt":""`: "", `"sentAt":{"$date":"2026-03-01T12:00:00Z"}`: "",
		`"sentAt":"garbage"`: "bad_envelope sentAt", `"sentAt":true`: "bad_envelope sentAt", `"sentAt":{}`: "bad_envelope sentAt", `"sentAt":[]`: "bad_envelope sentAt", `"sentAt":12`: "bad_envelope sentAt", `"sentAt":"0001-01-01T00:00:00Z"`: "bad_envelope sentAt",
		`"sentAt":"0000-00-00 00:00:00"`: "bad_envelope sentAt", `"sentAt":2026-03-01T12:00:00Z`: "bad_envelope sentAt", `"sentAt":NaN`: "bad_envelope sentAt", `"sentAt":undefined`: "bad_envelope sentAt", `"sentAt":new Date()`: "bad_envelope sentAt",
		`"context":[]`: "", `"context":{}`: "", `"context":null`: "", `"context":"web"`: "bad_envelope context", `"context":7`: "bad_envelope context", `"context":true`: "bad_envelope context", `"context":[1]`: "bad_envelope context", `"context":""`: "bad_envelope context",
		`"context":` + deep: "bad_envelope context", "\"context\":{\"a\":\"caf\xe9\"}": "bad_envelope context", `"context":{"a":NaN}`: "bad_envelope context", `"context":{a:1}`: "bad_envelope context", `"context":{"a":1,}`: "bad_envelope context", "\"context\":{\"a\":\"x\ny\"}": "bad_envelope context",
		`"context":{` + many(10001, `"k%d":1`) + `}`: "bad_envelope context",
		`"integrations":true`:                        "bad_envelope integrations", `"integrations":false`: "bad_envelope integrations", `"integrations":[]`: "", `"integrations":["All"]`: "bad_envelope integrations", `"integrations":"All"`: "bad_envelope integrations", `"integrations":1e999`: "bad_envelope integrations",
		`"integrations":true,"context":"web","sentAt":"soon"`: "bad_envelope context, bad_envelope integrations, bad_envelope sentAt",
		`"whatever":{"x":[1,2]}`:                              "", `"whatever":NaN`: "", `"whatever":` + deep: "", `"batchId":"1","api_key":7,"historical_migration":true`: "",
	} {
		for _, order := range []string{`{%[1]s,"batch":[%[2]s]}`, `{"batch":[%[2]s],%[1]s}`, `{ "x" : 1 , %[1]s , "batch" : [ %[2]s ] }`} {
			i++
			a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
			g := r.post("/v1/batch", fmt.Sprintf(order, envelope, track(a)+","+track(b)))
			if g.Status != http.StatusOK || g.Accepted != 2 || len(g.Rejected) != 0 {
				t.Errorf("%.60s: %+v", envelope, g)
				continue
			}
			check(t, r, envelope, want, a, b)
		}
	}
}

func check(t *testing.T, r *rig, envelope, want string, ids ...string) {
	t.Helper()
	events := r.events()
	for _, id := range ids {
		e := events[id]
		if got := noted(e); got != want {
			t.Errorf("%.60s: noted %q, want %q", envelope, got, want)
		}
		for _, n := range e.GetNotes() {
			if n.Detail == "" || len(n.Detail) > 300 {
				t.Errorf("%.60s: the note says %q", envelope, n.Detail)
			}
		}
	}
}

// Where the events cannot be found nothing can be taken.
func TestABodyWithoutEventsIsRefused(t *testing.T) {
	r := start(t, atNoon)
	for body, code := range map[string]string{
		`{"context":"web}`: decode.ReasonInvalidJSON, `{"context":{"a":[},"batch":[` + track("1") + `]}`: decode.ReasonInvalidJSON, `{"sentAt":,"batch":[` + track("1") + `]}`: decode.ReasonInvalidJSON, `{"sentAt":NaN}`: "missing_batch",
		`{"sentAt":"garbage","batch":[]}`: "empty_batch", `{"sentAt":1 "batch":[` + track("1") + `]`: decode.ReasonInvalidJSON, `{"context":NaN],"batch":[` + track("1") + `]}`: decode.ReasonInvalidJSON, `{"batch":[` + track("1") + `],"context":NaN`: decode.ReasonInvalidJSON,
	} {
		if g := r.post("/v1/batch", body); g.Status != http.StatusBadRequest || g.Error != code {
			t.Errorf("%s: %d %s %s, want 400 %s", body, g.Status, g.Error, g.Message, code)
		}
	}
	if n := len(r.events()); n != 0 {
		t.Errorf("%d events are stored", n)
	}
}

// The same rule within an event: the call was well formed, and is kept.
func TestABadMemberOfAnEventNeverCostsIt(t *testing.T) {
	r := start(t, atNoon)
	i := 0
	for member, want := range map[string]string{
		`"context":"web"`: "wrong_type context", `"context":[1]`: "wrong_type context", `"context":7`: "wrong_type context", `"context":[]`: "", `"context":null`: "",
		`"integrations":true`: "wrong_type integrations", `"integrations":["All"]`: "wrong_type integrations", `"integrations":[]`: "",
		`"properties":"none"`: "wrong_type properties", `"properties":[1]`: "wrong_type properties", `"properties":[]`: "", `"properties":false`: "wrong_type properties", `"properties":""`: "wrong_type properties",
		`"traits":5`: "wrong_type traits", `"traits":"x"`: "wrong_type traits", `"traits":[[]]`: "wrong_type traits", `"traits":null`: "",
		`"timestamp":"yesterday"`: "bad_timestamp timestamp", `"timestamp":"Invalid date"`: "bad_timestamp timestamp", `"timestamp":true`: "bad_timestamp timestamp", `"timestamp":{}`: "bad_timestamp timestamp", `"timestamp":[2026,3,1]`: "bad_timestamp timestamp",
		`"timestamp":"0000-00-00 00:00:00"`: "bad_timestamp timestamp", `"timestamp":"0001-01-01T00:00:00Z"`: "bad_timestamp timestamp", `"timestamp":"9999-12-31T23:59:59Z"`: "bad_timestamp timestamp", `"timestamp":"1969-12-31T23:59:59Z"`: "bad_timestamp timestamp", `"timestamp":0`: "bad_timestamp timestamp",
		`"timestamp":"03/01/2026"`: "bad_timestamp timestamp", `"timestamp":""`: "", `"timestamp":null`: "", `"sentAt":"now"`: "bad_timestamp sentAt", `"sentAt":"0001-01-01T00:00:00Z"`: "bad_timestamp sentAt", `"originalTimestamp":"x"`: "bad_timestamp originalTimestamp",
		`"context":"web","properties":1,"timestamp":"x","sentAt":"y"`: "wrong_type properties, wrong_type context, bad_timestamp timestamp, bad_timestamp sentAt",
	} {
		i++
		id := fmt.Sprintf("e%d", i)
		event := fmt.Sprintf(`{"type":"track","event":"E","userId":"42","messageId":%q,%s}`, id, member)
		if g := r.post("/v1/track", event); g.Status != http.StatusOK {
			t.Errorf("%s: %+v", member, g)
			continue
		}
		check(t, r, member, want, id)
		if e := r.events()[id]; e.OccurredMs != noon.UnixMilli() || strings.Contains(want, "properties") && len(e.PropertiesJson) != 0 || strings.Contains(want, "context") && len(e.ContextJson) != 0 {
			t.Errorf("%s: %v", member, e)
		}
	}
}

// A CloudEvent's time is read as any, and does not cost the event either.
func TestTimesOfCloudEvents(t *testing.T) {
	r := start(t, atNoon)
	for i, c := range []struct {
		time, note string
		want       string
	}{{"2026-03-01T11:50:00Z", "", "2026-03-01T11:50:00Z"}, {"Sun, 01 Mar 2026 11:50:00 GMT", "", "2026-03-01T11:50:00Z"}, {"yesterday", "bad_timestamp timestamp", "2026-03-01T12:00:00Z"}} {
		before := r.events()
		body := fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"/s","type":"E","userid":"42","time":%q,"data":{}}`, i, c.time)
		if g := r.post("/v1/cloudevents", body, "Content-Type", "application/cloudevents+json"); g.Status != http.StatusOK {
			t.Errorf("%s: %+v", c.time, g)
		}
		for id, e := range r.events() {
			if before[id] == nil && (e.OccurredMs != ms(t, c.want) || noted(e) != c.note) {
				t.Errorf("%s: occurred %d, notes %q", c.time, e.OccurredMs, noted(e))
			}
		}
	}
}

// Case 06 through the door, with what the other of the two times says.
func TestWritingsOfTimesThroughTheDoor(t *testing.T) {
	r := start(t, atNoon)
	const want = "2026-03-01T11:50:00Z"
	for i, member := range []string{
		`"timestamp":1772365800`, `"timestamp":1772365800000`, `"timestamp":"1772365800000"`, `"timestamp":"2026-03-01 11:50:00 UTC"`, `"timestamp":"2026-03-01 11:50:00 +0000"`, `"timestamp":"20260301T115000Z"`,
		`"timestamp":"Sun, 01 Mar 2026 11:50:00 GMT"`, `"timestamp":"Sun Mar 01 2026 12:50:00 GMT+0100 (Mitteleuropäische Normalzeit)"`, `"timestamp":"2026-03-01T11:50"`, `"timestamp":"2026-03-01T11:49:60Z"`, `"timestamp":"2026-03-01t11:50:00z"`,
		`"timestamp":1772365800.000,"sentAt":1772366400`, `"originalTimestamp":"Sun Mar  1 11:50:00 2026"`, `"timestamp":"Invalid date","originalTimestamp":"2026-03-01T11:50:00Z"`, `"timestamp":"2026-03-01T11:50:00Z","originalTimestamp":"Invalid date"`,
	} {
		id := fmt.Sprint("w", i)
		if g := r.post("/v1/track", fmt.Sprintf(`{"event":"E","userId":"42","messageId":%q,%s}`, id, member)); g.Status != http.StatusOK {
			t.Errorf("%s: %+v", member, g)
			continue
		}
		e := r.events()[id]
		if e.OccurredMs != ms(t, want) || strings.Contains(member, "Invalid") != (noted(e) != "") {
			t.Errorf("%s: occurred %d, notes %q", member, e.OccurredMs, noted(e))
		}
	}
}

// History must not become today: there an unreadable time still refuses its event, and the answer and the dead letters say so.
func TestHistoryWithoutAReadableTimeIsRefused(t *testing.T) {
	for _, path := range []string{"/v1/import", "/v1/import?history=true"} {
		r := start(t, atNoon)
		item := func(id, rest string) string {
			return fmt.Sprintf(`{"type":"track","event":"E","userId":"42","messageId":%q,%s}`, id, rest)
		}
		g := r.post(path, `{"sentAt":"garbage","batch":[`+strings.Join([]string{
			item("words", `"timestamp":"long ago"`), item("zero", `"timestamp":"0000-00-00 00:00:00"`), item("two readings", `"timestamp":"03/04/2010"`), item("stone age", `"timestamp":"1969-12-31"`), item("original", `"originalTimestamp":"x"`),
			item("seconds", `"timestamp":"1291192000"`), item("beside", `"timestamp":"x","originalTimestamp":"2010-12-01"`), item("a sentAt", `"timestamp":"2010-12-01","sentAt":"x"`),
		}, ",")+`]}`)
		if want := "bad_timestamp bad_timestamp bad_timestamp bad_timestamp bad_timestamp"; g.Accepted != 3 || strings.Join(g.reasons(), " ") != want || len(r.rejects()) != 5 {
			t.Errorf("%s: %+v", path, g)
		}
		events := r.events()
		if e := events["seconds"]; e.GetOccurredMs() != 1291192000000 || !e.GetHistory() {
			t.Errorf("%s: %v", path, e)
		}
		if e := events["beside"]; e.GetOccurredMs() != ms(t, "2010-12-01T00:00:00Z") || noted(e) != "bad_envelope sentAt, bad_timestamp timestamp" {
			t.Errorf("%s: %v", path, e)
		}
	}
}
