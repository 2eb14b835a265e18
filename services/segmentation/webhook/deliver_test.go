package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const within = 60 * time.Second

// request is what a receiver got.
type request struct {
	id, timestamp, signature, traceparent string
	body                                  []byte
	at                                    time.Time
}

// receiver is an endpoint that answers as told and keeps what it got.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []request
	answer func(n int, r request, w http.ResponseWriter) // n counts the requests with this id, from 1
}

func newReceiver(t *testing.T, answer func(n int, r request, w http.ResponseWriter)) *receiver {
	t.Helper()
	rc := &receiver{answer: answer}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		req := request{r.Header.Get(HeaderID), r.Header.Get(HeaderTimestamp), r.Header.Get(HeaderSignature), r.Header.Get("traceparent"), body, time.Now()}
		rc.mu.Lock()
		rc.got = append(rc.got, req)
		n := 0
		for _, g := range rc.got {
			if g.id == req.id {
				n++
			}
		}
		rc.mu.Unlock()
		if rc.answer != nil {
			rc.answer(n, req, w)
		}
	}))
	t.Cleanup(rc.Close)
	return rc
}

// requests are those with an id, or all with an empty one.
func (rc *receiver) requests(id string) []request {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(rc.got), func(r request) bool { return id != "" && r.id != id })
}

// fixture is a broker with the topics and deliverers that can be stopped and started.
type fixture struct {
	t *testing.T
	// address is the broker's.
	address string
	client  *broker.Client
	out     *broker.Producer
	cfg     Config
	hooks   map[string]Endpoint
	deps    func(*Deps) // changes what the deliverers get; nil changes nothing
	stop    func()
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	address := testkit.Kafka(t)
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{address}, Partitions: 2}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), topics.Alerts, topics.AlertsDead); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, address: address, client: c, out: c.NewProducer(broker.ProducerConfig{}), cfg: Default(), hooks: map[string]Endpoint{}}
	f.cfg.Waits = []time.Duration{10 * time.Millisecond, 10 * time.Millisecond}
	f.cfg.CommitEvery = 20 * time.Millisecond
	f.cfg.FinishWithin = within
	return f
}

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

func (f *fixture) hook(name, url string) {
	f.hooks[name] = Endpoint{URL: url, Secret: vectorSecret}
}

func (f *fixture) begin() {
	f.t.Helper()
	f.end()
	deps := Deps{Broker: f.client, Logger: quiet(), Metrics: prometheus.NewRegistry()}
	if f.deps != nil {
		f.deps(&deps)
	}
	d, err := New(f.cfg, f.hooks, deps)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	f.stop = func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("run: %v", err)
		}
	}
	f.t.Cleanup(f.end)
}

func (f *fixture) end() {
	if f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// alert publishes alerts with the given ids to an endpoint.
func (f *fixture) alert(endpoint string, ids ...string) {
	f.t.Helper()
	var msgs []broker.Message
	for _, id := range ids {
		value, err := proto.Marshal(&segmentationv1.Alert{AlertId: id, Endpoint: endpoint, Transition: &segmentationv1.Transition{
			TransitionId: id, Workspace: "default", Segment: "big_spender", Version: 77, CustomerId: "c-" + id, Seq: 3,
			Kind: segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED, Reason: segmentationv1.TransitionReason_TRANSITION_REASON_EVENT,
			AtMs: 1_700_000_000_123, ReceivedMs: 1_700_000_000_000}})
		if err != nil {
			f.t.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: topics.Alerts.Name, Key: []byte(id), Value: value,
			Headers: broker.Headers("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")})
	}
	if err := f.out.Produce(f.t.Context(), msgs...); err != nil {
		f.t.Fatal(err)
	}
}

