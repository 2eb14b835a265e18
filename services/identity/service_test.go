package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func TestMain(m *testing.M) {
	// Pebble leaves this ticker behind when opening a database fails.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/cockroachdb/pebble/v2/vfs.(*diskHealthCheckingFS).startTickerLocked.func1"))
}

func TestAnUnknownVisitorBecomesACustomer(t *testing.T) {
	w := newWorld(t, 2)
	s := w.start(w.dir("a"))
	sent := event("e", "anonymous_id:a1")
	w.sendEvents(sent)
	got := w.waitResolved(1)["e"]
	if !proto.Equal(got.GetEvent(), sent) {
		t.Errorf("the event changed on its way: %v, sent %v", got.GetEvent(), sent)
	}
	if want := customer.ID("w", "anonymous_id", "a1", 0); got.GetCustomerId() != want {
		t.Errorf("customer %s, want %s", got.GetCustomerId(), want)
	}
	raw := w.read(topics.EventsRaw)[0]
	if got.GetRawOffset() != raw.Offset || int(got.GetRawPartition()) != raw.Partition || got.GetIdentityEpoch() != 0 {
		t.Errorf("provenance %d/%d epoch %d, want %d/%d epoch 0",
			got.GetRawPartition(), got.GetRawOffset(), got.GetIdentityEpoch(), raw.Partition, raw.Offset)
	}
	gathered(t, s.registry)
}

// What is known costs no record in the log, and what comes many times in a batch costs one.
func TestKnownIdentifiersAppendNothing(t *testing.T) {
	w := newWorld(t, 1)
	var first []string
	for range 50 {
		first = append(first, "user_id:ann anonymous_id:a1")
	}
	w.send(first...)
	s := w.start(w.dir("a"))
	w.waitResolved(50)
	if n := len(w.log()); n != 1 {
		t.Fatalf("50 equal events made %d log records, want 1", n)
	}
	w.send("user_id:ann anonymous_id:a1", "anonymous_id:a1", "user_id:ann", "user_id: user_id:ann")
	w.waitResolved(54)
	if n := len(w.log()); n != 1 {
		t.Errorf("known identifiers made %d log records, want 1", n)
	}
	if n := s.metric("dropped_identifiers_total{blocked}"); n != 1 {
		t.Errorf("%v identifiers dropped as blocked, want 1", n)
	}
}

