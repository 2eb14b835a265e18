package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector"
)

// LanguagesVariable names the folder into which `make test-clients` has installed the Python, Go and Java clients; without it
// their tests are skipped.
const LanguagesVariable = "FRESHET_LANGUAGES"

// language is a published client in another language, and what is particular to it.
type language struct {
	name string
	// command runs its driver, in the folder of LanguagesVariable.
	command func(home string) []string
	// module is what the Python driver loads.
	module string
	// hasty are options that shorten its pauses.
	hasty map[string]any
	// insists says that it repeats what was refused for good, and how often it sends that in all.
	insists int
}

func python() func(string) []string {
	return func(home string) []string {
		return []string{filepath.Join(home, "python", "bin", "python"), filepath.Join("drivers", "languages.py")}
	}
}

func binary(name string) func(string) []string {
	return func(home string) []string { return []string{filepath.Join(home, name)} }
}

func java(name string) func(string) []string {
	return func(home string) []string {
		return []string{"java", "-Xmx128m", "-XX:+UseSerialGC", "-cp", filepath.Join(home, name, "classes") + ":" + filepath.Join(home, name, "libs", "*"), "Driver"}
	}
}

var languages = []language{
	{name: "segment-analytics-python", command: python(), module: "segment.analytics.client"},
	{name: "rudder-sdk-python", command: python(), module: "rudderstack.analytics.client"},
	{name: "segment analytics-go", command: binary("go-segment"), hasty: map[string]any{"hasty": true}, insists: 10},
	{name: "rudder analytics-go", command: binary("go-rudder"), hasty: map[string]any{"hasty": true}, insists: 10},
	{name: "segment analytics-java", command: java("java-segment")},
	{name: "rudder analytics-java", command: java("java-rudder")},
}

// eachLanguage runs a test per client, side by side: they mostly wait.
func eachLanguage(t *testing.T, test func(*testing.T, language)) {
	if os.Getenv(LanguagesVariable) == "" {
		t.Skip("no clients in other languages are named: run make test-clients")
	}
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			test(t, l)
		})
	}
}

// speak runs calls through a client and returns what it said of each, once it has done with all of them.
func (r *rig) speak(l language, key string, options map[string]any, calls ...call) []outcome {
	r.t.Helper()
	task, err := json.Marshal(map[string]any{"client": l.module, "host": r.proxy.url, "writeKey": key, "options": options, "calls": calls})
	if err != nil {
		r.t.Fatal(err)
	}
	words := l.command(os.Getenv(LanguagesVariable))
	cmd := exec.CommandContext(r.t.Context(), words[0], words[1:]...)
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(task), &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", l.name, err, stderr.Bytes())
	}
	var outcomes []outcome
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var o outcome
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			r.t.Fatalf("%s said %q: %v", l.name, lines.Bytes(), err)
		}
		outcomes = append(outcomes, o)
	}
	if len(outcomes) != len(calls) {
		r.t.Fatalf("%s told of %d of %d calls\n%s", l.name, len(outcomes), len(calls), stderr.Bytes())
	}
	return outcomes
}

// acknowledged fails unless Kafka holds exactly the calls that the client was told are stored, each as often as wanted.
func (r *rig) acknowledged(outcomes []outcome, times int) {
	r.t.Helper()
	have := copies(r.stored())
	for _, o := range outcomes {
		switch n := have[o.MessageID]; {
		case o.Error == "" && n != times:
			r.t.Errorf("%s was acknowledged and is in Kafka %d times, want %d", o.MessageID, n, times)
		case o.Error != "" && n > 0:
			r.t.Errorf("%s was given up (%s) and is in Kafka", o.MessageID, o.Error)
		}
		delete(have, o.MessageID)
	}
	for id := range have {
		r.t.Errorf("%s is in Kafka and was never sent", id)
	}
}