// committed waits until the endpoint's group has finished everything that is in the topic.
func (f *fixture) committed(endpoint string) {
	f.t.Helper()
	testkit.Eventually(f.t, within, func() error {
		spans, err := f.client.Spans(f.t.Context(), topics.Alerts.Name)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(group+"."+endpoint, ".")
		for p, s := range spans {
			tp := broker.TopicPartition{Topic: topics.Alerts.Name, Partition: p}
			at, err := f.client.Committed(f.t.Context(), name, tp)
			if err != nil || (at[tp].Offset != s.Next && s.Next > 0) {
				return fmt.Errorf("%s has committed %v of %d in %s: %w", name, at[tp], s.Next, tp, err)
			}
		}
		return nil
	})
}

// dead reads the dead letters, as "id class".
func (f *fixture) dead() []string {
	f.t.Helper()
	spans, err := f.client.Spans(context.Background(), topics.AlertsDead.Name)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for at := spans[0].First; at < spans[0].Next; {
		b, err := f.client.Fetch(context.Background(), broker.TopicPartition{Topic: topics.AlertsDead.Name}, at, broker.FetchOptions{})
		if err != nil {
			f.t.Fatal(err)
		}
		for _, r := range b.Records {
			for _, h := range []string{"source-topic", "source-partition", "source-offset", "error-class", "error", "consumer-group"} {
				if len(r.Header(h)) == 0 {
					f.t.Errorf("dead letter without header %s", h)
				}
			}
			out = append(out, string(r.Key)+" "+string(r.Header("error-class")))
		}
		at = b.Next
	}
	slices.Sort(out)
	return out
}

func numbered(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s%03d", prefix, i))
	}
	return ids
}

func TestDeliversSignedOnce(t *testing.T) {
	rc := newReceiver(t, nil)
	f := newFixture(t)
	f.hook("crm", rc.URL)
	f.begin()
	ids := numbered("a", 50)
	f.alert("crm", ids...)
	f.committed("crm")
	if n := len(rc.requests("")); n != len(ids) {
		t.Errorf("%d requests for %d alerts", n, len(ids))
	}
	key, _ := f.hooks["crm"].Key()
	for _, id := range ids {
		got := rc.requests(id)
		if len(got) != 1 {
			t.Fatalf("alert %s came %d times", id, len(got))
		}
		seconds, err := strconv.ParseInt(got[0].timestamp, 10, 64)
		if err != nil || time.Since(time.Unix(seconds, 0)) > time.Minute {
			t.Errorf("timestamp %q", got[0].timestamp)
		}
		if want := Sign(key, id, time.Unix(seconds, 0), got[0].body); got[0].signature != want {
			t.Errorf("signature %s, want %s", got[0].signature, want)
		}
		if !strings.HasPrefix(got[0].traceparent, "00-0af7651916cd43dd8448eb211c80319c-") {
			t.Errorf("traceparent %q is not of the event's trace", got[0].traceparent)
		}
	}
	var p payload
	if err := json.Unmarshal(rc.requests("a007")[0].body, &p); err != nil {
		t.Fatal(err)
	}
	want := payload{Type: "segment.entered", Timestamp: "2023-11-14T22:13:20.123Z", Data: data{AlertID: "a007", Workspace: "default", CustomerID: "c-a007",
		Segment: "big_spender", Version: 77, Seq: 3, Kind: "entered", Reason: "event", At: "2023-11-14T22:13:20.123Z"}}
	if p != want { // no one to ask: no names
		t.Errorf("body %+v", p)
	}
}

