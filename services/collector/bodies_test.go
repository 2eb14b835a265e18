package collector

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/freshet/freshet/pkg/testkit"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/store"
)

// Promise 3: what is refused is in a dead-letter topic with its reason. A client that is answered 400 drops the body, all events in it.
func TestARefusedBodyIsInTheDeadLetters(t *testing.T) {
	r := start(t, atNoon, func(s *setup) { s.cfg.Limits.BodyBytes, s.cfg.Limits.BatchEvents = 128<<10, 10 })
	inBody := func(body string) string { return strings.Replace(body, "{", `{"writeKey":"`+testKey+`",`, 1) }
	late := func(body string) string { return body + `,"writeKey":"` + testKey + `"}` }
	seen := map[string]bool{}
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		code       string
		payload    string // of the record; "" means the body
		none       bool   // no record
		unread     bool   // a record without payload
	}{
		"not JSON at all":               {path: "/v1/batch", body: `hello`, code: decode.ReasonInvalidJSON},
		"a form":                        {path: "/v1/batch", body: `data=eyJ9&verbose=1`, code: decode.ReasonInvalidJSON},
		"a string that never ends":      {path: "/v1/batch", body: `{"batch":[{"type":"track","event":"E}]}`, code: decode.ReasonInvalidJSON},
		"cut off":                       {path: "/v1/batch", body: `{"batch":[` + track("1") + `,{"type"`, code: decode.ReasonInvalidJSON},
		"an array for an envelope":      {path: "/v1/batch", body: `[` + track("1") + `]`, code: decode.ReasonInvalidJSON},
		"no batch":                      {path: "/v1/batch", body: track("1"), code: "missing_batch"},
		"batch an object":               {path: "/v1/batch", body: `{"batch":{"0":` + track("1") + `}}`, code: "batch_not_an_array"},
		"an empty batch":                {path: "/v1/batch", body: `{"batch":[]}`, code: "empty_batch"},
		"too many events":               {path: "/v1/batch", body: `{"batch":[` + many(11, `{"messageId":"%d"}`) + `]}`, code: "too_many_events"},
		"an import":                     {path: "/v1/import", body: `{"batch":[`, code: decode.ReasonInvalidJSON},
		"a single that is a list":       {path: "/v1/track", body: `[` + track("1") + `]`, code: decode.ReasonNotAnObject},
		"deep objects":                  {path: "/v1/batch", body: strings.Repeat(`{"a":`, 100), code: decode.ReasonTooDeep},
		"bytes that are no text":        {path: "/v1/batch", body: "\xff\xfe{\x00}", code: decode.ReasonInvalidJSON},
		"cloud events that are none":    {path: "/v1/cloudevents", body: `{}`, headers: []string{"Content-Type", "application/cloudevents-batch+json"}, code: "batch_not_an_array"},
		"cloud events in another form":  {path: "/v1/cloudevents", body: `<e/>`, headers: []string{"Content-Type", "application/cloudevents+xml"}, code: "unsupported_format", unread: true},
		"packed in another way":         {path: "/v1/batch", body: `{}`, headers: []string{"Content-Encoding", "br"}, code: "unsupported_encoding", unread: true},
		"larger than a body may be":     {path: "/v1/batch", body: `{"x":"` + strings.Repeat("x", 128<<10) + `"}`, code: decode.ReasonTooLarge, unread: true},
		"too large when unpacked":       {path: "/v1/batch", body: testkit.Gzip(t, bytes.Repeat([]byte("y"), 1<<20)), headers: []string{"Content-Encoding", "gzip"}, code: decode.ReasonTooLarge, payload: strings.Repeat("y", store.MaxPayload)},
		"gzip that is none":             {path: "/v1/batch", body: `{"batch":[]}`, headers: []string{"Content-Encoding", "gzip"}, code: "unreadable_body", unread: true},
		"the key in the body":           {path: "/v1/batch", body: inBody(`{"batch":7}`), headers: []string{"Authorization", ""}, code: "batch_not_an_array"},
		"the key behind the fault":      {path: "/v1/batch", body: late(`{"batch":[{"a":[}]`), headers: []string{"Authorization", ""}, code: decode.ReasonInvalidJSON},
		"the key behind another's":      {path: "/v1/batch", body: late(`{"batch":[{"properties":{"writeKey":"mine", "writeKey":7, "writeKey"}]`), headers: []string{"Authorization", ""}, code: decode.ReasonInvalidJSON},
		"an empty body says nothing":    {path: "/v1/batch", body: ` `, code: "empty_body", none: true},
		"nobody's":                      {path: "/v1/batch", body: `{"batch":7}`, headers: []string{"Authorization", ""}, code: "batch_not_an_array", none: true},
		"nobody's, with a key of none":  {path: "/v1/batch", body: `{"writeKey":"somebody","batch":7}`, headers: []string{"Authorization", ""}, code: "batch_not_an_array", none: true},
		"a wrong key":                   {path: "/v1/batch", body: `{"batch":7}`, headers: []string{"Authorization", "Basic bm9ib2R5Og=="}, code: "unknown_write_key", none: true},
		"stored whole: no record of it": {path: "/v1/batch", body: `{"batch":[` + track("fine") + `]}`, none: true},
	} {
		g := r.post(c.path, c.body, c.headers...)
		if g.Error != c.code {
			t.Errorf("%s: answered %d %s %q, want %s", name, g.Status, g.Error, g.Message, c.code)
		}
		fresh := newRejects(r, seen)
		if c.none || len(fresh) != 1 {
			if !c.none || len(fresh) != 0 {
				t.Errorf("%s: %d records in the dead letters", name, len(fresh))
			}
			continue
		}
		e, want := fresh[0], c.payload
		if want == "" && !c.unread {
			want = c.body
		}
		if e.Reason != c.code || string(e.Payload) != want || e.Workspace != "default" || e.Source != "web" || e.RejectedBy != "collector" || e.ReceivedMs != noon.UnixMilli() ||
			!strings.HasPrefix(e.EventId, "body-") || !strings.Contains(e.Detail, "whole request") || !strings.Contains(e.Detail, g.Message) || strings.Contains(e.Detail, "not read") != c.unread {
			t.Errorf("%s: %s %q by %q of %q at %d, %d bytes, want %d", name, e.Reason, e.Detail, e.RejectedBy, e.Source, e.ReceivedMs, len(e.Payload), len(want))
		}
	}
	if n := r.count("bodies_refused_total", "source", "web", "code", "too_many_events", "kept", "true"); n != 1 {
		t.Errorf("%v bodies of too many events counted", n)
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes of memory are still reserved", used)
	}
}

