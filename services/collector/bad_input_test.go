package collector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/store"
)

func many(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}

// badEvents are events that must be refused each for its reason. %s is no verb here: they are items as sent.
var badEvents = map[string]struct{ item, reason, detail string }{
	"NaN price":                {`{"type":"track","event":"Order Completed","userId":"42","properties":{"order_id":"1","total":NaN}}`, decode.ReasonInvalidJSON, "unexpected 'N', wanted a value at byte 93"},
	"Infinity":                 {`{"type":"track","event":"E","userId":"42","properties":{"x":[-Infinity, "],}"]}}`, decode.ReasonInvalidJSON, "wanted a digit"},
	"bare word for an event":   {`undefined`, decode.ReasonInvalidJSON, "wanted a value"},
	"null for an event":        {`null`, decode.ReasonNotAnObject, "not null"},
	"array for an event":       {`[{"type":"track"}]`, decode.ReasonNotAnObject, "not an array"},
	"control character":        {"{\"type\":\"track\",\"event\":\"a\nb\",\"userId\":\"42\"}", decode.ReasonInvalidJSON, "control character"},
	"invalid UTF-8":            {"{\"type\":\"track\",\"event\":\"caf\xe9\",\"userId\":\"42\"}", decode.ReasonInvalidUTF8, "encode it as UTF-8"},
	"1 MB properties":          {`{"type":"track","event":"E","userId":"42","properties":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`, decode.ReasonTooLarge, "the limit is 32768"},
	"10,001 keys":              {`{"type":"track","event":"E","userId":"42","properties":{` + many(10001, `"%d":1`) + `}}`, decode.ReasonTooManyKeys, "more than 10000 keys"},
	"nested 40 deep":           {`{"type":"track","event":"E","userId":"42","properties":` + strings.Repeat(`{"x":`, 40) + `1` + strings.Repeat(`}`, 40) + `}`, decode.ReasonTooDeep, "more than 32"},
	"no type":                  {`{"event":"E","userId":"42"}`, decode.ReasonMissingType, `no "type"`},
	"unknown type":             {`{"type":"purchase","event":"E","userId":"42"}`, decode.ReasonUnknownType, `"purchase"`},
	"type of wrong type":       {`{"type":7,"event":"E","userId":"42"}`, decode.ReasonWrongType, "type must be a string, not a number"},
	"no event name":            {`{"type":"track","userId":"42"}`, decode.ReasonMissingName, "event"},
	"event name a number":      {`{"type":"track","event":1,"userId":"42"}`, decode.ReasonWrongType, "event must be a string"},
	"long event name":          {`{"type":"track","event":"` + strings.Repeat("n", 256) + `","userId":"42"}`, decode.ReasonTooLong, "255"},
	"nobody":                   {`{"type":"track","event":"E"}`, decode.ReasonNoIdentifier, "userId or anonymousId"},
	"only blocked values":      {`{"type":"track","event":"E","userId":"null","anonymousId":"0000-0000","context":{"device":{"id":"anonymous"}}}`, decode.ReasonNoIdentifier, "names nobody"},
	"user id an object":        {`{"type":"track","event":"E","userId":{"id":1}}`, decode.ReasonWrongType, "userId must be a string or an integer"},
	"user id a fraction":       {`{"type":"track","event":"E","userId":1.5}`, decode.ReasonWrongType, "userId"},
	"long anonymous id":        {`{"type":"track","event":"E","anonymousId":"` + strings.Repeat("a", 256) + `"}`, decode.ReasonTooLong, "anonymousId"},
	"message id an object":     {`{"type":"track","event":"E","userId":"42","messageId":{}}`, decode.ReasonWrongType, "messageId"},
	"long message id":          {`{"type":"track","event":"E","userId":"42","messageId":"` + strings.Repeat("m", 256) + `"}`, decode.ReasonTooLong, "messageId"},
	"external ids an object":   {`{"type":"track","event":"E","userId":"42","context":{"externalIds":{}}}`, decode.ReasonWrongType, "externalIds"},
	"external id type":         {`{"type":"track","event":"E","userId":"42","context":{"externalIds":[{"id":"1","type":"Loyalty Card"}]}}`, decode.ReasonBadIdentifier, "Loyalty Card"},
	"group without group":      {`{"type":"group","userId":"42"}`, decode.ReasonMissingGroup, "groupId"},
	"alias without previous":   {`{"type":"alias","userId":"42"}`, decode.ReasonMissingPrevious, "previousId"},
	"time a number, years ago": {`{"type":"track","event":"E","userId":"42","timestamp":1600000000}`, decode.ReasonTooOld, "/v1/import"},
	"far past":                 {`{"type":"track","event":"E","userId":"42","timestamp":"2010-12-01T08:26:00Z"}`, decode.ReasonTooOld, "/v1/import"},
	"far future":               {`{"type":"track","event":"E","userId":"42","timestamp":"2199-01-01T00:00:00Z"}`, decode.ReasonInFuture, "future"},
}