// Every type of call arrives, once, with its names.
func TestLanguageEveryCallArrives(t *testing.T) {
	t.Parallel()
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	day := []struct {
		call
		typ        eventv1.EventType
		name, user string
		visitor    string
	}{
		{call{"identify", raw(`{"userId":"customer-1","traits":{"email":"Ada@Example.com"}}`)}, eventv1.EventType_EVENT_TYPE_IDENTIFY, "", "customer-1", ""},
		{call{"track", raw(`{"userId":"customer-1","event":"Order Completed","properties":` + orderProperties + `}`)}, eventv1.EventType_EVENT_TYPE_TRACK, "Order Completed", "customer-1", ""},
		{call{"page", raw(`{"anonymousId":"visitor-1","name":"Cart","properties":{"url":"https://shop.example/cart"}}`)}, eventv1.EventType_EVENT_TYPE_PAGE, "Cart", "", "visitor-1"},
		{call{"screen", raw(`{"userId":"customer-1","name":"Checkout","properties":{"step":2}}`)}, eventv1.EventType_EVENT_TYPE_SCREEN, "Checkout", "customer-1", ""},
		{call{"group", raw(`{"userId":"customer-1","groupId":"company-7","traits":{"name":"Engines"}}`)}, eventv1.EventType_EVENT_TYPE_GROUP, "", "customer-1", ""},
		{call{"alias", raw(`{"userId":"customer-1","previousId":"visitor-1"}`)}, eventv1.EventType_EVENT_TYPE_ALIAS, "", "customer-1", "visitor-1"},
	}
	eachLanguage(t, func(t *testing.T, l language) {
		r := start(t)
		calls := make([]call, len(day))
		for i, d := range day {
			calls[i] = d.call
		}
		ran := span{from: time.Now()}
		outcomes := r.speak(l, writeKey, nil, calls...)
		ran.to = time.Now()
		if n := failures(outcomes); n != 0 {
			t.Fatalf("the client gave up %d calls: %v", n, outcomes)
		}
		r.acknowledged(outcomes, 1)
		events := map[string]*eventv1.Event{}
		for _, e := range r.stored() {
			events[e.EventId] = e
		}
		for i, d := range day {
			e := events[outcomes[i].MessageID]
			if e == nil {
				continue
			}
			if e.Type != d.typ || e.Name != d.name || !ran.covers(e.OccurredMs) {
				t.Errorf("%s: type %s, name %q, at %d, the client ran %v", d.call[0], e.Type, e.Name, e.OccurredMs, ran)
			}
			for typ, want := range map[string]string{"user_id": d.user, "anonymous_id": d.visitor} {
				if d.typ == eventv1.EventType_EVENT_TYPE_ALIAS && typ == "anonymous_id" {
					if got := e.GetAlias().GetPreviousId(); got != want { // which kind of name it is, identity will know
						t.Errorf("alias: of %q, want %q", got, want)
					}
					continue
				}
				if want != "" && !slices.ContainsFunc(e.Identifiers, func(i *eventv1.Identifier) bool { return i.Type == typ && i.Value == want }) {
					t.Errorf("%s: identifiers %v, want %s %s", d.call[0], e.Identifiers, typ, want)
				}
			}
			if o := e.Order; d.name == "Order Completed" && (o.GetOrderId() != "50314" || o.GetTotalMicros() != 59_970_000 || len(o.GetItems()) != 1) {
				t.Errorf("order %v", o)
			}
		}
		for _, s := range r.proxy.posts() {
			t.Logf("%s %s %q %d bytes: %d", s.method, s.path, s.header.Get("Content-Encoding"), len(s.body), s.status)
		}
	})
}

func TestLanguageClientsBatch(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, l language) {
		r := start(t)
		outcomes := r.speak(l, writeKey, nil, numberedUpTo(300)...)
		if n := failures(outcomes); n != 0 {
			t.Fatalf("the client gave up %d calls: %v", n, outcomes[0])
		}
		r.acknowledged(outcomes, 1)
		if got := r.numbers(); !slices.Equal(got, upTo(300)) {
			t.Errorf("in Kafka: %v", got)
		}
		if n := len(r.proxy.posts()); n > 30 {
			t.Errorf("%d requests for 300 events", n)
		}
	})
}

