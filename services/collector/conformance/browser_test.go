package conformance

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector"
)

var (
	segmentBrowser = client{pkg: "@segment/analytics-next", driver: "segment.html", library: "analytics.js", prefix: "next-"}
	rudderBrowser  = client{pkg: "@rudderstack/analytics-js", driver: "rudder.html", library: "RudderLabs JavaScript SDK",
		channel: "web", dropsNulls: true}
)

// batching are the options that make a client send up to five events at a time.
func batching(c client, wait time.Duration) map[string]any {
	ms := wait.Milliseconds()
	if c.pkg == segmentBrowser.pkg {
		return map[string]any{"integrations": map[string]any{"Segment.io": map[string]any{
			"deliveryStrategy": map[string]any{"strategy": "batching", "config": map[string]any{"size": 5, "timeout": ms}}}}}
	}
	return map[string]any{"queueOptions": map[string]any{"batch": map[string]any{"enabled": true, "maxItems": 5, "flushInterval": ms}}}
}

// beacons are the options that have RudderStack's client use navigator.sendBeacon.
var beacons = map[string]any{"useBeacon": true, "beaconQueueOptions": map[string]any{"flushQueueInterval": 60_000, "maxItems": 10}}

// view is a track call in a page that can be found again by its number.
func view(n int) []any {
	return []any{"track", "Product Viewed", map[string]any{"n": n, "product_id": "22633"}}
}

func views(from, to int) (out [][]any) {
	for n := from; n < to; n++ {
		out = append(out, view(n))
	}
	return out
}

// TestBrowserClients drives one Chromium through everything, one page at a time. Pages come from
// another origin than the collector's, so that CORS is what it is in life.
func TestBrowserClients(t *testing.T) {
	b := startBrowser(t)
	for _, c := range []client{segmentBrowser, rudderBrowser} {
		t.Run(strings.ReplaceAll(c.pkg, "/", " "), func(t *testing.T) {
			t.Run("every call arrives whole", func(t *testing.T) { b.everyCall(t, c) })
			t.Run("batches", func(t *testing.T) { b.batches(t, c) })
			for name, tt := range browserFaults {
				t.Run(name, func(t *testing.T) { b.retries(t, c, tt) })
			}
			for name, tt := range browserRefusals {
				t.Run(name, func(t *testing.T) { b.doesNotRepeat(t, c, tt) })
			}
			for name, tt := range browserBans {
				t.Run(name, func(t *testing.T) { b.isBanned(t, c, tt) })
			}
			t.Run("an outage of Kafka", func(t *testing.T) { b.outage(t, c) })
			t.Run("obeys the rate limit", func(t *testing.T) { b.obeysTheRateLimit(t, c) })
			t.Run("a visitor who leaves at once and comes back", func(t *testing.T) { b.leavesAndComesBack(t, c) })
		})
	}
	t.Run("segment: a batch leaves with its page", func(t *testing.T) {
		b.leavesForGood(t, segmentBrowser, batching(segmentBrowser, time.Minute), "/v1/b")
	})
	t.Run("rudder: a beacon leaves with its page", func(t *testing.T) {
		b.leavesForGood(t, rudderBrowser, beacons, "/beacon/v1/batch?writeKey="+writeKey)
	})
	t.Run("segment: a batch that fails as its page closes is lost", func(t *testing.T) {
		b.losesWhatFailsAtTheEnd(t, segmentBrowser, batching(segmentBrowser, time.Minute))
	})
	t.Run("rudder: a beacon that fails is lost", func(t *testing.T) {
		b.losesWhatFailsAtTheEnd(t, rudderBrowser, beacons)
	})
}

func (b *browser) everyCall(t *testing.T, c client) {
	r := start(t)
	ran := span{from: time.Now().Add(-time.Millisecond)}
	b.visit(t, r, c, nil)
	raw := func(text string) any { return json.RawMessage(text) }
	b.play(t,
		[]any{"identify", "customer-1001", raw(personTraits)},
		[]any{"page", "Shop", "Cart", raw(`{"layout":"wide"}`)},
		[]any{"track", "Order Completed", raw(orderProperties)},
		[]any{"group", "company-7", raw(groupTraits)},
		[]any{"alias", "customer-1001", "old-name-7"},
	)
	eventually(t, "five events in Kafka", func() bool { return len(r.stored()) >= 5 })
	ran.to = time.Now()
	r.once()
	for _, w := range browserDay {
		t.Run(w.typ.String(), func(t *testing.T) {
			events := r.stored()
			i := slices.IndexFunc(events, func(e *eventv1.Event) bool { return e.Type == w.typ })
			if i < 0 {
				t.Fatal("it did not arrive")
			}
			w.checkBrowser(t, c, events[i], ran, b.shop)
		})
	}
	b.stayedHome(t, r)
	for _, s := range r.proxy.posts() {
		t.Logf("%s %s %q %d bytes: %d", s.method, s.path, s.header.Get("Content-Type"), len(s.body), s.status)
	}
}

