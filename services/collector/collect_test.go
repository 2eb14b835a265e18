package collector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
)

// noon is the fixed clock of tests about time.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func atNoon(s *setup) { s.now = func() time.Time { return noon } }

func ms(t *testing.T, iso string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, iso)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestTrackArrivesWhole(t *testing.T) {
	r := start(t, atNoon)
	g := r.post("/v1/track", `{"event":"Product Viewed","userId":42,"anonymousId":"a-1","messageId":"m1",
		"timestamp":"2026-03-01T11:59:59.500Z","sentAt":"2026-03-01T11:59:59.900Z",
		"context":{"ip":"8.8.8.8","traits":{"email":" Ann@Example.com ","phone":"+44 20 7946 0018"},"device":{"id":"d-1"},
			"externalIds":[{"id":"card-9","type":"loyalty_card","collection":"users","encoding":"none"},{"id":"x","type":"acme","collection":"accounts"}]},
		"properties":{"price":1.10,"name":"caf\u00e9"},"integrations":{"All":true}}`)
	if g.Status != http.StatusOK || !g.Success || g.Accepted != 1 {
		t.Fatalf("answer %+v", g)
	}
	want := &eventv1.Event{
		EventId: "m1", Workspace: "default", Source: "web", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed",
		Identifiers: []*eventv1.Identifier{
			{Type: "user_id", Value: "42"}, {Type: "email", Value: "ann@example.com"}, {Type: "phone", Value: "+442079460018"},
			{Type: "device_id", Value: "d-1"}, {Type: "loyalty_card", Value: "card-9"}, {Type: "anonymous_id", Value: "a-1"},
		},
		OriginalMs: noon.UnixMilli() - 500, SentMs: noon.UnixMilli() - 100, ReceivedMs: noon.UnixMilli(), OccurredMs: noon.UnixMilli() - 500,
		ContextJson: []byte(`{"ip":"8.8.8.0","traits":{"email":" Ann@Example.com ","phone":"+44 20 7946 0018"},"device":{"id":"d-1"},
			"externalIds":[{"id":"card-9","type":"loyalty_card","collection":"users","encoding":"none"},{"id":"x","type":"acme","collection":"accounts"}],"integrations":{"All":true}}`),
		PropertiesJson: []byte(`{"price":1.10,"name":"caf\u00e9"}`),
	}
	if diff := cmp.Diff(want, r.only(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	rec := r.records(topics.EventsRaw)[0]
	if want := customer.EventKey("default", "m1"); string(rec.Key) != string(want) {
		t.Errorf("key %q, want %q", rec.Key, want)
	}
	if rec.Header(intake.TraceParent) != nil {
		t.Error("a trace that nobody samples is in the headers")
	}
}

// Every path of Segment's API, in every form of its name.
func TestEveryPath(t *testing.T) {
	r := start(t)
	var paths []string // those of pixels, beacons and CloudEvents are tested beside their readers
	for _, name := range []string{"track", "t", "identify", "i", "page", "p", "screen", "s", "group", "g", "alias", "a", "batch", "b", "import"} {
		paths = append(paths, "/v1/"+name, "/"+name)
	}
	for _, path := range paths {
		body := `{"userId":"u","event":"E","groupId":"g","previousId":"p","messageId":"` + path + `"}`
		if name := path[strings.LastIndexByte(path, '/')+1:]; name == "batch" || name == "b" || name == "import" {
			body = `{"batch":[{"type":"screen","name":"Home","userId":"u","messageId":"` + path + `"}]}`
		}
		if g := r.post(path, body); g.Status != http.StatusOK || g.Accepted != 1 {
			t.Errorf("%s: %+v", path, g)
		}
	}
	events := r.events()
	if len(events) != len(paths) {
		t.Errorf("%d paths, %d events", len(paths), len(events))
	}
	for path, typ := range map[string]eventv1.EventType{
		"/v1/t": eventv1.EventType_EVENT_TYPE_TRACK, "/i": eventv1.EventType_EVENT_TYPE_IDENTIFY, "/v1/page": eventv1.EventType_EVENT_TYPE_PAGE,
		"/s": eventv1.EventType_EVENT_TYPE_SCREEN, "/group": eventv1.EventType_EVENT_TYPE_GROUP, "/v1/a": eventv1.EventType_EVENT_TYPE_ALIAS, "/b": eventv1.EventType_EVENT_TYPE_SCREEN,
	} {
		if got := events[path].GetType(); got != typ {
			t.Errorf("%s: type %s, want %s", path, got, typ)
		}
	}
	for path, e := range events {
		if e.History {
			t.Errorf("%s: what happens now is no history", path)
		}
	}
	if got := string(events["/v1/group"].GetContextJson()); got != `{"groupId":"g"}` {
		t.Errorf("context of a group call %s", got)
	}
}

// Segment's clients for Node and Ruby take any 3xx for "stored", and Ruby's does not follow it: an address with a slash too many is not
// redirected, it is answered.
func TestNothingIsRedirected(t *testing.T) {
	r := start(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]int{
		"//v1/batch": 200, "/v1//batch": 200, "/v1/batch/": 200, "/v1/./batch": 200, "/x/../v1/batch": 200, "//b": 200,
		"//v1/purchase": 404, "/v1/batch/x": 404, "//": 404, "/v1/pixel//track": 405, "//healthz": 404, "/healthz/": 404,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, strings.NewReader(`{"batch":[`+track(path)+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path = path
		req.SetBasicAuth(testKey, "")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want || (r.events()[path] != nil) != (want == 200) {
			t.Errorf("%s: answered %d, want %d; in Kafka: %v", path, resp.StatusCode, want, r.events()[path] != nil)
		}
	}
}

// What clients do to headers and bodies, and what must make no difference.
func TestLabelsAndPacking(t *testing.T) {
	r := start(t)
	body := func(id string) string { return `{"batch":[` + track(id) + `]}` }
	for id, c := range map[string]struct {
		body    string
		headers []string
	}{
		"text-plain": {body("text-plain"), []string{"Content-Type", "text/plain"}},
		"form":       {body("form"), []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"no-label":   {body("no-label"), []string{"Content-Type", ""}},
		"gzip":       {testkit.Gzip(t, []byte(body("gzip"))), []string{"Content-Encoding", "gzip", "Content-Type", "application/x-www-form-urlencoded"}},
		"large-gzip": {testkit.Gzip(t, []byte(`{"x":"`+strings.Repeat("x", 1<<20)+`",`+body("large-gzip")[1:])), []string{"Content-Encoding", "gzip"}},
		"bom":        {"\xef\xbb\xbf" + body("bom"), nil},
		"body-key":   {`{"writeKey":"` + testKey + `",` + body("body-key")[1:], []string{"Authorization", ""}},
		"late-key":   {body("late-key")[:len(body("late-key"))-1] + `,"writeKey":"` + testKey + `"}`, []string{"Authorization", ""}},
		"oauth":      {`{"writeKey":"` + testKey + `",` + body("oauth")[1:], []string{"Authorization", "Bearer a-token-of-another-server"}},
		"lower-case": {body("lower-case"), []string{"Authorization", "basic d2ViLXdyaXRlLWtleTo="}},
	} {
		if g := r.post("/v1/batch", c.body, c.headers...); g.Status != http.StatusOK || g.Accepted != 1 {
			t.Errorf("%s: %+v", id, g)
		}
		if r.events()[id] == nil {
			t.Errorf("%s is not in Kafka", id)
		}
	}
	if g := r.post("/v1/track", `{"event":"E","userId":"1","writeKey":"pos-write-key","messageId":"pos"}`, "Authorization", ""); g.Status != http.StatusOK {
		t.Errorf("other source: %+v", g)
	}
	if e := r.events()["pos"]; e.GetSource() != "pos" || e.GetWorkspace() != "shop" {
		t.Errorf("other source: %v", e)
	}
}

func TestEnvelopeIsMergedAndTheItemWins(t *testing.T) {
	r := start(t, atNoon)
	g := r.post("/v1/batch", `{"context":{"app":"shop","locale":"de","traits":{"email":"e@x.io"}},"integrations":{"A":true},
		"batch":[{"type":"track","event":"E","anonymousId":"a","messageId":"1","context":{ "locale":"fr" },"integrations":{"A":false,"B":true}},
			{"type":"track","event":"E","anonymousId":"a","messageId":"2"},
			{"type":"track","event":"E","anonymousId":"a","messageId":"3","context":{"traits":{}},"timestamp":"2026-03-01T13:00:00Z","sentAt":"2026-03-01T13:00:01Z"},
			{"type":"track","event":"E","anonymousId":"a","messageId":"4","timestamp":"2026-03-01T11:00:00Z"}],
		"sentAt":"2026-03-01T11:00:02Z"}`)
	if g.Accepted != 4 {
		t.Fatalf("%+v", g)
	}
	events := r.events()
	for id, want := range map[string]string{
		"1": `{ "locale":"fr","app":"shop","traits":{"email":"e@x.io"},"integrations":{"A":false,"B":true}}`,
		"2": `{"app":"shop","locale":"de","traits":{"email":"e@x.io"},"integrations":{"A":true}}`,
		"3": `{"traits":{},"app":"shop","locale":"de","integrations":{"A":true}}`,
	} {
		if got := string(events[id].GetContextJson()); got != want {
			t.Errorf("context of %s is %s, want %s", id, got, want)
		}
	}
	if ids := events["2"].GetIdentifiers(); len(ids) != 2 || ids[0].Value != "e@x.io" {
		t.Errorf("the envelope's e-mail is no identifier of 2: %v", ids)
	}
	if ids := events["3"].GetIdentifiers(); len(ids) != 1 {
		t.Errorf("3 has traits of its own, yet %v", ids)
	}
	if got, want := events["3"].GetOccurredMs(), noon.UnixMilli()-1000; got != want {
		t.Errorf("3 occurred at %d, want %d: its own sentAt counts", got, want)
	}
	if got, want := events["4"].GetOccurredMs(), noon.UnixMilli()-2000; got != want {
		t.Errorf("4 occurred at %d, want %d: the envelope's sentAt counts", got, want)
	}
}

func TestOddJSONIsStoredSoThatAllReadersAgree(t *testing.T) {
	r := start(t)
	g := r.post("/v1/track", `{"event":"A","event":"B","userId":"1","userId":"2","messageId":"m","properties":{"x":1,"x":{"y":12345678901234567890,"y":1.10},"half":"\ud83d"}}`)
	if g.Status != http.StatusOK {
		t.Fatalf("%+v", g)
	}
	e := r.only()
	if e.Name != "B" || len(e.Identifiers) != 1 || e.Identifiers[0].Value != "2" {
		t.Errorf("the last of two keys must win: name %q, %v", e.Name, e.Identifiers)
	}
	if got, want := string(e.PropertiesJson), `{"half":"`+"\ufffd"+`","x":{"y":1.10}}`; got != want {
		t.Errorf("properties %s, want %s", got, want)
	}
}

func TestIdentifiersThatNameNobodyAreLeftOut(t *testing.T) {
	r := start(t)
	g := r.post("/v1/identify", `{"userId":"undefined","anonymousId":"a","messageId":"m","traits":{"email":"n/a","phone":"-"},
		"context":{"traits":{"email":{"home":"a@b.c"},"phone":"112"},"device":{"id":null}}}`)
	if g.Status != http.StatusOK {
		t.Fatalf("%+v", g)
	}
	if ids := r.only().Identifiers; len(ids) != 1 || ids[0].Type != "anonymous_id" {
		t.Errorf("identifiers %v, want the anonymous id only", ids)
	}
	r.post("/v1/group", `{"userId":"u","groupId":"g","messageId":"g","traits":{"email":"info@company.com"}}`)
	if ids := r.events()["g"].GetIdentifiers(); len(ids) != 1 {
		t.Errorf("a company's e-mail names a person: %v", ids)
	}
	r.post("/v1/alias", `{"userId":"u","previousId":"old","messageId":"a"}`)
}

func TestImportTakesAnyPastAndKeepsTimes(t *testing.T) {
	r := start(t, atNoon)
	g := r.post("/v1/import", `{"sentAt":"2026-03-01T11:00:00Z","batch":[
		{"type":"track","event":"E","userId":"1","messageId":"old","timestamp":"2010-12-01T08:26:00Z"},
		{"type":"track","event":"E","userId":"1","messageId":"future","timestamp":"2027-01-01T00:00:00Z"},
		{"type":"track","event":"E","userId":"1","messageId":"stone age","timestamp":"1969-12-31T23:59:59Z"},
		{"type":"track","event":"E","userId":"1","messageId":"large","timestamp":"2010-12-01T08:26:00Z","properties":{"x":"`+strings.Repeat("x", 100<<10)+`"}}]}`)
	if g.Accepted != 3 || strings.Join(g.reasons(), " ") != decode.ReasonBadTimestamp {
		t.Fatalf("%+v", g)
	}
	events := r.events()
	if e := events["old"]; !e.History || e.OccurredMs != ms(t, "2010-12-01T08:26:00Z") || e.OriginalMs != e.OccurredMs {
		t.Errorf("old: %v", e)
	}
	if e := events["future"]; e.OccurredMs != noon.UnixMilli() || e.OriginalMs != ms(t, "2027-01-01T00:00:00Z") {
		t.Errorf("future: %v", e)
	}
}

// Segment's clients for Ruby, Java and Android send what happens now to /v1/import: it is live like any other, and what
// happened longer ago is history, event by event. Who sends history says so, and then nothing is live.
func TestImportOfWhatHappensNowIsLive(t *testing.T) {
	batch := `{"sentAt":"2026-03-01T12:00:00Z","batch":[
		{"type":"track","event":"E","userId":"1","messageId":"now","timestamp":"2026-03-01T11:59:50Z"},
		{"type":"track","event":"E","userId":"1","messageId":"no time"},
		{"type":"track","event":"E","userId":"1","messageId":"an hour ago","timestamp":"2026-03-01T11:00:00Z"},
		{"type":"track","event":"E","userId":"1","messageId":"longer ago","timestamp":"2026-03-01T10:59:59.999Z"},
		{"type":"track","event":"E","userId":"1","messageId":"soon","timestamp":"2026-03-01T13:00:00Z"},
		{"type":"track","event":"E","userId":"1","messageId":"far ahead","timestamp":"2026-03-01T13:00:00.001Z"}]}`
	wrongClock := `{"sentAt":"2026-03-01T09:00:00Z","batch":[{"type":"track","event":"E","userId":"1","messageId":"a clock 3 h behind","timestamp":"2026-03-01T08:59:50Z"}]}`
	live := []string{"a clock 3 h behind", "an hour ago", "no time", "now", "soon"}
	for name, c := range map[string]struct {
		path string
		edit func(*setup)
		live []string
	}{
		"as the clients send it":   {"/v1/import", func(*setup) {}, live},
		"said to be history":       {"/v1/import?history=true", func(*setup) {}, nil},
		"said to be none":          {"/v1/import?history=false", func(*setup) {}, live},
		"all of it, as configured": {"/v1/import", func(s *setup) { s.cfg.Clock.ImportLive = 0 }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, atNoon, c.edit)
			for _, body := range []string{batch, wrongClock} {
				if g := r.post(c.path, body, "User-Agent", desktopChrome); g.Status != 200 || len(g.Rejected) != 0 {
					t.Fatalf("%+v", g)
				}
			}
			var got []string
			for id, e := range r.events() {
				if !e.History {
					got = append(got, id)
				}
				if seen := e.Enrichment != nil; seen == e.History {
					t.Errorf("%s: history %v, its connection was looked at: %v", id, e.History, seen)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.live) {
				t.Errorf("live: %q, want %q", got, c.live)
			}
			if at := r.events()["a clock 3 h behind"]; c.live != nil && at.OccurredMs != ms(t, "2026-03-01T11:59:50Z") {
				t.Errorf("a live event's clock is mended: %d", at.OccurredMs)
			}
			if n := r.freshness(); n != len(c.live) {
				t.Errorf("freshness was measured of %d events, want %d", n, len(c.live))
			}
		})
	}
}

func TestMessageIDIsMadeWhenAbsent(t *testing.T) {
	r := start(t)
	r.post("/v1/batch", `{"batch":[{"type":"page","userId":"1"},{"type":"page","userId":"1","messageId":""},{"type":"page","userId":"1","messageId":null},{"type":"page","userId":"1","messageId":7}]}`)
	events := r.events()
	if len(events) != 4 || events["7"] == nil {
		t.Errorf("%d distinct ids, want 4, one of them 7", len(events))
	}
}

func TestCORS(t *testing.T) {
	r := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, r.url+"/v1/t", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://shop.example")
	req.Header.Set("Access-Control-Request-Headers", "authorization,content-type,anonymousid")
	g := r.do(req)
	if g.Status != http.StatusNoContent || g.Header.Get("Access-Control-Allow-Origin") != "*" ||
		g.Header.Get("Access-Control-Allow-Headers") != "authorization,content-type,anonymousid" || !strings.Contains(g.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", g.Status, g.Header)
	}
	if got := g.Header.Get("Access-Control-Max-Age"); got != "86400" {
		t.Errorf("a preflight is good for %q seconds: without it each event costs two requests", got)
	}
	for _, body := range []string{track("1"), `{`} {
		if g := r.post("/v1/t", body, "Origin", "https://shop.example"); g.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("a page may not read the answer %d", g.Status)
		}
	}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/v1/track", nil)
	if err != nil {
		t.Fatal(err)
	}
	if g := r.do(req); g.Status != http.StatusMethodNotAllowed || g.Header.Get("Allow") == "" {
		t.Errorf("GET: %d", g.Status)
	}
}

func TestTraceGoesIntoTheRecordWhenSampled(t *testing.T) {
	r := start(t, func(s *setup) {
		s.tracer = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample()))).Tracer("test")
	})
	const id = "0af7651916cd43dd8448eb211c80319c"
	r.post("/v1/batch", `{"batch":[`+track("yes")+`,{"type":"track"}]}`, "Traceparent", "00-"+id+"-b7ad6b7169203331-01")
	for _, topic := range []topics.Topic{topics.EventsRaw, topics.EventsRejected} {
		got := string(r.records(topic)[0].Header(intake.TraceParent))
		if !strings.HasPrefix(got, "00-"+id+"-") || strings.Contains(got, "b7ad6b7169203331") || !strings.HasSuffix(got, "-01") {
			t.Errorf("%s: traceparent %q, want the caller's trace and our span", topic.Name, got)
		}
	}
}