func TestALoginMergesTheVisitorIntoTheOlderCustomer(t *testing.T) {
	w := newWorld(t, 3)
	s := w.start(w.dir("a"))
	steps := []string{"anonymous_id:laptop", "user_id:ann anonymous_id:laptop", "anonymous_id:phone", "user_id:ann anonymous_id:phone", "anonymous_id:phone"}
	for i, step := range steps { // one after the other: what comes first is the older one
		w.send(step)
		w.waitResolved(i + 1)
	}
	laptop, phone := customer.ID("w", "anonymous_id", "laptop", 0), customer.ID("w", "anonymous_id", "phone", 0)
	events := w.resolved()
	for i, want := range []string{laptop, laptop, phone, laptop, laptop} {
		if got := events[fmt.Sprintf("e%d", i)].GetCustomerId(); got != want {
			t.Errorf("event %d (%s) belongs to %s, want %s", i, steps[i], got, want)
		}
	}
	testkit.Eventually(t, soon, func() error {
		if diff := cmp.Diff(map[string]string{phone: laptop}, w.mappings()); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	for name, want := range map[string]float64{"merges_total": 1, "customers_total": 2, "links_total": 3, "events_total{resolved}": 5} {
		testkit.Eventually(t, soon, func() error {
			if got := s.metric(name); got != want {
				return fmt.Errorf("%s is %v, want %v", name, got, want)
			}
			return nil
		})
	}
}

// A second person on a shared device keeps a customer of their own; the refused link
// costs one log record, not one an event.
func TestASharedDevice(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	w.send("user_id:ann anonymous_id:tablet", "user_id:bob anonymous_id:tablet")
	events := w.waitResolved(2)
	ann, bob := events["e0"].GetCustomerId(), events["e1"].GetCustomerId()
	if ann == bob {
		t.Fatal("two user ids share a customer")
	}
	w.send("user_id:bob anonymous_id:tablet", "user_id:bob anonymous_id:tablet", "anonymous_id:tablet")
	events = w.waitResolved(5)
	if events["e3"].GetCustomerId() != bob || events["e4"].GetCustomerId() != ann {
		t.Errorf("later events went to %s and %s", events["e3"].GetCustomerId(), events["e4"].GetCustomerId())
	}
	if n := len(w.log()); n != 2 {
		t.Errorf("%d log records, want 2", n)
	}
	if n := s.metric("dropped_identifiers_total{unique_conflict}"); n != 3 {
		t.Errorf("%v identifiers dropped, want 3", n)
	}
}

// All events of one order meet, whoever sent them, byte for byte as they left for their customers; what has no number stays away.
func TestOrderEventsMeetByTheirNumber(t *testing.T) {
	w := newWorld(t, 3)
	w.start(w.dir("a"))
	buy := func(id, number, name string) *eventv1.Event {
		e := event(id, name)
		e.Order = &eventv1.Order{OrderId: number, Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED}
		return e
	}
	copied := buy("server", "O1", "user_id:ann")
	w.sendEvents(buy("browser", "O1", "anonymous_id:a"), copied, copied, buy("other", "O2", "user_id:bob"), buy("numberless", "", "user_id:bob"), event("none", "user_id:ann"))
	resolved := w.waitResolved(5)
	testkit.Eventually(t, soon, func() error {
		recs := w.read(topics.OrderEvents)
		got := map[string]string{} // event id: key
		partitions := map[string]int{}
		for i, e := range decode[eventv1.ResolvedEvent](t, recs) {
			id, key := e.GetEvent().GetEventId(), string(recs[i].Key)
			if !proto.Equal(e, resolved[id]) {
				return fmt.Errorf("event %s left as %v and as %v", id, resolved[id], e)
			}
			if p, ok := partitions[key]; ok && p != recs[i].Partition {
				return fmt.Errorf("order %q is in two partitions", key)
			}
			got[id], partitions[key] = key, recs[i].Partition
		}
		want := map[string]string{"browser": string(order.Key("w", "O1")), "server": string(order.Key("w", "O1")), "other": string(order.Key("w", "O2"))}
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

func TestDuplicatesAreDroppedAcrossARestart(t *testing.T) {
	w := newWorld(t, 2)
	dir := w.dir("a")
	s := w.start(dir)
	first, second := event("same", "user_id:ann"), event("other", "user_id:ann")
	elsewhere := event("same", "user_id:ann")
	elsewhere.Workspace = "v"
	w.sendEvents(first, first, second)
	w.waitResolved(2)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = w.start(dir)
	w.sendEvents(first, second)
	last := event("last", "user_id:ann")
	w.sendEvents(last)
	w.waitResolved(3)
	s.waitDuplicates(t, 2) // they may lie in other partitions than what was resolved
	// With the local stores lost, the changelog still knows.
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = w.start(w.dir("b"))
	w.sendEvents(first, event("end", "user_id:ann"))
	w.waitResolved(4)
	s.waitDuplicates(t, 1)
	w.sendEvents(elsewhere)
	testkit.Eventually(t, soon, func() error {
		places := map[[2]int64]string{} // outputs may leave twice: see package stream
		for _, e := range decode[eventv1.ResolvedEvent](t, w.read(topics.EventsResolved)) {
			places[[2]int64{int64(e.GetRawPartition()), e.GetRawOffset()}] = e.GetEvent().GetWorkspace() + " " + e.GetEvent().GetEventId()
		}
		if len(places) != 5 {
			return fmt.Errorf("resolved %v, want 5: the same id in another workspace is another event", places)
		}
		return nil
	})
}

func TestWhatCannotBeResolved(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	nobody, broken := event("nobody", "user_id:", "anonymous_id:"), event("broken", "user_id:ann")
	broken.ReceivedMs = 0
	w.sendEvents(nobody, broken, nobody)
	garbage := broker.Message{Topic: topics.EventsRaw.Name, Key: []byte("k"), Value: []byte("\xff\xff")}
	if err := w.producer.Produce(t.Context(), garbage); err != nil {
		t.Fatal(err)
	}
	w.send("user_id:ann") // the neighbour arrives
	w.waitResolved(1)

	rejected := decode[eventv1.RejectedEvent](t, w.read(topics.EventsRejected))
	if len(rejected) != 1 {
		t.Fatalf("%d events rejected, want 1", len(rejected))
	}
	r := rejected[0]
	if r.GetEventId() != "nobody" || r.GetReason() != "no_identifier" || r.GetRejectedBy() != "identity" || r.GetSource() != "web" ||
		!strings.Contains(string(r.GetPayload()), `"Page Viewed"`) {
		t.Errorf("rejected as %v", r)
	}
	dead := w.read(topics.DeadLetter(topics.EventsRaw))
	if len(dead) != 2 || !strings.Contains(string(dead[0].Header("error")), "received_ms") {
		t.Errorf("dead letters: %v", dead)
	}
	if n := s.metric("events_total{duplicate}"); n != 1 {
		t.Errorf("the second copy of a rejected event: %v duplicates, want 1", n)
	}
	if n := len(w.log()); n != 1 {
		t.Errorf("%d log records, want 1", n)
	}
}

// History is resolved like any event and is no measure of freshness; traces go along.
func TestHistoryAndTraces(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	past := event("past", "user_id:ann")
	past.History = true
	live := rawMessage(t, event("live", "user_id:ann"))
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	live.Headers = broker.Headers("traceparent", parent)
	if err := w.producer.Produce(t.Context(), rawMessage(t, past), live); err != nil {
		t.Fatal(err)
	}
	w.waitResolved(2)
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "freshet_freshness_seconds" {
			if h := f.GetMetric()[0].GetHistogram(); h.GetSampleCount() != 1 || h.GetSampleSum() > 30 {
				t.Errorf("freshness: %d samples, sum %v, want 1 live event", h.GetSampleCount(), h.GetSampleSum())
			}
		}
	}
	for _, rec := range w.read(topics.EventsResolved) {
		trace := string(rec.Header("traceparent"))
		if isLive := strings.Contains(string(rec.Value), "live"); isLive != (trace == parent) {
			t.Errorf("record %q has the trace %q", rec.Value, trace)
		}
	}
}

func TestAServiceThatIsToldToStopAtOnce(t *testing.T) {
	w := newWorld(t, 1)
	cfg := Default()
	cfg.Dir = w.dir("a")
	s, err := New(cfg, Deps{Logger: quiet(), Metrics: prometheus.NewRegistry(), Broker: w.client})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Errorf("a stop before the start: %v", err)
	}
	if s.Ready() == nil {
		t.Error("a service that has stopped is ready")
	}
}