func order(rest string) string {
	return `{"type":"track","event":"Order Completed","userId":"42","properties":{"order_id":"o1",` + rest + `}}`
}

// Every bad event travels between two good ones, in one batch with all others: each
// is refused for its own reason and no neighbour is lost.
func TestBadEventsInABatchLeaveTheirNeighbours(t *testing.T) {
	r := start(t)
	names := make([]string, 0, len(badEvents))
	items := []string{track("first")}
	for name := range badEvents {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		items = append(items, badEvents[name].item, track(fmt.Sprintf("good-%d", i)))
	}
	g := r.post("/v1/batch", `{"batch":[`+strings.Join(items, " ,\n")+`]}`)
	if g.Status != http.StatusOK || !g.Success || g.Accepted != len(names)+1 || len(g.Rejected) != len(names) {
		t.Fatalf("answer %d success %v: %d accepted, %d rejected; want 200, %d, %d", g.Status, g.Success, g.Accepted, len(g.Rejected), len(names)+1, len(names))
	}
	events := r.events()
	if len(events) != len(names)+1 || events["first"] == nil {
		t.Errorf("%d events in Kafka, want %d", len(events), len(names)+1)
	}
	stored := map[string]string{}
	for _, e := range r.rejects() {
		stored[e.EventId] = e.Reason
	}
	for i, name := range names {
		want, rej := badEvents[name], g.Rejected[i]
		if rej.Index != 2*i+1 || rej.Reason != want.reason || !strings.Contains(rej.Detail, want.detail) {
			t.Errorf("%s: answered %+v, want index %d, %s, %q", name, rej, 2*i+1, want.reason, want.detail)
		}
		if stored[rej.MessageID] != want.reason {
			t.Errorf("%s: events.rejected.v1 says %q of %s", name, stored[rej.MessageID], rej.MessageID)
		}
		if events[fmt.Sprintf("good-%d", i)] == nil {
			t.Errorf("%s: the good event behind it is lost", name)
		}
	}
}

