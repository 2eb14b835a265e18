package collector

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/store"
)

// spoolAfter has requests wait this long for the broker.
func spoolAfter(d time.Duration) func(*setup) {
	return func(s *setup) { s.cfg.Spool.After = d }
}

// drained waits until the spool is empty.
func (r *rig) drained() {
	r.t.Helper()
	testkit.Eventually(r.t, 30*time.Second, func() error {
		if n := r.spooled(); n > 0 {
			return fmt.Errorf("%d events are in the spool", n)
		}
		return nil
	})
}

// spooled is how many events are in the spool.
func (r *rig) spooled() int64 { return int64(r.count("spool_events")) }

// ids are those of the events in Kafka, partition by partition, with repetitions.
func (r *rig) ids() []string {
	r.t.Helper()
	var out []string
	for _, rec := range r.records(topics.EventsRaw) {
		out = append(out, eventID(r.t, rec.Value))
	}
	return out
}

func eventID(t testing.TB, value []byte) string {
	t.Helper()
	e := &eventv1.Event{}
	if err := proto.Unmarshal(value, e); err != nil {
		t.Fatal(err)
	}
	return e.EventId
}

// unique keeps the first of each.
func unique(ids []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		twice := seen[id]
		seen[id] = true
		return twice
	})
}

// lasting is a broker in this process that can go and come back with its data.
type lasting struct {
	t       testing.TB
	dir     string
	address string
	broker  *embeddedkafka.Broker
}

func startLasting(t testing.TB) *lasting {
	l := &lasting{t: t, dir: t.TempDir()}
	l.start()
	t.Cleanup(func() { l.broker.Close() })
	return l
}

func (l *lasting) start() {
	l.t.Helper()
	var err error
	if l.broker, err = embeddedkafka.Start(embeddedkafka.Config{Dir: l.dir, Address: l.address}); err != nil {
		l.t.Fatal(err)
	}
	l.address = l.broker.Addr()
}

func (l *lasting) stop() { l.broker.Close() }

// A broker that answers too late: acknowledged from the spool after about the time set, at once for whoever comes
// next, and within a partition the order is kept.
func TestSlowBrokerIsNotWaitedFor(t *testing.T) {
	address, control, c := slowBroker(t)
	const after = 2 * time.Second
	r := start(t, func(s *setup) { s.kafka = address }, onePartition, spoolAfter(after))
	control(6 * time.Second)
	var want []string
	for i := range 6 {
		id := fmt.Sprint("slow-", i)
		begun := time.Now()
		if g := r.post("/v1/track", track(id)); g.Status != http.StatusOK || g.Accepted != 1 {
			t.Fatalf("%s: %+v", id, g)
		}
		if took := time.Since(begun); took > 2*after || i > 0 && took > after {
			t.Errorf("%s was acknowledged after %s", id, took)
		}
		want = append(want, id)
	}
	if n := r.spooled(); n == 0 {
		t.Error("nothing is in the spool")
	}
	if err := r.svc.Ready(); err != nil {
		t.Errorf("not ready while the spool has room: %v", err)
	}
	control(0)
	r.drained()
	if g := r.post("/v1/track", track("after")); g.Status != http.StatusOK {
		t.Fatalf("%+v", g)
	}
	if got := unique(r.ids()); !slices.Equal(got, append(want, "after")) {
		t.Errorf("stored %v, want %v", got, want)
	}
	from := func(by string) float64 { return r.count("acknowledged_total", "from", by) }
	if from("spool") != 6 || from("broker") != 1 {
		t.Errorf("%v acknowledged from the spool, %v from the broker", from("spool"), from("broker"))
	}
	if a, d := r.count("spool_appended_total"), r.count("spool_drained_total"); a != 6 || d != 6 {
		t.Errorf("%v appended, %v drained", a, d)
	}
	c.Close()
}

// slowBroker answers produce requests after a time that can be set.
func slowBroker(t *testing.T) (address string, set func(time.Duration), c *kfake.Cluster) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var mu sync.Mutex
	var delay time.Duration
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		d := delay
		mu.Unlock()
		c.SleepControl(func() { <-time.After(d) })
		return nil, nil, false
	})
	return c.ListenAddrs()[0], func(d time.Duration) { mu.Lock(); delay = d; mu.Unlock() }, c
}