// browserDay is what has to be in Kafka for the calls of everyCall.
var browserDay = []wanted{
	{typ: eventv1.EventType_EVENT_TYPE_IDENTIFY, traits: personTraits},
	{typ: eventv1.EventType_EVENT_TYPE_PAGE, name: "Cart", properties: `{"layout":"wide","category":"Shop","title":"Cart – Shop"}`},
	{typ: eventv1.EventType_EVENT_TYPE_TRACK, name: "Order Completed", properties: orderProperties},
	{typ: eventv1.EventType_EVENT_TYPE_GROUP, traits: groupTraits, context: `{"groupId":"company-7"}`},
	{typ: eventv1.EventType_EVENT_TYPE_ALIAS},
}

// checkBrowser compares an event of a page with the call that made it. The client makes
// the anonymous id and the times itself.
func (w wanted) checkBrowser(t *testing.T, c client, e *eventv1.Event, ran span, shop string) {
	t.Helper()
	if e.Type != w.typ || e.Name != w.name || e.Source != "app" {
		t.Errorf("type %s name %q source %q", e.Type, e.Name, e.Source)
	}
	types := map[string]string{}
	for _, i := range e.Identifiers {
		types[i.Type] = i.Value
	}
	if types["user_id"] != "customer-1001" || types["anonymous_id"] == "" {
		t.Errorf("identifiers %v", e.Identifiers)
	}
	if e.Type == eventv1.EventType_EVENT_TYPE_IDENTIFY && (types["email"] != "ada.lovelace@example.com" || types["phone"] != "+442079460958") {
		t.Errorf("identifiers %v", e.Identifiers)
	}
	if e.Type == eventv1.EventType_EVENT_TYPE_ALIAS && e.GetAlias().GetPreviousId() != "old-name-7" {
		t.Errorf("identifiers %v, alias %v", e.Identifiers, e.GetAlias())
	}
	if !ran.covers(e.OriginalMs) || e.OccurredMs != e.OriginalMs || !ran.covers(e.SentMs) || !ran.covers(e.ReceivedMs) {
		t.Errorf("original %d occurred %d sent %d received %d, the page was open %v", e.OriginalMs, e.OccurredMs, e.SentMs, e.ReceivedMs, ran)
	}
	properties := w.properties
	if c.dropsNulls {
		properties = strings.Replace(properties, `"note":null,`, "", 1)
	}
	contains(t, "properties", e.PropertiesJson, properties)
	contains(t, "traits", e.TraitsJson, w.traits)
	contains(t, "context", e.ContextJson, w.context)
	c.checkLibrary(t, e)
	var context struct {
		UserAgent string
		Page      struct{ URL, Path, Title string }
	}
	if err := json.Unmarshal(e.ContextJson, &context); err != nil || !strings.Contains(context.UserAgent, "HeadlessChrome") ||
		context.Page.URL != shop+c.page() || context.Page.Path != c.page() || context.Page.Title != "Cart – Shop" {
		t.Errorf("context %+v %v", context, err)
	}
	w.checkOrder(t, e)
}

func (b *browser) batches(t *testing.T, c client) {
	r := start(t)
	b.visit(t, r, c, batching(c, 500*time.Millisecond))
	b.play(t, views(0, 12)...)
	eventually(t, "twelve events in Kafka", func() bool { return slices.Equal(r.numbers(), upTo(12)) })
	r.once()
	if n := len(r.proxy.posts()); n > 4 {
		t.Errorf("%d requests for 12 events", n)
	}
	for _, s := range r.proxy.posts() {
		t.Logf("%s %s %q %d bytes: %d", s.method, s.path, s.header.Get("Content-Type"), len(s.body), s.status)
	}
}

// browserFault is a failure that passes.
type browserFault struct {
	faults []fault
	copies int
}