// The same events sent alone: a 400 that says why, and the event in quarantine.
func TestBadEventAloneIsAClear400AndQuarantined(t *testing.T) {
	r := start(t)
	before := 0
	for name, c := range badEvents {
		path := "/v1/track"
		switch {
		case strings.Contains(c.item, `"type":"identify"`):
			path = "/v1/identify"
		case strings.Contains(c.item, `"type":"group"`):
			path = "/v1/group"
		case strings.Contains(c.item, `"type":"alias"`):
			path = "/v1/alias"
		case c.reason == decode.ReasonMissingType, c.reason == decode.ReasonUnknownType, name == "type of wrong type", c.reason == decode.ReasonNotAnObject:
			continue // the path says the type, and what is no object is no event
		}
		g := r.post(path, c.item)
		if g.Status != http.StatusBadRequest || g.Success || g.Error != c.reason || !strings.Contains(g.Message, c.detail) {
			t.Errorf("%s: answered %d %s %q, want 400 %s %q", name, g.Status, g.Error, g.Message, c.reason, c.detail)
		}
		before++
	}
	rejects := r.rejects()
	if len(rejects) != before || len(r.records(topicsRaw)) != 0 {
		t.Errorf("%d rejects and %d events in Kafka, want %d and 0", len(rejects), len(r.records(topicsRaw)), before)
	}
	for _, e := range rejects {
		if e.Workspace != "default" || e.Source != "web" || e.RejectedBy != "collector" || len(e.Payload) == 0 || e.ReceivedMs == 0 || e.Detail == "" {
			t.Errorf("%s: incomplete: workspace %q source %q by %q payload %d", e.Reason, e.Workspace, e.Source, e.RejectedBy, len(e.Payload))
		}
		if len(e.Payload) > store.MaxPayload {
			t.Errorf("%s: payload of %d bytes", e.Reason, len(e.Payload))
		}
	}
}