// A full spool is 503 with Retry-After and not ready; what it holds is safe, and there is room again when the broker is back.
func TestFullSpoolIs503(t *testing.T) {
	kafka := startLasting(t)
	r := start(t, func(s *setup) { s.kafka = kafka.address }, onePartition, spoolAfter(100*time.Millisecond), ackWithin(500*time.Millisecond),
		func(s *setup) { s.cfg.Spool.MaxBytes, s.cfg.Spool.SegmentBytes = 1<<20, 64<<10 })
	kafka.stop()
	var acked []string
	pad := strings.Repeat("x", 20<<10)
	for i := 0; ; i++ {
		id := fmt.Sprint("e", i)
		g := r.post("/v1/track", fmt.Sprintf(`{"event":"E","userId":"42","messageId":%q,"properties":{"pad":%q}}`, id, pad))
		if g.Status == http.StatusOK {
			acked = append(acked, id)
			continue
		}
		if g.Status != http.StatusServiceUnavailable || g.Error != "spool_full" || g.Header.Get("Retry-After") != "1" || g.Accepted != 0 {
			t.Fatalf("full: %+v", g)
		}
		break
	}
	if len(acked) < 30 || len(acked) > 60 {
		t.Errorf("%d events of 20 KB fit into 1 MiB", len(acked))
	}
	if err := r.svc.Ready(); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("ready: %v", err)
	}
	if resp := r.get("/healthz"); resp != http.StatusOK {
		t.Errorf("healthz %d", resp)
	}
	kafka.start()
	r.drained()
	if g := r.post("/v1/track", track("again")); g.Status != http.StatusOK {
		t.Errorf("with room again: %+v", g)
	}
	testkit.Eventually(t, time.Minute, r.svc.Ready)
	if got := unique(r.ids()); !slices.Equal(got, append(acked, "again")) {
		t.Errorf("stored %d, acknowledged %d", len(got), len(acked)+1)
	}
}