func TestMetricsCountWhatHappened(t *testing.T) {
	r := start(t)
	r.post("/v1/batch", `{"batch":[`+track("1")+`,`+track("2")+`,{"type":"track","event":"E"}]}`)
	r.post("/v1/batch", `{`)
	err := testutil.GatherAndCompare(r.reg, strings.NewReader(`
# HELP freshet_collector_requests_total Requests answered, by protocol and HTTP status (gRPC answers under the status that HTTP would give).
# TYPE freshet_collector_requests_total counter
freshet_collector_requests_total{code="200",protocol="http"} 1
freshet_collector_requests_total{code="400",protocol="http"} 1
`), "freshet_collector_requests_total")
	if err != nil {
		t.Error(err)
	}
	if got := r.count("events_total", "source", "web", "result", "accepted"); got != 2 {
		t.Errorf("accepted %v, want 2", got)
	}
	if got := r.count("events_total", "source", "web", "result", "rejected", "reason", decode.ReasonNoIdentifier); got != 1 {
		t.Errorf("rejected %v, want 1", got)
	}
}

func TestPooledMemoryDoesNotLeakBetweenRequests(t *testing.T) {
	r := start(t)
	want := map[string]string{}
	for i := range 200 {
		id := fmt.Sprintf("m%s-%d", strings.Repeat("i", i%37), i)
		want[id] = fmt.Sprintf("user-%d", i)
		body := fmt.Sprintf(`{"batch":[{"type":"track","event":"E","userId":"user-%d","messageId":%q},{"type":"identify"}]}`, i, id)
		g := r.post("/v1/batch", body)
		if g.Accepted != 1 || g.Rejected[0].Reason != decode.ReasonNoIdentifier {
			t.Fatalf("%d: %+v", i, g)
		}
	}
	for id, e := range r.events() {
		if len(e.Identifiers) != 1 || e.Identifiers[0].Value != want[id] || e.Name != "E" || e.PropertiesJson != nil {
			t.Errorf("%s: %v, want %s", id, e, want[id])
		}
	}
}

func TestReadyFollowsTheBrokerAndTheStop(t *testing.T) {
	r := start(t)
	get := func(path string) int {
		resp, err := http.Get(r.url + path)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if a, b := get("/healthz"), get("/readyz"); a != 200 || b != 200 {
		t.Errorf("healthz %d readyz %d", a, b)
	}
	if err := r.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := r.svc.Ready(); err == nil {
		t.Error("a stopped collector is ready")
	}
}
