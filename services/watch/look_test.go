package watch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// send puts records into a topic.
func send(t testing.TB, b *broker.Client, topic topics.Topic, list ...proto.Message) {
	t.Helper()
	var msgs []broker.Message
	for _, m := range list {
		value, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: topic.Name, Key: []byte("k"), Value: value})
	}
	if err := b.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
}

func event(source string, history bool) *eventv1.Event {
	return &eventv1.Event{EventId: "e", Workspace: "default", Source: source, ReceivedMs: time.Now().UnixMilli(), History: history}
}

func same(t *testing.T, when string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: breaching %q, want %q", when, got, want)
	}
}

// TestHistoryAloneNeverBreaches: an import that nobody reads is no breach, however long it stands; a live event behind it is, though a look
// reads only so many records: more, once those at the front have waited for longer than a line.
func TestHistoryAloneNeverBreaches(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	w := newWatch(t, b, func(c *Config) { c.ScanRecords = 10 })
	for _, e := range w.eyes {
		e.fetch.MaxBytes = 1 // a batch at a time
	}
	for range 100 { // each a batch, which a fetch takes whole
		send(t, b, topics.EventsRaw, slices.Repeat([]proto.Message{event("web", true)}, 10)...)
	}
	w.clock.jump(24 * time.Hour)
	for range 3 {
		w.look(t.Context())
	}
	same(t, "history alone", w.breaching())
	if err := w.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if lag, _ := w.gauge(t, "freshet_freshness_lag_records", stageIdentity); lag != 1000 {
		t.Errorf("lag %g, want 1000", lag)
	}
	send(t, b, topics.EventsRaw, event("web", false))
	w.clock.jump(9 * time.Minute)
	for range 3 {
		w.look(t.Context())
	}
	same(t, "a live event behind it", w.breaching())
	w.clock.jump(11 * time.Minute)
	for range 5 { // 10 and 200 records each
		w.look(t.Context())
	}
	same(t, "a live event behind it", w.breaching(), "identity behaviour late", "warehouse behaviour late")
	if err := w.Ready(); err == nil || !strings.Contains(err.Error(), "identity is late (behaviour) since") {
		t.Errorf("ready: %v", err)
	}
	if on, _ := w.gauge(t, "freshet_freshness_breached", stageIdentity, "behaviour", "late"); on != 1 {
		t.Errorf("breached is %g", on)
	}
}

// TestEachGradeHasItsLine: the sources file says whose events are core data, and a change of it counts at once.
func TestEachGradeHasItsLine(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	file := filepath.Join(t.TempDir(), "sources.yaml")
	sources := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sources("sources: [{name: erp, grade: core}]")
	w := newWatch(t, b, func(c *Config) {
		c.SourcesFile, c.Grades = file, map[string]string{"till": "core"}
		c.Stages = map[string]Lines{stageWarehouse: {Behaviour: time.Hour, Core: 100 * time.Hour}}
	})
	at := func(ahead time.Duration, want ...string) {
		t.Helper()
		w.clock.jump(ahead)
		w.look(t.Context())
		same(t, ahead.String(), w.breaching(), want...)
	}
	send(t, b, topics.EventsRaw, event("erp", false), event("till", false))
	at(119 * time.Minute)
	at(121*time.Minute, "identity core late")
	send(t, b, topics.EventsRaw, event("web", false))
	at(121*time.Minute, "identity core late", "identity behaviour late", "warehouse behaviour late")
	sources("sources: [{name: erp, grade: core}, {name: web, grade: core}]")
	at(11 * time.Minute)
	sources("sources: [{name: erp, grade: core}]") // what was searched already is searched anew
	at(11*time.Minute, "identity behaviour late")
	sources("sources: [{name: erp, grade: core}, {name: web, grade: core}]")
	at(11 * time.Minute)
	sources("sources: [{name: erp, grade: silver}]") // faulty: those before stay
	at(11 * time.Minute)
}