// What passes is waited out: nothing is lost, and what was stored before the answer was lost is there twice under one id.
func TestLanguageClientsRetry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault  fault
		copies int
	}{
		"429 with Retry-After":           {fault{status: 429, retryAfter: 2}, 1},
		"503 with Retry-After":           {fault{status: 503, retryAfter: 1}, 1},
		"500":                            {fault{status: 500}, 1},
		"cut before the request is read": {fault{}, 1},
		"cut after the events are stored, before the answer": {fault{stored: true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachLanguage(t, func(t *testing.T, l language) {
				r := start(t)
				r.proxy.fail(tt.fault)
				outcomes := r.speak(l, writeKey, nil, numbered(0))
				if n := failures(outcomes); n != 0 {
					t.Fatalf("the client gave up: %v", outcomes)
				}
				r.acknowledged(outcomes, tt.copies)
				posts := r.proxy.posts()
				if len(posts) < 2 {
					t.Fatalf("%d requests", len(posts))
				}
				t.Logf("tried again after %s", posts[1].at.Sub(posts[0].at).Round(time.Millisecond))
			})
		})
	}
}

// The collector's own refusals for good: each client says what it gave up, and all but the Go clients send it once. Before errors carried a
// code, the Python clients repeated each ten times.
func TestLanguageClientsTakeARefusal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key    string
		edit   func(*collector.Config)
		calls  []call
		status int
	}{
		"401": {"nobody-has-this-key", func(*collector.Config) {}, numberedUpTo(1), http.StatusUnauthorized},
		"413": {writeKey, func(c *collector.Config) { c.Limits.BodyBytes = 2000 }, numberedUpTo(20), http.StatusRequestEntityTooLarge},
		"400": {writeKey, func(c *collector.Config) { c.Limits.BatchEvents = 5 }, numberedUpTo(20), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachLanguage(t, func(t *testing.T, l language) {
				r := start(t, tt.edit)
				outcomes := r.speak(l, tt.key, l.hasty, tt.calls...)
				r.acknowledged(outcomes, 1)
				posts := r.proxy.posts()
				refused := r.answered(tt.status)
				if refused == 0 || failures(outcomes) == 0 {
					t.Errorf("%d requests were refused, %d calls given up", refused, failures(outcomes))
				}
				bodies := map[string]int{}
				for _, p := range posts {
					if p.status == tt.status {
						bodies[withoutSentAt(p.body)]++
					}
				}
				for _, n := range bodies {
					if n != max(1, l.insists) {
						t.Errorf("one refused request was sent %d times, want %d", n, max(1, l.insists))
					}
				}
			})
		})
	}
}

// withoutSentAt is what stays the same when a request is sent again.
func withoutSentAt(body []byte) string {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil {
		return fmt.Sprint(len(body)) // packed: one request of a length is taken for the same
	}
	return string(envelope["batch"][:min(200, len(envelope["batch"]))])
}

// Kafka is away and comes back: each client hears the collector's own 503 and sends again.
func TestLanguageClientsThroughAnOutage(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, l language) {
		r, kafka := startWithoutSpool(t)
		kafka.stop()
		var outcomes []outcome
		played := make(chan struct{})
		go func() {
			defer close(played)
			outcomes = r.speak(l, writeKey, nil, numberedUpTo(10)...)
		}()
		eventually(t, "a 503", func() bool { return r.answered(http.StatusServiceUnavailable) > 0 })
		kafka.start()
		<-played
		if n := failures(outcomes); n != 0 || len(outcomes) != 10 {
			t.Fatalf("the client gave up %d calls of %d", n, len(outcomes))
		}
		if got := r.numbers(); !slices.Equal(got, upTo(10)) {
			t.Errorf("in Kafka: %v", got)
		}
		r.checkRefusals()
	})
}

// A bad event in a batch is in quarantine, its neighbours are stored, and the client is content.
func TestLanguageClientsAndABadEvent(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, l language) {
		r := start(t, func(c *collector.Config) { c.Limits.EventBytes, c.Limits.ImportEventBytes = 2000, 2000 }) // Segment's Java client sends to /v1/import
		long, err := json.Marshal(map[string]any{"userId": "1", "event": "E", "properties": map[string]any{"n": 1, "x": string(bytes.Repeat([]byte("x"), 3000))}})
		if err != nil {
			t.Fatal(err)
		}
		if n := failures(r.speak(l, writeKey, nil, numbered(0), call{"track", json.RawMessage(long)}, numbered(2))); n != 0 {
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