var browserFaults = map[string]browserFault{
	"429 with Retry-After": {faults: []fault{{status: 429, retryAfter: 3}}, copies: 1},
	"503 with Retry-After": {faults: []fault{{status: 503, retryAfter: 1}}, copies: 1},
	"500":                  {faults: []fault{{status: 500}}, copies: 1},
	"503 twice":            {faults: []fault{{status: 503, retryAfter: 1}, {status: 503, retryAfter: 1}}, copies: 1},
	// Once would not reach the client: Chromium itself repeats a request whose kept connection breaks.
	"cut three times before the request is read":                   {faults: slices.Repeat([]fault{{}}, 3), copies: 1},
	"cut three times after the event is stored, before the answer": {faults: slices.Repeat([]fault{{stored: true}}, 3), copies: 4},
}

func (b *browser) retries(t *testing.T, c client, tt browserFault) {
	r := start(t)
	b.visit(t, r, c, nil)
	r.proxy.fail(tt.faults...)
	b.play(t, view(0))
	eventually(t, "as many requests as failures and one", func() bool { return len(r.proxy.posts()) > len(tt.faults) })
	eventually(t, "the event in Kafka", func() bool { return len(r.stored()) >= tt.copies })
	for id, n := range copies(r.stored()) {
		if n != tt.copies {
			t.Errorf("%d copies of %s, want %d", n, id, tt.copies)
		}
	}
	posts := r.proxy.posts()
	for i := range posts[1:] {
		t.Logf("tried again after %s", posts[i+1].at.Sub(posts[i].at).Round(10*time.Millisecond))
	}
	b.checkWait(t, c, posts)
}

// checkWait: Segment's client obeys Retry-After, when the collector lets the page read it.
func (b *browser) checkWait(t *testing.T, c client, posts []seen) {
	t.Helper()
	last := map[string]seen{} // by message id
	for _, s := range posts {
		var event struct{ MessageID string }
		if err := json.Unmarshal(s.body, &event); err != nil {
			t.Fatal(err)
		}
		before, again := last[event.MessageID]
		last[event.MessageID] = s
		if !again || c.pkg != segmentBrowser.pkg || before.status != 429 {
			continue
		}
		wait := time.Duration(before.retryAfter) * time.Second
		if waited := s.at.Sub(before.at); waited < wait-slack {
			t.Errorf("tried again after %s, Retry-After said %s: is the header hidden from the page?", waited, wait)
		}
	}
}

// obeysTheRateLimit: the collector's own 429, to a page of the one origin that may send.
func (b *browser) obeysTheRateLimit(t *testing.T, c client) {
	// An event in four seconds: a client that cannot read Retry-After comes again sooner.
	r := start(t, limited(t, 0.25, 1, b.shop))
	b.visit(t, r, c, nil)
	b.play(t, views(0, 3)...)
	eventually(t, "three events in Kafka", func() bool { return slices.Equal(r.numbers(), upTo(3)) })
	r.once()
	b.checkWait(t, c, r.proxy.posts())
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
}

// browserRefusal is a setting that has the collector refuse a large event for good.
type browserRefusal struct {
	edit   func(*collector.Config)
	status int
}

var browserRefusals = map[string]browserRefusal{
	"400 is not repeated": {func(c *collector.Config) { c.Limits.EventBytes = 4000 }, 400},
	"413 is not repeated": {func(c *collector.Config) { c.Limits.BodyBytes = 4000 }, 413},
}

// doesNotRepeat sends an event that is refused and a good one. The good one fails twice
// before it is let in, by when the refused one would have been sent again.
func (b *browser) doesNotRepeat(t *testing.T, c client, tt browserRefusal) {
	r := start(t, tt.edit)
	b.visit(t, r, c, nil)
	r.proxy.fail(fault{pass: true}, fault{status: 503}, fault{status: 503})
	b.play(t, []any{"track", "Product Viewed", map[string]any{"n": 0, "text": strings.Repeat("x", 5000)}})
	eventually(t, "the refusal", func() bool { return len(r.proxy.posts()) == 1 })
	if got := r.proxy.posts()[0].status; got != tt.status {
		t.Fatalf("answered %d, want %d", got, tt.status)
	}
	b.play(t, view(1))
	eventually(t, "the good event in Kafka", func() bool { return slices.Equal(r.numbers(), []int{1}) })
	if n := len(r.proxy.posts()); n != 4 {
		t.Errorf("%d requests, want one for the refused event and three for the other", n)
	}
}

// browserBan is a change of the sources file after which a page that is open may not send.
type browserBan struct {
	key, origin string
	status      int
}