// TestRetriesUnderOneID: whatever is not 2xx is tried again, redirects are not followed.
func TestRetriesUnderOneID(t *testing.T) {
	const slow = 2 * time.Second // a busy machine answers sooner than that
	var elsewhere *receiver
	for name, bad := range map[string]func(http.ResponseWriter){
		"500":      func(w http.ResponseWriter) { w.WriteHeader(500) },
		"404":      func(w http.ResponseWriter) { w.WriteHeader(404) },
		"redirect": func(w http.ResponseWriter) { w.Header().Set("Location", elsewhere.URL); w.WriteHeader(307) },
		"no answer": func(w http.ResponseWriter) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		},
		"too slow": func(http.ResponseWriter) { time.Sleep(2 * slow) },
	} {
		t.Run(name, func(t *testing.T) {
			elsewhere = newReceiver(t, nil)
			rc := newReceiver(t, func(n int, _ request, w http.ResponseWriter) {
				if n < 3 {
					bad(w)
				}
			})
			f := newFixture(t)
			f.cfg.Timeout = slow
			f.hook("crm", rc.URL)
			f.begin()
			f.alert("crm", "a")
			f.committed("crm")
			got := rc.requests("a")
			if len(got) != 3 || string(got[0].body) != string(got[2].body) {
				t.Errorf("%d attempts, want 3 with one body", len(got))
			}
			if n := len(elsewhere.requests("")); n != 0 {
				t.Error("a redirect was followed")
			}
			if d := f.dead(); len(d) != 0 {
				t.Errorf("dead letters %q", d)
			}
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	rc := newReceiver(t, func(n int, _ request, w http.ResponseWriter) {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
		}
	})
	f := newFixture(t)
	f.hook("crm", rc.URL)
	f.begin()
	f.alert("crm", "a")
	f.committed("crm")
	if got := rc.requests("a"); len(got) != 2 || got[1].at.Sub(got[0].at) < time.Second {
		t.Errorf("%d attempts, the second too early", len(got))
	}
}

func TestExhaustedAlertsAreDeadLettered(t *testing.T) {
	rc := newReceiver(t, func(_ int, r request, w http.ResponseWriter) {
		if r.id == "bad" {
			w.WriteHeader(500)
		}
	})
	f := newFixture(t)
	f.hook("crm", rc.URL)
	f.begin()
	f.alert("crm", "good1", "bad", "good2")
	f.committed("crm")
	if got := f.dead(); !slices.Equal(got, []string{"bad " + classExhausted}) {
		t.Errorf("dead letters %q", got)
	}
	if n := len(rc.requests("bad")); n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
}

func TestGoneTurnsTheEndpointOff(t *testing.T) {
	rc := newReceiver(t, func(_ int, _ request, w http.ResponseWriter) { w.WriteHeader(410) })
	f := newFixture(t)
	f.cfg.Concurrency = 1
	f.hook("crm", rc.URL)
	f.begin()
	f.alert("crm", numbered("a", 10)...)
	f.committed("crm")
	if got := f.dead(); len(got) != 10 || !strings.HasSuffix(got[0], classGone) {
		t.Errorf("dead letters %q", got)
	}
	if n := len(rc.requests("")); n != 1 {
		t.Errorf("%d requests to an endpoint that is gone, want 1", n)
	}
}

func TestStraysAreDeadLettered(t *testing.T) {
	rc := newReceiver(t, nil)
	f := newFixture(t)
	f.hook("crm", rc.URL)
	f.begin()
	f.alert("nobody", "stray")
	if err := f.out.Produce(t.Context(), broker.Message{Topic: topics.Alerts.Name, Key: []byte("garbage"), Value: []byte("\xff")}); err != nil {
		t.Fatal(err)
	}
	f.alert("crm", "a")
	f.committed("")
	f.committed("crm")
	if got := f.dead(); !slices.Equal(got, []string{"garbage " + classBad, "stray " + classUnknown}) {
		t.Errorf("dead letters %q", got)
	}
	if got := rc.requests(""); len(got) != 1 || got[0].id != "a" {
		t.Errorf("requests %v", got)
	}
}

// TestDeadEndpointHoldsBackNobody: with its pending full, the others still get everything.
func TestDeadEndpointHoldsBackNobody(t *testing.T) {
	down := newReceiver(t, func(_ int, _ request, w http.ResponseWriter) { w.WriteHeader(503) })
	up := newReceiver(t, nil)
	f := newFixture(t)
	f.cfg.Waits = []time.Duration{time.Hour}
	f.cfg.Pending = 5
	f.hook("down", down.URL)
	f.hook("up", up.URL)
	f.begin()
	for i := range 30 {
		f.alert("down", fmt.Sprintf("d%03d", i))
		f.alert("up", fmt.Sprintf("u%03d", i))
	}
	f.committed("up")
	if n := len(up.requests("")); n != 30 {
		t.Errorf("%d of 30 delivered", n)
	}
	if n := len(down.requests("")); n > 5 {
		t.Errorf("%d alerts in hand, at most 5 are allowed", n)
	}
}

// TestRestartSendsOnlyWhatIsUnfinished: one alert in the middle hangs in its retries; after
// a restart it alone is sent again, under the same id.
func TestRestartSendsOnlyWhatIsUnfinished(t *testing.T) {
	var healed sync.Map
	rc := newReceiver(t, func(_ int, r request, w http.ResponseWriter) {
		if _, ok := healed.Load("yes"); !ok && r.id == "a005" {
			w.WriteHeader(500)
		}
	})
	f := newFixture(t)
	f.cfg.Waits = []time.Duration{time.Hour}
	f.hook("crm", rc.URL)
	f.begin()
	ids := numbered("a", 40)
	f.alert("crm", ids...)
	testkit.Eventually(t, within, func() error {
		if n := len(rc.requests("")); n < len(ids) {
			return fmt.Errorf("%d of %d sent", n, len(ids))
		}
		return nil
	})
	f.end()
	healed.Store("yes", true)
	f.begin()
	f.committed("crm")
	for _, id := range ids {
		want := 1
		if id == "a005" {
			want = 2
		}
		if n := len(rc.requests(id)); n != want {
			t.Errorf("alert %s was sent %d times, want %d", id, n, want)
		}
	}
	if got := f.dead(); len(got) != 0 {
		t.Errorf("dead letters %q", got)
	}
}

// TestRepeatedRecordsAreSentOnce: the outbox publishes its last commit again, at once or
// after a restart of everybody.
func TestRepeatedRecordsAreSentOnce(t *testing.T) {
	rc := newReceiver(t, nil)
	f := newFixture(t)
	f.hook("crm", rc.URL)
	f.begin()
	ids := numbered("a", 20)
	f.alert("crm", ids...)
	f.alert("crm", ids[10:]...)
	f.committed("crm")
	f.begin()
	f.alert("crm", ids[5:]...)
	f.alert("crm", "last")
	f.committed("crm")
	if n := len(rc.requests("")); n != len(ids)+1 {
		t.Errorf("%d requests for %d alerts", n, len(ids)+1)
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent(2)
	for i, c := range []struct {
		id   string
		want bool
	}{{"a", false}, {"b", false}, {"a", true}, {"c", false}, {"b", true}, {"a", false}} {
		if got := r.repeated(c.id); got != c.want {
			t.Errorf("step %d: %s repeated %v, want %v", i, c.id, got, c.want)
		}
	}
	if len(r.ids) != 2 {
		t.Errorf("%d ids are kept, want 2", len(r.ids))
	}
}

// TestStopDuringARequest lets it finish and counts it.
func TestStopDuringARequest(t *testing.T) {
	arrived := make(chan struct{})
	rc := newReceiver(t, func(n int, _ request, w http.ResponseWriter) {
		if n == 1 {
			close(arrived)
			<-time.After(50 * time.Millisecond)
		}
	})
	f := newFixture(t)
	f.hook("crm", rc.URL)
	f.begin()
	f.alert("crm", "a")
	<-arrived
	f.end()
	f.begin()
	f.committed("crm")
	if n := len(rc.requests("a")); n != 1 {
		t.Errorf("sent %d times, want once: the stop waits for the answer", n)
	}
}