// newRejects are the rejects not seen before.
func newRejects(r *rig, seen map[string]bool) (out []*eventv1.RejectedEvent) {
	for _, e := range r.rejects() {
		if !seen[e.EventId] {
			seen[e.EventId] = true
			out = append(out, e)
		}
	}
	return out
}

// A client gone mad fills no topic: the rest is counted.
func TestRefusedBodiesAreBounded(t *testing.T) {
	now := noon
	r := start(t, func(s *setup) { s.now = func() time.Time { return now } })
	for range directory.BodiesAtOnce + 30 {
		if g := r.post("/v1/batch", `{"batch":7}`); g.Status != http.StatusBadRequest {
			t.Fatalf("%+v", g)
		}
	}
	kept := len(r.rejects())
	if kept < directory.BodiesAtOnce || kept > directory.BodiesAtOnce+1 { // one more is let in while the balance is above zero
		t.Errorf("%d of %d bodies are kept at once, want %d", kept, directory.BodiesAtOnce+30, directory.BodiesAtOnce)
	}
	counted := func(kept string) float64 {
		return r.count("bodies_refused_total", "source", "web", "code", "batch_not_an_array", "kept", kept)
	}
	if in, out := counted("true"), counted("false"); int(in) != kept || in+out != directory.BodiesAtOnce+30 {
		t.Errorf("counted %v kept and %v not", in, out)
	}
	if g := r.post("/v1/batch", `{"batch":7}`, "Authorization", "Basic cG9zLXdyaXRlLWtleTo="); g.Status != 400 || len(r.rejects()) != kept+1 {
		t.Errorf("another source's body is not kept: %+v", g)
	}
	now = now.Add(time.Second)
	for range 30 {
		r.post("/v1/batch", `{"batch":7}`)
	}
	if more := len(r.rejects()) - kept - 1; more < directory.BodiesPerSecond || more > directory.BodiesPerSecond+1 {
		t.Errorf("%d more a second later, want %d", more, directory.BodiesPerSecond)
	}
}

// When neither Kafka nor the disk takes the record, the client must send the body again, or it would be gone without a trace.
func TestABodyThatCannotBeKeptIsNotRefused(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, spoolAfter(50*time.Millisecond), ackWithin(500*time.Millisecond))
	willing := refuseUntil(control, kerr.NotEnoughReplicas)
	if g := r.post("/v1/batch", `{"batch":7}`); g.Status != http.StatusBadRequest || r.spooled() != 1 {
		t.Errorf("with a spool: %+v, %d in the spool", g, r.spooled())
	}
	if err := os.RemoveAll(r.svc.cfg.Spool.Dir); err != nil {
		t.Fatal(err)
	}
	if g := r.post("/v1/batch", `{"batch":7}`); g.Status != http.StatusServiceUnavailable || g.Header.Get("Retry-After") == "" {
		t.Errorf("with nowhere to keep it: %+v, want 503", g)
	}
	willing.Store(true)
}

func TestARefusedMessageOfGRPCIsInTheDeadLetters(t *testing.T) {
	r := start(t, atNoon, func(s *setup) { s.cfg.Limits.BatchEvents = 3 })
	client := dial(t, r)
	events := make([][]byte, 4)
	for i := range events {
		events[i] = []byte(track(fmt.Sprint("e", i)))
	}
	if _, err := client.Ingest(withKey(t.Context(), testKey), &collectorv1.IngestRequest{Events: events}); err == nil {
		t.Fatal("four events of three were taken")
	}
	if _, err := client.Ingest(withKey(t.Context(), testKey), &collectorv1.IngestRequest{}); err == nil {
		t.Fatal("no event was taken")
	}
	got := r.rejects()
	if len(got) != 1 || got[0].Reason != "too_many_events" || string(got[0].Payload) != string(bytes.Join(events, []byte("\n")))+"\n" || got[0].Source != "web" {
		t.Errorf("%v", got)
	}
	if n := r.count("bodies_refused_total", "source", "web", "code", "empty_batch", "kept", "false"); n != 1 {
		t.Errorf("%v empty messages counted", n)
	}
}