var browserBans = map[string]browserBan{
	"401 is not repeated: the key is revoked":             {key: "another-write-key", status: 401},
	"403 is not repeated: pages of the shop may not send": {key: writeKey, origin: "https://elsewhere.example", status: 403},
}

// isBanned is doesNotRepeat for what the collector refuses whole. The page has to be able to read that it
// is refused for good: an answer that CORS hides looks like a broken connection.
func (b *browser) isBanned(t *testing.T, c client, tt browserBan) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	declare(t, path, writeKey, "")
	r := start(t, func(c *collector.Config) { c.Sources, c.SourcesFile = nil, path })
	b.visit(t, r, c, nil)
	declare(t, path, tt.key, tt.origin)
	eventually(t, "the change is in force", func() bool { return r.ask(b.shop) == tt.status })
	b.play(t, view(0))
	eventually(t, "the refusal", func() bool { return len(r.proxy.posts()) == 1 })
	if got := r.proxy.posts()[0].status; got != tt.status {
		t.Fatalf("answered %d, want %d", got, tt.status)
	}
	declare(t, path, writeKey, "")
	eventually(t, "the page may send again", func() bool { return r.ask(b.shop) == http.StatusBadRequest })
	r.proxy.fail(fault{status: 503}, fault{status: 503})
	b.play(t, view(1))
	eventually(t, "the good event in Kafka", func() bool { return slices.Equal(r.numbers(), []int{1}) })
	if n := len(r.proxy.posts()); n != 4 {
		t.Errorf("%d requests, want one for the refused event and three for the other", n)
	}
}

// outage: the collector's own 503, readable by the page, and nothing lost.
func (b *browser) outage(t *testing.T, c client) {
	r, kafka := startWithoutSpool(t)
	b.visit(t, r, c, nil)
	kafka.stop()
	b.play(t, views(0, 3)...)
	eventually(t, "a 503", func() bool { return r.answered(http.StatusServiceUnavailable) > 0 })
	kafka.start()
	eventually(t, "three events in Kafka", func() bool { return slices.Equal(r.numbers(), upTo(3)) })
	r.checkRefusals()
}

// leavesAndComesBack: the client keeps what has no answer yet in the browser's storage. (What has failed already,
// while analytics-next goes through its queue, it keeps nowhere: a page left in that moment loses it.)
func (b *browser) leavesAndComesBack(t *testing.T, c client) {
	r := start(t)
	b.visit(t, r, c, nil)
	r.proxy.fail(slices.Repeat([]fault{{hold: true}}, 20)...)
	b.play(t, views(0, 3)...)
	eventually(t, "a request under way", func() bool { return len(r.proxy.posts()) > 0 })
	b.leave(t)
	r.proxy.fail()
	b.comeBack(t, r, c, nil)
	eventually(t, "three events in Kafka", func() bool { return slices.Equal(r.numbers(), upTo(3)) })
}

// leavesForGood: what waits for its batch is sent while the page is unloaded.
func (b *browser) leavesForGood(t *testing.T, c client, options map[string]any, path string) {
	r := start(t)
	b.visit(t, r, c, options)
	b.play(t, views(0, 3)...)
	b.settle(t)
	if n := len(r.proxy.posts()); n != 0 {
		t.Fatalf("%d requests before the page was left", n)
	}
	b.leave(t)
	eventually(t, "three events in Kafka", func() bool { return slices.Equal(r.numbers(), upTo(3)) })
	r.once()
	if posts := r.proxy.posts(); len(posts) != 1 || posts[0].path != path {
		t.Errorf("%d requests, the first to %s", len(posts), posts[0].path)
	}
}

// losesWhatFailsAtTheEnd shows a loss that is the client's own design: what it sends
// while a page is unloaded it does not keep.
func (b *browser) losesWhatFailsAtTheEnd(t *testing.T, c client, options map[string]any) {
	r := start(t)
	b.visit(t, r, c, options)
	r.proxy.fail(fault{status: 503, retryAfter: 1})
	b.play(t, views(0, 3)...)
	b.settle(t)
	b.leave(t)
	eventually(t, "the request that fails", func() bool { return len(r.proxy.posts()) == 1 })
	b.comeBack(t, r, c, options)
	b.play(t, view(3))
	b.settle(t)
	b.leave(t)
	eventually(t, "the next page's event", func() bool { return slices.Contains(r.numbers(), 3) })
	if got := r.numbers(); !slices.Equal(got, []int{3}) {
		t.Errorf("in Kafka: %v: the client has learnt to keep what fails at the end; say so in docs/clients.md", got)
	}
}
