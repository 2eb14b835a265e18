package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/collector"
)

var (
	segmentNode = client{pkg: "@segment/analytics-node", driver: "segment_node.mjs", library: "@segment/analytics-node"}
	rudderNode  = client{pkg: "@rudderstack/rudder-sdk-node", driver: "rudder_node.mjs", library: "analytics-node",
		channel: "server", stampsOriginal: true}
)

// slack is how much too early a timer of a client may be.
const slack = 20 * time.Millisecond

// servers are the clients for back ends.
var servers = []client{segmentNode, rudderNode}

// eachServer runs a test per client, side by side: they mostly wait.
func eachServer(t *testing.T, test func(*testing.T, client)) {
	for _, c := range servers {
		t.Run(strings.ReplaceAll(c.pkg, "/", " "), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// Every type of call arrives with every field, once.
func TestNodeClientsEveryCallArrivesWhole(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, c client) {
		modules(t, c.pkg)
		r := start(t)
		happened := time.Now().Add(-90 * time.Second).Truncate(time.Millisecond)
		ran := span{from: time.Now()}
		day := day(happened)
		outcomes := r.play(c, nil, calls(day)...)
		ran.to = time.Now()
		if n := failures(outcomes); n != 0 {
			t.Fatalf("the client gave up %d calls: %v", n, outcomes)
		}
		events := r.stored()
		if len(events) != len(day) {
			t.Fatalf("%d events in Kafka for %d calls", len(events), len(day))
		}
		r.once()
		for _, e := range events {
			i := slices.IndexFunc(day, func(w wanted) bool { return w.typ == e.Type })
			t.Run(day[i].call[0].(string), func(t *testing.T) {
				day[i].check(t, c, e, happened, ran)
				if id := outcomes[i].MessageID; id != "" && id != e.EventId {
					t.Errorf("message id %q in Kafka, the client made %q", e.EventId, id)
				}
			})
		}
		for _, s := range r.proxy.posts() {
			t.Logf("%s %s %q %q %d bytes: %d", s.method, s.path, s.header.Get("Content-Type"), s.header.Get("Content-Encoding"), len(s.body), s.status)
		}
	})
}

// Each client's own batching: fifteen at a time, and one at once and then twenty at a time.
func TestNodeClientsBatch(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, c client) {
		modules(t, c.pkg)
		r := start(t)
		if n := failures(r.play(c, nil, numberedUpTo(100)...)); n != 0 {
			t.Fatalf("the client gave up %d calls", n)
		}
		if got := r.numbers(); !slices.Equal(got, upTo(100)) {
			t.Fatalf("in Kafka: %v", got)
		}
		r.once()
		want := map[string]int{segmentNode.pkg: 7, rudderNode.pkg: 6}[c.pkg]
		if n := len(r.proxy.posts()); n != want {
			t.Errorf("%d requests for 100 events, want %d", n, want)
		}
	})
}

// What a client does about each failure that passes: nothing is lost, and how long it
// waited is in docs/clients.md.
func TestNodeClientsRetry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		faults []fault
		// copies says that the first try was stored: each event is there twice.
		copies bool
		// waits is the least time before the second try.
		waits time.Duration
	}{
		"429 with Retry-After":           {faults: []fault{{status: 429, retryAfter: 2}}, waits: 2 * time.Second},
		"503 with Retry-After":           {faults: []fault{{status: 503, retryAfter: 1}}},
		"503 twice":                      {faults: []fault{{status: 503, retryAfter: 1}, {status: 503, retryAfter: 1}}},
		"500":                            {faults: []fault{{status: 500}}},
		"cut before the request is read": {faults: []fault{{}}},
		"cut after the events are stored, before the answer": {faults: []fault{{stored: true}}, copies: true},
		"stored, and the answer is 503":                      {faults: []fault{{status: 503, retryAfter: 1, stored: true}}, copies: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachServer(t, func(t *testing.T, c client) {
				modules(t, c.pkg)
				r := start(t)
				r.proxy.fail(tt.faults...)
				if n := failures(r.play(c, nil, numbered(0))); n != 0 {
					t.Fatalf("the client gave up %d calls", n)
				}
				posts := r.proxy.posts()
				if len(posts) != len(tt.faults)+1 {
					t.Fatalf("%d requests, want %d", len(posts), len(tt.faults)+1)
				}
				waited := posts[1].at.Sub(posts[0].at)
				t.Logf("tried again after %s", waited.Round(time.Millisecond))
				if waited < tt.waits-slack {
					t.Errorf("tried again after %s, Retry-After said %s", waited, tt.waits)
				}
				want := 1
				if tt.copies {
					want = 2
				}
				for id, n := range copies(r.stored()) {
					if n != want {
						t.Errorf("%d copies of %s, want %d", n, id, want)
					}
				}
				if got := r.numbers(); !slices.Equal(got, upTo(1)) {
					t.Errorf("in Kafka: %v", got)
				}
			})
		})
	}
}

// The collector's own rate limit: each client waits as it is told and loses nothing, as long
// as its patience lasts.
func TestNodeClientsObeyTheRateLimit(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, c client) {
		modules(t, c.pkg)
		// The second request puts the source one event over its burst; the third has to wait two seconds. Segment's client
		// sends several at once: they are equally large, so that any order does the same.
		burst, events := 29, 45
		if c.pkg == rudderNode.pkg {
			burst, events = 20, 41
		}
		r := start(t, limited(t, 0.5, burst))
		if n := failures(r.play(c, nil, numberedUpTo(events)...)); n != 0 {
			t.Errorf("the client gave up %d calls", n)
		}
		if got := r.numbers(); !slices.Equal(got, upTo(events)) {
			t.Errorf("in Kafka: %v", got)
		}
		r.once()
		throttled := 0
		for _, s := range r.proxy.posts() {
			if s.status == 429 {
				if throttled++; s.retryAfter < 1 {
					t.Error("a 429 without Retry-After")
				}
			}
		}
		if t.Logf("%d of %d requests were answered 429", throttled, len(r.proxy.posts())); throttled == 0 {
			t.Error("no request was answered 429")
		}
	})
}

