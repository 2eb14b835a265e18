package feature

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

// bench drives one handler through batches in memory and notes what it emits.
type bench struct {
	t      *testing.T
	h      *handler
	world  *world
	offset int64
}

// tracedTx is a memoryTx with the trace of the record in hand.
type tracedTx struct {
	memoryTx
	trace []byte
}

func (tx *tracedTx) Traceparent() []byte { return tx.trace }

func newBench(t *testing.T) *bench {
	return &bench{t: t, h: newHandler(smallBook.copy(), testMetrics(t)), world: &world{
		kept: smallBook, now: oracle.Epoch, parts: 1, tasks: []*memoryTask{{kv: map[string][]byte{}, timers: map[string]int64{}}},
	}}
}

// reads is a number of a customer's record as of now.
func (b *bench) reads(c customerID, name string) int64 {
	b.t.Helper()
	rec, err := decodeRecord(smallBook.engine, b.world.tasks[0].kv[string(c[:])], nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return smallBook.copy().at(rec, b.world.now.UnixMilli())[smallBook.catalog.Feature(name).Position].Int
}

func id(n int) string { return customer.ID("default", "user_id", fmt.Sprint(n), 0) }

// input is one record of a batch; trace is its traceparent.
type input struct {
	topic topics.Topic
	key   string
	value proto.Message
	trace string
}

// event makes the next event of a customer.
func (b *bench) event(customer string, edit func(*eventv1.Event)) input {
	b.offset++
	e := &eventv1.Event{
		EventId: fmt.Sprint(b.offset), Workspace: "default", Type: eventv1.EventType_EVENT_TYPE_PAGE,
		OccurredMs: b.world.now.UnixMilli(), ReceivedMs: b.world.now.UnixMilli(),
	}
	if edit != nil {
		edit(e)
	}
	return input{topic: topics.EventsResolved, key: customer, value: &eventv1.ResolvedEvent{Event: e, CustomerId: customer, RawOffset: b.offset}}
}

func merge(from, to string, epoch int64) input {
	return input{topic: topics.IdentityMappings, key: from,
		value: &identityv1.Mapping{Workspace: "default", FromCustomerId: from, ToCustomerId: to, Epoch: epoch}}
}

// batch folds records and returns what was emitted. A record that is dead-lettered
// fails the test unless permanent is set, which gets its error.
func (b *bench) batch(permanent *error, records ...input) []broker.Message {
	b.t.Helper()
	tx := &tracedTx{memoryTx: memoryTx{w: b.world, task: b.world.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}}
	for key, at := range b.world.tasks[0].timers {
		if at <= b.world.now.UnixMilli() {
			tx.timers[key] = 0
			if err := b.h.timer(tx, []byte(key)); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for _, r := range records {
		value, err := proto.Marshal(r.value)
		if err != nil {
			b.t.Fatal(err)
		}
		tx.trace = nil
		if r.trace != "" {
			tx.trace = []byte(r.trace)
		}
		err = b.h.process(tx, broker.Record{Topic: r.topic.Name, Key: []byte(r.key), Value: value})
		switch {
		case err != nil && permanent != nil && stream.IsPermanent(err):
			*permanent = err
		case err != nil:
			b.t.Fatal(err)
		}
	}
	tx.trace = nil
	if err := b.h.batch.flush(tx); err != nil {
		b.t.Fatal(err)
	}
	tx.commit()
	return tx.out
}

// story tells what sets were published, one line each.
func story(t *testing.T, out []broker.Message) []string {
	t.Helper()
	var lines []string
	for _, m := range out {
		if m.Topic != topics.Features.Name {
			continue
		}
		fs := &featurev1.FeatureSet{}
		if err := proto.Unmarshal(m.Value, fs); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("v%d %s hour=%d", fs.Version, fs.Reason.String()[len("CHANGE_REASON_"):], smallBook.of(fs, "events_1h"))
		if fs.History {
			line += " history"
		}
		if fs.ReceivedMs != 0 {
			line += fmt.Sprintf(" received=%d", fs.ReceivedMs-oracle.Epoch.UnixMilli())
		}
		if fs.MergedInto != "" {
			line += " merged"
		}
		for _, h := range m.Headers {
			line += " " + h.Key + "=" + string(h.Value)
		}
		lines = append(lines, line)
	}
	return lines
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sets published (-want +got):\n%s", diff)
	}
}

func asHistory(e *eventv1.Event) { e.History = true }

func TestOneSetForEachRunOfLikeChanges(t *testing.T) {
	b := newBench(t)
	received := func(ms int64) func(*eventv1.Event) {
		return func(e *eventv1.Event) { e.ReceivedMs += ms }
	}
	expect(t, story(t, b.batch(nil, b.event(id(1), received(9)), b.event(id(1), received(5)), b.event(id(1), received(7)))),
		"v1 EVENT hour=3 received=5")
	expect(t, story(t, b.batch(nil, b.event(id(1), asHistory), b.event(id(1), asHistory), b.event(id(1), received(3)), b.event(id(1), asHistory))),
		"v2 EVENT hour=5 history", "v3 EVENT hour=6 received=3", "v4 EVENT hour=7 history")
}

// The set carries the trace of the first sampled record in it.
func TestSetsCarryTheTrace(t *testing.T) {
	b := newBench(t)
	none, one, two := b.event(id(1), nil), b.event(id(1), nil), b.event(id(1), nil)
	one.trace, two.trace = "first", "second"
	expect(t, story(t, b.batch(nil, none, one, two, b.event(id(2), nil))),
		"v1 EVENT hour=3 received=0 traceparent=first", "v1 EVENT hour=1 received=0")
}

func TestMergeIsNotMixedWithEvents(t *testing.T) {
	b := newBench(t)
	out := b.batch(nil, b.event(id(1), nil), b.event(id(2), nil), merge(id(2), id(1), 1), b.event(id(2), nil))
	expect(t, story(t, out), "v1 EVENT hour=1 received=0", "v2 MERGE hour=0 merged", "v1 EVENT hour=1 received=0")
	var next []input
	for _, m := range out {
		if m.Topic == topics.FeatureHandover.Name {
			h := &featurev1.Handover{}
			if err := proto.Unmarshal(m.Value, h); err != nil {
				t.Fatal(err)
			}
			next = append(next, input{topic: topics.FeatureHandover, key: string(m.Key), value: h})
		}
	}
	if len(next) != 2 {
		t.Fatalf("%d records handed over, want the state and one straggler", len(next))
	}
	next = append([]input{b.event(id(1), nil)}, next...)
	expect(t, story(t, b.batch(nil, append(next, next...)...)),
		"v2 EVENT hour=2 received=0", "v3 MERGE hour=3", "v4 EVENT hour=4 received=0")
	expect(t, story(t, b.batch(nil, merge(id(2), id(3), 2), merge(id(2), id(1), 1))), "v3 MERGE hour=0 merged")
}

// What an order adds and takes is told like an event, once, as history when the event that did it is; and follows a merged customer.
func TestChangesOfOrders(t *testing.T) {
	b := newBench(t)
	change := func(sequence int64, history bool, taken, added *orderv1.Posting) input {
		c := &orderv1.Change{Workspace: "default", OrderId: "O", CustomerId: id(1), Partition: 0, Sequence: sequence, History: history, ReceivedMs: oracle.Epoch.UnixMilli() + sequence}
		if taken != nil {
			c.Taken = append(c.Taken, taken)
		}
		if added != nil {
			c.Added = append(c.Added, added)
		}
		return input{topic: topics.OrderPostings, key: id(1), value: c}
	}
	sale := func(spend int64) *orderv1.Posting {
		return &orderv1.Posting{CustomerId: id(1), AtMs: oracle.Epoch.UnixMilli(), Orders: 1, SpendMicros: spend}
	}
	spend := func(customer string) int64 {
		c, err := parseID(customer)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.reads(c, "orders_1h"); got != 1 {
			t.Errorf("%d orders, want 1", got)
		}
		return b.reads(c, "spend_1h")
	}
	first := change(1, true, nil, sale(5))
	expect(t, story(t, b.batch(nil, b.event(id(1), nil), first, first)), "v1 EVENT hour=1 received=0", "v2 EVENT hour=1 history")
	expect(t, story(t, b.batch(nil, first, change(2, false, sale(5), sale(7)))), "v3 EVENT hour=1 received=2")
	if got := spend(id(1)); got != 7 {
		t.Errorf("spend %d, want 7", got)
	}
	var next []input
	for _, m := range b.batch(nil, merge(id(1), id(2), 1), change(2, false, sale(5), sale(7)), change(3, false, sale(7), sale(9))) {
		if m.Topic == topics.FeatureHandover.Name {
			h := &featurev1.Handover{}
			if err := proto.Unmarshal(m.Value, h); err != nil {
				t.Fatal(err)
			}
			next = append(next, input{topic: topics.FeatureHandover, key: string(m.Key), value: h})
		}
	}
	b.batch(nil, append(next, next...)...)
	if got := spend(id(2)); got != 9 {
		t.Errorf("spend after the merge %d, want 9", got)
	}
}

// A customer of whom nobody heard is buried without a word.
func TestMergeOfUnknownCustomer(t *testing.T) {
	b := newBench(t)
	out := b.batch(nil, merge(id(2), id(1), 1), merge(id(2), id(1), 1))
	if len(out) != 1 || out[0].Topic != topics.FeatureHandover.Name || string(out[0].Key) != id(1) {
		t.Fatalf("emitted %v, want an empty handover and nothing else", out)
	}
	if out := b.batch(nil, b.event(id(2), nil)); len(out) != 1 || string(out[0].Key) != id(1) {
		t.Fatalf("straggler went to %v", out)
	}
}

func TestTimePublishesOnlyChanges(t *testing.T) {
	b := newBench(t)
	b.batch(nil, b.event(id(1), nil))
	wait := func(d time.Duration) []string {
		b.world.now = b.world.now.Add(d)
		return story(t, b.batch(nil))
	}
	expect(t, wait(65*time.Minute-time.Millisecond))
	expect(t, wait(time.Millisecond), "v2 TIME hour=0")
	expect(t, wait(23*time.Hour))
	expect(t, wait(time.Hour), "v3 TIME hour=0")
	expect(t, wait(400*24*time.Hour), "v4 TIME hour=0") // three windows at once: the clock leapt
	if left := b.world.tasks[0].timers; len(left) != 0 {
		t.Errorf("timers left: %v", left)
	}
}

// A window that slid is told of before the history that found it so: else the change
// would look like history and fire nothing.
func TestSlidWindowIsNotHistory(t *testing.T) {
	b := newBench(t)
	b.batch(nil, b.event(id(1), nil))
	b.world.now = b.world.now.Add(2 * time.Hour)
	clear(b.world.tasks[0].timers) // it waits behind others
	expect(t, story(t, b.batch(nil, b.event(id(1), asHistory))), "v2 TIME hour=0", "v3 EVENT hour=1 history")
}

// Records that can never be folded are refused for good, and leave their neighbours unharmed.
func TestBadRecords(t *testing.T) {
	handed := func(key string, h *featurev1.Handover) input {
		return input{topic: topics.FeatureHandover, key: key, value: h}
	}
	state := func(from string, record []byte) *featurev1.Handover {
		return &featurev1.Handover{What: &featurev1.Handover_State{State: &featurev1.MergedState{FromCustomerId: from, Record: record}}}
	}
	b := newBench(t)
	grave := (&record{gone: &tombstone{}}).encode()
	misplaced, misled := b.event(id(1), nil), merge(id(1), id(2), 1)
	misplaced.key, misled.key = id(2), id(2)
	change := func(key, customer string) input {
		return input{topic: topics.OrderPostings, key: key, value: &orderv1.Change{OrderId: "O", CustomerId: customer, Sequence: 1, Added: []*orderv1.Posting{{AtMs: 1, Orders: 1}}}}
	}
	cases := map[string]input{
		"change under another key":  change(id(1), id(2)),
		"change of nobody":          change("", ""),
		"handed change of nobody":   handed(id(1), &featurev1.Handover{What: &featurev1.Handover_Change{Change: &orderv1.Change{}}}),
		"event under another key":   misplaced,
		"mapping under another key": misled,
		"event without a customer":  b.event("", nil),
		"event in capitals":         b.event("6F96BE2D0D2FF81C7FE5E2E4E7B3EC3C", nil),
		"event without type":        b.event(id(1), func(e *eventv1.Event) { e.Type = 0 }),
		"event of a future type":    b.event(id(1), func(e *eventv1.Event) { e.Type = 99 }),
		"event without time":        b.event(id(1), func(e *eventv1.Event) { e.OccurredMs = 0 }),
		"no event":                  {topic: topics.EventsResolved, value: &eventv1.ResolvedEvent{CustomerId: id(1)}},
		"mapping from nobody":       merge("", id(1), 1),
		"mapping to nobody":         merge(id(1), "x", 1),
		"mapping to itself":         merge(id(1), id(1), 1),
		"handover to nobody":        handed("", state(id(1), nil)),
		"handover of nothing":       handed(id(1), &featurev1.Handover{}),
		"handover from nobody":      handed(id(1), state("", nil)),
		"handover from itself":      handed(id(1), state(id(1), nil)),
		"handover of a torn record": handed(id(1), state(id(2), []byte{1, 2, 3})),
		"handover of a tombstone":   handed(id(1), state(id(2), grave)),
		"record of another topic":   {topic: topics.EventsRaw, value: &eventv1.Event{}},
	}
	for name, bad := range cases {
		b := newBench(t)
		var err error
		out := b.batch(&err, b.event(id(1), nil), bad, b.event(id(1), nil))
		if err == nil {
			t.Errorf("%s: not refused", name)
		}
		if got := story(t, out); len(got) != 1 || got[0] != "v1 EVENT hour=2 received=0" {
			t.Errorf("%s: published %q", name, got)
		}
	}
	tx := &memoryTx{w: b.world, task: b.world.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}
	if err := b.h.process(tx, broker.Record{Topic: topics.EventsResolved.Name, Value: []byte{0xff}}); !stream.IsPermanent(err) {
		t.Errorf("bytes that are no message: %v", err)
	}
}

// Tombstones that point at each other, which must not happen, do not pass a record
// round for ever.
func TestCycleOfTombstonesEnds(t *testing.T) {
	b := newBench(t)
	b.batch(nil, merge(id(1), id(2), 1), merge(id(2), id(1), 2))
	var refused error
	next := []input{b.event(id(1), nil)}
	for range maxHops + 1 {
		out := b.batch(&refused, next...)
		if refused != nil {
			return
		}
		h := &featurev1.Handover{}
		if err := proto.Unmarshal(out[0].Value, h); err != nil {
			t.Fatal(err)
		}
		next = []input{{topic: topics.FeatureHandover, key: string(out[0].Key), value: h}}
	}
	t.Fatal("the event is still going round")
}

// A batch of very large customers is written in pieces, each small enough to commit.
func TestLargeBatchIsRelieved(t *testing.T) {
	b := newBench(t)
	tx := &tracedTx{memoryTx: memoryTx{w: b.world, task: b.world.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}}
	for n := range relieveAt/1024 + 1 {
		value, err := proto.Marshal(b.event(id(n), nil).value)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.h.process(tx, broker.Record{Topic: topics.EventsResolved.Name, Key: []byte(id(n)), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	if len(tx.out) != relieveAt/1024 {
		t.Fatalf("%d sets written early, want %d", len(tx.out), relieveAt/1024)
	}
}