func TestWholeRequestFaults(t *testing.T) {
	r := start(t, func(s *setup) {
		s.cfg.Limits.BodyBytes = 64 << 10
		s.cfg.Limits.BatchEvents = 10
		s.cfg.ReadTimeout = 5 * time.Second
	})
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		code, says string
	}{
		"malformed envelope":          {"/v1/batch", `{"batch":[` + track("1") + `],}`, nil, 400, decode.ReasonInvalidJSON, "at byte 83"},
		"unterminated string":         {"/v1/batch", `{"batch":[{"type":"track","event":"E}]}`, nil, 400, decode.ReasonInvalidJSON, "unexpected end"},
		"trailing comma in the batch": {"/v1/batch", `{"batch":[` + track("1") + `,]}`, nil, 400, decode.ReasonInvalidJSON, "wanted a value"},
		"text after the end":          {"/v1/batch", `{"batch":[` + track("1") + `]} x`, nil, 400, decode.ReasonInvalidJSON, "after the end"},
		"brackets that do not pair":   {"/v1/batch", `{"batch":[{"a":[}]]}`, nil, 400, decode.ReasonInvalidJSON, ""},
		"an array":                    {"/v1/batch", `[` + track("1") + `]`, nil, 400, decode.ReasonInvalidJSON, "wanted an object"},
		"a single that is an array":   {"/v1/track", `[1]`, nil, 400, decode.ReasonNotAnObject, "must be a JSON object"},
		"empty body":                  {"/v1/batch", ``, nil, 400, "empty_body", "empty"},
		"empty single":                {"/v1/track", ` `, nil, 400, "empty_body", "empty"},
		"no batch":                    {"/v1/batch", track("1"), nil, 400, "missing_batch", `{"batch":[...]}`},
		"empty batch":                 {"/v1/batch", `{"batch":[]}`, nil, 400, "empty_batch", "no event"},
		"batch an object":             {"/v1/batch", `{"batch":{}}`, nil, 400, "batch_not_an_array", "array"},
		"11 events of 10":             {"/v1/batch", `{"batch":[` + many(11, `{"messageId":"%d"}`) + `]}`, nil, 400, "too_many_events", "more than 10"},
		"unknown write key":           {"/v1/batch", `{"batch":[` + track("1") + `]}`, []string{"Authorization", "Basic bm9ib2R5Og=="}, 401, "unknown_write_key", "Basic"},
		"a token and no key":          {"/v1/batch", `{"batch":[` + track("1") + `]}`, []string{"Authorization", "Bearer " + testKey}, 401, "unknown_write_key", ""},
		"a token and a wrong key":     {"/v1/batch", `{"writeKey":"x","batch":[` + track("1") + `]}`, []string{"Authorization", "Bearer x"}, 401, "unknown_write_key", ""},
		"a wrong key before a right":  {"/v1/batch", `{"writeKey":"` + testKey + `","batch":[` + track("1") + `]}`, []string{"Authorization", "Basic bm9ib2R5Og=="}, 401, "unknown_write_key", ""},
		"broken Basic":                {"/v1/batch", `{"batch":[` + track("1") + `]}`, []string{"Authorization", "Basic ***"}, 401, "unknown_write_key", ""},
		"endless Basic":               {"/v1/batch", `{}`, []string{"Authorization", "Basic " + strings.Repeat("a", 4000)}, 401, "unknown_write_key", ""},
		"no write key":                {"/v1/track", track("1"), []string{"Authorization", ""}, 401, "unknown_write_key", "writeKey"},
		"unknown write key in body":   {"/v1/track", `{"writeKey":"x","userId":"1","event":"E"}`, []string{"Authorization", ""}, 401, "unknown_write_key", ""},
		"malformed without a key":     {"/v1/track", `{"userId":`, []string{"Authorization", ""}, 400, decode.ReasonInvalidJSON, "byte 10"},
		"body too large":              {"/v1/batch", `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, decode.ReasonTooLarge, "larger than 65536"},
		"zip bomb":                    {"/v1/batch", testkit.Gzip(t, make([]byte, 64<<20)), []string{"Content-Encoding", "gzip"}, 413, decode.ReasonTooLarge, "after decompression"},
		"not gzip":                    {"/v1/batch", `{}`, []string{"Content-Encoding", "gzip"}, 400, "unreadable_body", "to its end"},
		"cut gzip":                    {"/v1/batch", testkit.Gzip(t, []byte(`{"batch":[`+track("1")+`]}`))[:40], []string{"Content-Encoding", "gzip"}, 400, "unreadable_body", "EOF"},
		"brotli":                      {"/v1/batch", `{}`, []string{"Content-Encoding", "br"}, 415, "unsupported_encoding", "gzip"},
		"copies of a huge context":    {"/v1/batch", `{"context":{"x":"` + strings.Repeat("x", 40<<10) + `"},"batch":[` + many(10, `{"n":%d}`) + `]}`, nil, 413, decode.ReasonTooLarge, ""},
		"nobody's path":               {"/v1/purchase", `{}`, nil, 404, "not_found", "/v1/batch"},
		"deep brackets":               {"/v1/batch", strings.Repeat("[", 60000), nil, 400, decode.ReasonInvalidJSON, ""},
		"deep objects":                {"/v1/batch", strings.Repeat(`{"a":`, 10000), nil, 400, decode.ReasonTooDeep, ""},
	} {
		g := r.post(c.path, c.body, c.headers...)
		if g.Status != c.status || g.Error != c.code || g.Success || !strings.Contains(g.Message, c.says) {
			t.Errorf("%s: answered %d %s %q, want %d %s %q", name, g.Status, g.Error, g.Message, c.status, c.code, c.says)
		}
	}
	if n := len(r.records(topicsRaw)); n != 0 {
		t.Errorf("%d events of refused requests are in Kafka", n)
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes of memory are still reserved", used)
	}
}

// Lines cost more in the record than in the JSON: an order below the limit for JSON can be
// more than the broker takes, and must not hold up its neighbours.
func TestRecordTooLargeForTheBrokerIsRefusedAlone(t *testing.T) {
	r := start(t)
	huge := `{"type":"track","event":"Order Completed","userId":"42","properties":{"order_id":"1","products":[` + strings.Repeat(`{"id":"`+strings.Repeat("x", 240)+`"},`, 2000) + `{}]}}`
	g := r.post("/v1/import", `{"batch":[`+track("1")+`,`+huge+`,`+track("2")+`]}`)
	if g.Status != http.StatusOK || g.Accepted != 2 || strings.Join(g.reasons(), " ") != decode.ReasonTooLarge {
		t.Fatalf("%+v", g)
	}
	if n := len(r.events()); n != 2 || len(r.rejects()) != 1 {
		t.Errorf("%d events and %d rejects in Kafka, want 2 and 1", n, len(r.rejects()))
	}
}