// What the collector refuses for good is not sent again.
func TestNodeClientsDoNotRepeatWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit   func(*collector.Config)
		status int
	}{
		"400: too many events in a request": {func(c *collector.Config) { c.Limits.BatchEvents = 2 }, 400},
		"401: an unknown write key":         {func(c *collector.Config) { c.Sources[0].WriteKey = "another-write-key" }, 401},
		"413: the body is too large":        {func(c *collector.Config) { c.Limits.BodyBytes = 512 }, 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachServer(t, func(t *testing.T, c client) {
				modules(t, c.pkg)
				r := start(t, tt.edit)
				outcomes := r.play(c, map[string]any{"flushAt": 4}, numberedUpTo(4)...)
				refused := 0
				for _, s := range r.proxy.posts() {
					if s.status == tt.status {
						refused++
					}
				}
				posts := len(r.proxy.posts())
				t.Logf("%d requests, %d refused, %d calls given up, %d events in Kafka", posts, refused, failures(outcomes), len(r.stored()))
				if refused == 0 || posts > 2 {
					t.Errorf("%d requests, %d of them answered %d", posts, refused, tt.status)
				}
				if failures(outcomes)+len(r.stored()) != len(outcomes) {
					t.Errorf("%d calls given up and %d stored of %d: the client was not told of the rest", failures(outcomes), len(r.stored()), len(outcomes))
				}
			})
		})
	}
}

// Segment's Node client with OAuth sends its token in the header and the write key in the body.
func TestSegmentNodeWithOAuth(t *testing.T) {
	t.Parallel()
	modules(t, segmentNode.pkg)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	r := start(t)
	outcomes := r.play(segmentNode, map[string]any{"oauthSettings": map[string]any{
		"clientId": "shop", "keyId": "one", "authServer": startTokens(t),
		"clientKey": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}}, numberedUpTo(20)...)
	if n := failures(outcomes); n != 0 {
		t.Errorf("the client gave up %d calls: %v", n, outcomes[0])
	}
	if got := r.numbers(); !slices.Equal(got, upTo(20)) {
		t.Errorf("in Kafka: %v", got)
	}
	for _, s := range r.proxy.posts() {
		if got := s.header.Get("Authorization"); got != "Bearer a-token" {
			t.Errorf("Authorization %q: the client no longer uses its token", got)
		}
	}
}

// startTokens is an OAuth server that gives everybody a token.
func startTokens(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"access_token":"a-token","expires_in":3600}`)) // the client may be gone
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// How long each client holds out, and that it then says so: what it loses by its own design.
func TestNodeClientsGiveUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		client
		options  map[string]any
		requests int
	}{
		{segmentNode, map[string]any{"maxRetries": 2}, 3},
		{rudderNode, nil, 4},
	} {
		t.Run(strings.ReplaceAll(tt.pkg, "/", " "), func(t *testing.T) {
			t.Parallel()
			modules(t, tt.pkg)
			r := start(t)
			r.proxy.fail(make([]fault, 20)...)
			for i := range r.proxy.faults {
				r.proxy.faults[i].status = 500
			}
			if n := failures(r.play(tt.client, tt.options, numbered(0))); n != 1 {
				t.Errorf("%d calls given up, want 1", n)
			}
			posts := r.proxy.posts()
			if len(posts) != tt.requests {
				t.Errorf("%d requests before it gave up, want %d", len(posts), tt.requests)
			}
			t.Logf("gave up %s after the first try", posts[len(posts)-1].at.Sub(posts[0].at).Round(10*time.Millisecond))
		})
	}
}

// An event above the limit: neither client holds it back, whatever it says of its own limit. It
// is in quarantine, its neighbour is stored, and the batch is not sent again.
func TestNodeClientsSendEventsThatAreTooLarge(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, c client) {
		modules(t, c.pkg)
		r := start(t)
		large := call{"track", json.RawMessage(`{"userId":"1","event":"Product Viewed","properties":{"n":1,"text":"` + strings.Repeat("x", 40_000) + `"}}`)}
		if n := failures(r.play(c, nil, numbered(0), large, numbered(2))); n != 0 {
			t.Errorf("the client gave up %d calls", n)
		}
		if got := r.numbers(); !slices.Equal(got, []int{0, 2}) {
			t.Errorf("in Kafka: %v", got)
		}
		if got := testkit.Records(t, r.Broker, topics.EventsRejected); len(got) != 1 {
			t.Errorf("%d events in quarantine, want 1", len(got))
		}
	})
}

// RudderStack's Node client throws what it gave up where nobody can catch it, unless it was
// given an errorHandler: the process ends.
func TestRudderNodeWithoutAnErrorHandlerEndsTheProcess(t *testing.T) {
	t.Parallel()
	task := func(r *rig) []byte {
		raw, err := json.Marshal(map[string]any{
			"modules": modules(t, rudderNode.pkg), "host": r.proxy.url, "writeKey": writeKey, "calls": []call{numbered(0)}, "bare": true,
		})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	modules(t, rudderNode.pkg)
	r := start(t)
	r.proxy.fail(slices.Repeat([]fault{{status: 503, retryAfter: 1}}, 4)...)
	_, err := runNode(t, rudderNode.driver, task(r))
	if err == nil || !strings.Contains(err.Error(), "Service Unavailable") {
		t.Errorf("the process ended with %v; say so in docs/clients.md", err)
	}
}