// TestWhereRecordsDoNotSayStandingStillCounts: a merge that nobody takes up is told, one that is being worked on is not.
func TestWhereRecordsDoNotSayStandingStillCounts(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	w := newWatch(t, b, nil)
	send(t, b, topics.IdentityMappings, &eventv1.Event{})
	w.look(t.Context())
	same(t, "just came", w.breaching())
	w.clock.jump(9 * time.Minute)
	w.look(t.Context())
	same(t, "9 minutes", w.breaching())
	w.clock.jump(11 * time.Minute)
	w.look(t.Context())
	same(t, "11 minutes", w.breaching(), "feature any late", "recommendation any late", "warehouse any late")
}

// TestAnAlertIsItsEndpointsOwn: what waits for another endpoint does not count, and an alert that time caused is as old as its transition.
func TestAnAlertIsItsEndpointsOwn(t *testing.T) {
	other := &segmentationv1.Alert{AlertId: "1", Endpoint: "crm", Transition: &segmentationv1.Transition{ReceivedMs: time.Now().UnixMilli()}}
	mine := &segmentationv1.Alert{AlertId: "2", Endpoint: "pager", Transition: &segmentationv1.Transition{AtMs: time.Now().UnixMilli()}}
	for name, c := range map[string]struct {
		alerts []proto.Message
		want   []string
	}{
		"of another":    {[]proto.Message{other}, nil},
		"behind others": {[]proto.Message{other, mine}, []string{"alerts any late"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := testkit.Broker(t, topics.All()...)
			w := newWatch(t, b, nil)
			eye := w.eyes[len(w.eyes)-1]
			eye.stage.queues = eye.stage.queues[1:] // without the group of what has no endpoint, which stands too
			send(t, b, topics.Alerts, c.alerts...)
			w.clock.jump(11 * time.Minute)
			w.look(t.Context())
			same(t, name, w.breaching(), c.want...)
		})
	}
}

// TestACollectorThatIsGoneIsTold: what is in its spool nobody knows.
func TestACollectorThatIsGoneIsTold(t *testing.T) {
	b := testkit.Broker(t, topics.All()...)
	w := newWatch(t, b, func(c *Config) { c.Collectors = []string{"http://127.0.0.1:1/metrics"} })
	w.look(t.Context())
	w.clock.jump(90 * time.Second) // the looks take time of their own
	w.look(t.Context())
	same(t, "for less than two minutes", w.breaching())
	w.clock.jump(121 * time.Second)
	w.look(t.Context())
	same(t, "for longer", w.breaching(), "collector any unseen")
	if _, shown := w.gauge(t, "freshet_freshness_age_seconds", stageCollector, "any"); shown {
		t.Error("an age is shown that nobody knows")
	}
}

// TestABrokerThatIsGoneIsTold by requests of the watch's own: as one breach, not one for each stage behind it, and what was open stays open.
func TestABrokerThatIsGoneIsTold(t *testing.T) {
	dir := t.TempDir()
	k, err := embeddedkafka.Start(embeddedkafka.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	address := k.Addr()
	b, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{address}, Partitions: 1}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.EnsureTopics(t.Context(), topics.All()...); err != nil {
		t.Fatal(err)
	}
	w := newWatch(t, b, nil)
	w.run(t)
	send(t, b, topics.EventsRaw, event("web", false))
	w.clock.jump(11 * time.Minute)
	w.hook.wait(0, "breached identity late")
	w.hook.wait(0, "breached warehouse late")
	k.Close()
	testkit.Eventually(t, soon, func() error { // the watch must have met its absence before the clock goes on
		if _, shown := w.gauge(t, "freshet_freshness_age_seconds", stageIdentity, "behaviour"); shown {
			return os.ErrExist
		}
		return nil
	})
	w.clock.jump(14 * time.Minute)
	w.hook.wait(2, "breached broker unseen")
	same(t, "without a broker", w.breaching(), "broker any unseen", "identity behaviour late", "warehouse behaviour late")
	k, err = embeddedkafka.Start(embeddedkafka.Config{Dir: dir, Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	w.hook.wait(3, "restored broker unseen")
	same(t, "the broker is back", w.breaching(), "identity behaviour late", "warehouse behaviour late")
	if all := w.hook.all(); len(all) != 4 {
		t.Errorf("told %q", all)
	}
}