func (r *rig) get(path string) int {
	r.t.Helper()
	resp, err := http.Get(r.url + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// What is in the spool at a stop goes to Kafka when that is there, and waits for the next run when it is not.
func TestStopDrainsOrKeeps(t *testing.T) {
	kafka := startLasting(t)
	dir := t.TempDir()
	edits := []func(*setup){
		func(s *setup) { s.kafka, s.cfg.Spool.Dir = kafka.address, dir },
		onePartition, spoolAfter(100 * time.Millisecond),
	}
	r := start(t, edits...)
	r.post("/v1/track", track("before"))
	kafka.stop()
	for i := range 5 {
		if g := r.post("/v1/track", track(fmt.Sprint("e", i))); g.Status != http.StatusOK {
			t.Fatalf("%+v", g)
		}
	}
	testkit.Eventually(t, time.Minute, func() error {
		if r.count("broker_up") == 1 {
			return errors.New("the collector has not noticed")
		}
		return nil
	})
	begun := time.Now()
	if err := r.stop(); err != nil || time.Since(begun) > 3*time.Second {
		t.Fatalf("stopped after %s: %v", time.Since(begun), err)
	}
	kafka.start()
	r = start(t, edits...)
	if n := r.spooled(); n != 5 && n != 0 {
		t.Errorf("%d events wait after the restart", n)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := unique(r.ids()); !slices.Equal(got, []string{"before", "e0", "e1", "e2", "e3", "e4"}) {
		t.Errorf("stored %v", got)
	}
}

func TestTwoCollectorsOnOneSpool(t *testing.T) {
	r := start(t)
	cfg := Default()
	cfg.Address, cfg.Spool.Dir = "127.0.0.1:0", r.svc.cfg.Spool.Dir
	second, err := New(cfg, Deps{Logger: r.svc.logger, Metrics: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer("test"), Broker: r.client})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Listen(); !errors.Is(err, dirlock.ErrHeld) || !strings.Contains(err.Error(), "spool.dir of its own") {
		t.Errorf("a second collector on the spool: %v", err)
	}
}

// A record above the topic's limit is refused, alone: in the answer when Kafka is there, in the quarantine either way; nothing is held up.
func TestRecordThatKafkaDoesNotTake(t *testing.T) {
	kafka := startLasting(t)
	limitRecords(t, kafka.address, 4000)
	r := start(t, func(s *setup) { s.kafka = kafka.address }, spoolAfter(2*time.Second)) // what the broker takes too slowly would be answered from the spool
	large := func(id string) string {
		return fmt.Sprintf(`{"type":"track","event":"E","userId":"42","messageId":%q,"properties":{"pad":%q}}`, id, strings.Repeat("x", 8000))
	}
	if g := r.post("/v1/track", large("alone")); g.Status != http.StatusBadRequest || g.Error != store.NotStorable {
		t.Errorf("alone: %+v", g)
	}
	batch := func(p string) string {
		return `{"batch":[` + track(p+"-0") + `,` + large(p+"-1") + `,{"type":"track"},` + track(p+"-3") + `]}`
	}
	g := r.post("/v1/batch", batch("direct"))
	if g.Status != http.StatusOK || g.Accepted != 2 || !slices.Equal(g.reasons(), []string{store.NotStorable, decode.ReasonMissingName}) || g.Rejected[0].Index != 1 {
		t.Errorf("in a batch: %+v", g)
	}
	kafka.stop()
	if g := r.post("/v1/batch", batch("spooled")); g.Status != http.StatusOK || g.Accepted != 3 {
		t.Errorf("into the spool: %+v", g)
	}
	kafka.start()
	r.drained()
	got := unique(r.ids())
	slices.Sort(got)
	if !slices.Equal(got, []string{"direct-0", "direct-3", "spooled-0", "spooled-3"}) {
		t.Errorf("stored %v", got)
	}
	var refused []string
	for _, e := range r.rejects() {
		if e.Reason == store.NotStorable {
			refused = append(refused, e.EventId)
			if e.Source != "web" || e.ReceivedMs == 0 || !strings.Contains(e.Detail, "max.message.bytes") {
				t.Errorf("reject %v", e)
			}
		}
	}
	slices.Sort(refused)
	if refused = slices.Compact(refused); !slices.Equal(refused, []string{"alone", "direct-1", "spooled-1"}) {
		t.Errorf("in quarantine are %v", refused)
	}
}

// limitRecords makes the topics with a max.message.bytes of their own.
func limitRecords(t testing.TB, address string, limit int) {
	t.Helper()
	c := &kafka.Client{Addr: kafka.TCP(address)}
	req := &kafka.CreateTopicsRequest{}
	for _, topic := range []topics.Topic{topics.EventsRaw, topics.EventsRejected} {
		req.Topics = append(req.Topics, kafka.TopicConfig{Topic: topic.Name, NumPartitions: 2, ReplicationFactor: 1,
			ConfigEntries: []kafka.ConfigEntry{{ConfigName: "max.message.bytes", ConfigValue: fmt.Sprint(limit)}}})
	}
	if _, err := c.CreateTopics(t.Context(), req); err != nil {
		t.Fatal(err)
	}
}

// refuseUntil has the broker refuse every record until the result is set.
func refuseUntil(control func(func(kmsg.Request) (kmsg.Response, error, bool)), code *kerr.Error) *atomic.Bool {
	var taken atomic.Bool
	control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		if taken.Load() {
			return nil, nil, false
		}
		return refuseProduce(req, code.Code), nil, true
	})
	return &taken
}

// No permission to write is an outage: events wait in the spool, once each, and go on when the permission is there.
func TestNoPermissionIsAnOutage(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, onePartition, spoolAfter(3*time.Second))
	allowed := refuseUntil(control, kerr.TopicAuthorizationFailed)
	for i := range 3 {
		begun := time.Now()
		if g := r.post("/v1/track", track(fmt.Sprint("e", i))); g.Status != http.StatusOK || time.Since(begun) > 2500*time.Millisecond {
			t.Errorf("without permission: %+v after %s", g, time.Since(begun))
		}
	}
	if n := r.spooled(); n != 3 {
		t.Errorf("%d events are in the spool", n)
	}
	allowed.Store(true)
	r.drained()
	if got := r.ids(); !slices.Equal(got, []string{"e0", "e1", "e2"}) {
		t.Errorf("stored %v", got)
	}
}

// A client that hung up while the broker was slow is not spooled.
func TestHungUpClientIsNotSpooled(t *testing.T) {
	address, set, _ := slowBroker(t)
	r := start(t, func(s *setup) { s.kafka = address }, spoolAfter(600*time.Millisecond))
	set(3 * time.Second)
	client := &http.Client{Timeout: 100 * time.Millisecond}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/track", strings.NewReader(track("gone")))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(testKey, "")
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("answered")
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := r.count("requests_in_flight"); n > 0 {
			return fmt.Errorf("%v requests are in hand", n)
		}
		return nil
	})
	if n := r.spooled(); n != 0 || r.count("spool_appended_total") != 0 {
		t.Errorf("%d events were spooled for nobody", n)
	}
	set(0)
}
