package loop

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// memory is a partition in memory.
type memory struct {
	now    time.Time
	state  map[string][]byte
	timers map[string]time.Time
	out    []broker.Message
}

func (m *memory) Now() time.Time    { return m.now }
func (m *memory) Passed() time.Time { return m.now.Add(-time.Hour) }
func (m *memory) Get(key []byte) ([]byte, bool, error) {
	v, ok := m.state[string(key)]
	return v, ok, nil
}
func (m *memory) Set(key, value []byte)              { m.state[string(key)] = value }
func (m *memory) Delete(key []byte)                  { delete(m.state, string(key)) }
func (m *memory) SetTimer(key []byte, due time.Time) { m.timers[string(key)] = due }
func (m *memory) ClearTimer(key []byte)              { delete(m.timers, string(key)) }
func (m *memory) Emit(x broker.Message)              { m.out = append(m.out, x) }
func (m *memory) Scan(prefix, _ []byte, fn func(k, v []byte) (bool, error)) error {
	var keys []string
	for k := range m.state {
		if strings.HasPrefix(k, string(prefix)) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if more, err := fn([]byte(k), m.state[k]); err != nil || !more {
			return err
		}
	}
	return nil
}

// bench is a task over a partition in memory.
type bench struct {
	*memory
	t    *testing.T
	task *task
	ids  *ids
}

// start is when benches begin.
var start = time.UnixMilli(1_790_000_000_000)

func newBench(t *testing.T) *bench {
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{memory: &memory{now: start, state: map[string][]byte{}, timers: map[string]time.Time{}}, t: t, ids: newIDs([]byte(testSecret))}
	b.task = &task{cfg: Default(), metrics: m, entries: map[string]*entry{}, parse: func(w, id string) (string, bool) {
		_, c, ok := b.ids.parse(w, id)
		return c, ok
	}}
	return b
}

// fold takes one message as a batch of its own.
func (b *bench) fold(topic topics.Topic, key string, m proto.Message) {
	b.t.Helper()
	value, err := proto.Marshal(m)
	must(b.t, err)
	must(b.t, b.task.process(b, broker.Record{Topic: topic.Name, Key: []byte(key), Value: value}))
	must(b.t, b.task.flush(b))
}

// pass lets time pass, and fires the timers that are due.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	b.now = b.now.Add(d)
	for k, due := range b.timers {
		if !due.After(b.now) {
			delete(b.timers, k)
			must(b.t, b.task.timer(b, []byte(k)))
		}
	}
	must(b.t, b.task.flush(b))
}

// told reads what was told: "click r1/2 i2", "undone purchase r1/1 i1 5".
func (b *bench) told() (list []string) {
	b.t.Helper()
	for _, m := range b.out {
		if m.Topic != topics.RecommendationOutcomes.Name {
			continue
		}
		o := &recommendationv1.Outcome{}
		must(b.t, proto.Unmarshal(m.Value, o))
		text := strings.ToLower(strings.TrimPrefix(o.Kind.String(), "FEEDBACK_KIND_")) + " " + o.Variant + " " + o.ItemId
		if o.Undone {
			text = "undone " + text
		}
		if o.Kind != kindImpression {
			list = append(list, text)
		}
	}
	return list
}

// give gives a list of items, called by its variant, some time ago.
func (b *bench) give(name string, ago time.Duration, items ...string) *recommendationv1.Answer {
	at := b.now.Add(-ago).UnixMilli()
	a := &recommendationv1.Answer{RequestId: b.ids.make("default", testID, at), CustomerId: testID, Workspace: "default", Scene: "home", Variant: name, AtMs: at}
	for _, i := range items {
		a.Items = append(a.Items, &recommendationv1.AnswerItem{ItemId: i, Source: "taste"})
	}
	b.fold(topics.Recommendations, testID, a)
	return a
}

// touch has the visitor do something now.
func (b *bench) touch(kind recommendationv1.TouchKind, item string, edit func(*recommendationv1.Touch)) {
	b.t.Helper()
	m := &recommendationv1.Touch{Workspace: "default", CustomerId: testID, ItemId: item, Kind: kind, AtMs: b.now.UnixMilli(), EventId: "e-" + item + kind.String(), Line: 1}
	if kind == buys {
		m.OrderId, m.ValueMicros = "n1", proto.Int64(5_000_000)
	}
	if edit != nil {
		edit(m)
	}
	b.fold(topics.Touches, testID, m)
}

const (
	views = recommendationv1.TouchKind_TOUCH_KIND_VIEW
	carts = recommendationv1.TouchKind_TOUCH_KIND_CART
	buys  = recommendationv1.TouchKind_TOUCH_KIND_BUY
)

func from(a *recommendationv1.Answer) func(*recommendationv1.Touch) {
	return func(m *recommendationv1.Touch) { m.RequestId = a.RequestId }
}

func TestAttribution(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		do   func(b *bench)
		want []string
	}{
		"a view that names the list is a click, once": {func(b *bench) {
			a := b.give("a", time.Hour, "x")
			b.touch(views, "x", from(a))
			b.touch(views, "x", from(a))
		}, []string{"click a x"}},
		"a view that names none is not":            {func(b *bench) { b.give("a", time.Minute, "x"); b.touch(views, "x", nil) }, nil},
		"a purchase of what was seen a moment ago": {func(b *bench) { b.give("a", time.Hour, "x"); b.touch(buys, "x", nil) }, []string{"purchase a x"}},
		"seen in two lists: the later":             {func(b *bench) { b.give("a", 2*time.Hour, "x"); b.give("b", time.Hour, "x"); b.touch(buys, "x", nil) }, []string{"purchase b x"}},
		"of what was seen two days ago":            {func(b *bench) { b.give("a", 2*day, "x"); b.touch(buys, "x", nil) }, nil},
		"of what was chosen five days ago": {func(b *bench) {
			a := b.give("a", 0, "x")
			b.touch(views, "x", from(a))
			b.now = b.now.Add(5 * day)
			b.touch(buys, "x", nil)
		}, []string{"click a x", "purchase a x"}},
		"chosen before, seen since: where it was chosen": {func(b *bench) {
			a := b.give("a", 2*time.Hour, "x")
			b.touch(views, "x", from(a))
			b.give("b", 0, "x")
			b.touch(buys, "x", nil)
		}, []string{"click a x", "purchase a x"}},
		"of what stood in no list":      {func(b *bench) { b.give("a", time.Hour, "x"); b.touch(buys, "y", nil) }, nil},
		"a cart, and then its purchase": {func(b *bench) { b.give("a", time.Hour, "x"); b.touch(carts, "x", nil); b.touch(buys, "x", nil) }, []string{"cart a x", "purchase a x"}},
		"the same order from another event": {func(b *bench) {
			b.give("a", time.Hour, "x")
			b.touch(buys, "x", nil)
			b.touch(buys, "x", func(m *recommendationv1.Touch) { m.EventId = "server" })
		}, []string{"purchase a x"}},
		"the click comes after the purchase was told": {func(b *bench) {
			a := b.give("a", 2*time.Hour, "x")
			b.give("b", time.Hour, "x")
			b.touch(buys, "x", nil)
			b.touch(views, "x", func(m *recommendationv1.Touch) { m.RequestId, m.AtMs = a.RequestId, m.AtMs-60_000 })
		}, []string{"purchase b x", "click a x", "undone purchase b x", "purchase a x"}},
		"the list comes after the purchase": {func(b *bench) { b.touch(buys, "x", nil); b.give("a", time.Minute, "x") }, []string{"purchase a x"}},
		"the order is undone": {func(b *bench) {
			b.give("a", time.Hour, "x")
			b.touch(buys, "x", nil)
			b.touch(buys, "x", func(m *recommendationv1.Touch) { m.Undone = true })
			b.touch(buys, "x", nil)
		}, []string{"purchase a x", "undone purchase a x"}},
		"a part is given back": {func(b *bench) {
			b.give("a", time.Hour, "x")
			b.touch(buys, "x", nil)
			b.touch(recommendationv1.TouchKind_TOUCH_KIND_RETURN, "x", func(m *recommendationv1.Touch) { m.OrderId, m.ValueMicros = "n1", proto.Int64(2_000_000) })
		}, []string{"purchase a x", "undone purchase a x", "purchase a x"}},
		"all is given back, a month later": {func(b *bench) {
			b.give("a", time.Hour, "x")
			b.touch(buys, "x", nil)
			b.pass(30 * day)
			b.touch(recommendationv1.TouchKind_TOUCH_KIND_RETURN, "x", func(m *recommendationv1.Touch) { m.OrderId = "n1" })
		}, []string{"purchase a x", "undone purchase a x"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			c.do(b)
			if got := b.told(); !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

func TestHistoryMakesNoOutcomes(t *testing.T) {
	b := newBench(t)
	a := b.give("a", time.Hour, "x")
	for _, kind := range []recommendationv1.TouchKind{views, carts, buys} {
		b.touch(kind, "x", func(m *recommendationv1.Touch) { m.History, m.RequestId = true, a.RequestId })
	}
	if got := b.told(); len(got) != 0 {
		t.Errorf("history told %q", got)
	}
}

// What waits for a list in vain is counted, and leaves nothing behind; neither does a visitor who does not come again.
func TestWhatHasNoListIsCounted(t *testing.T) {
	b := newBench(t)
	lost := b.ids.make("default", testID, start.UnixMilli())
	b.fold(topics.RecommendationFeedback, testID, &recommendationv1.Feedback{FeedbackId: "f", RequestId: lost, Workspace: "default", CustomerId: testID, Kind: kindClick, ItemIds: []string{"x"}, AtMs: start.UnixMilli()})
	b.touch(views, "x", func(m *recommendationv1.Touch) { m.RequestId = "made up" })
	b.touch(buys, "y", nil)
	if n := counted(t, b.task.metrics.unmatched); n != 1 {
		t.Errorf("%v unmatched at once, want the one that was made up", n)
	}
	b.pass(11 * time.Minute)
	if n := counted(t, b.task.metrics.unmatched); n != 2 {
		t.Errorf("%v unmatched, want 2", n)
	}
	if len(b.state) != 0 || len(b.timers) != 0 {
		t.Errorf("left behind: %d keys, %d timers", len(b.state), len(b.timers))
	}
	b.give("a", 0, "x")
	if b.pass(8*24*time.Hour + 3*time.Hour); len(b.state) != 0 || len(b.timers) != 0 {
		t.Errorf("left behind of a list: %d keys, %d timers", len(b.state), len(b.timers))
	}
}

// What waits is kept between batches, also where the timer is set already: two purchases and a click, each a batch of its own, whose lists come later.
func TestWhatWaitsIsKept(t *testing.T) {
	b := newBench(t)
	at := start.Add(-time.Minute).UnixMilli()
	late := b.ids.make("default", testID, at)
	b.touch(buys, "x", nil)
	b.touch(buys, "y", func(m *recommendationv1.Touch) { m.OrderId = "n2" })
	b.touch(views, "x", func(m *recommendationv1.Touch) { m.RequestId = late })
	b.fold(topics.Recommendations, testID, &recommendationv1.Answer{RequestId: late, CustomerId: testID, Workspace: "default", Variant: "a", AtMs: at,
		Items: []*recommendationv1.AnswerItem{{ItemId: "x"}, {ItemId: "y"}}})
	got := b.told()
	if slices.Sort(got); !slices.Equal(got, []string{"click a x", "purchase a x", "purchase a y"}) {
		t.Errorf("told %q", got)
	}
}

// A visitor of whom there is much has the newest of it.
func TestARecordIsBounded(t *testing.T) {
	b := newBench(t)
	for i := range 200 {
		ago := time.Duration(200-i) * time.Minute
		b.give("a", ago, "x")
		b.touch(buys, "x", func(m *recommendationv1.Touch) {
			m.OrderId, m.EventId, m.AtMs = who(i), who(i), b.now.Add(time.Second-ago).UnixMilli()
		})
	}
	data, _, _ := b.Get(headKey(testID))
	r, err := decodeRecord(data)
	must(t, err)
	lists := 0
	must(t, b.Scan(listKey(testID, ""), nil, func(_, v []byte) (bool, error) { lists++; return true, nil }))
	if lists != mostLists || len(r.deeds) != mostDeeds {
		t.Errorf("%d lists, %d deeds", lists, len(r.deeds))
	}
	if len(b.told()) != 200 {
		t.Errorf("%d purchases were told, want each", len(b.told()))
	}
}

// carry delivers what was handed over until nothing is on its way, and says how much that was.
func (b *bench) carry() (n int) {
	b.t.Helper()
	for i := 0; i < len(b.out) && n < 50; i++ {
		m := b.out[i]
		if m.Topic == topics.LoopHandover.Name {
			n++
			b.out[i].Topic = ""
			must(b.t, b.task.process(b, broker.Record{Topic: m.Topic, Key: m.Key, Value: m.Value}))
			must(b.t, b.task.flush(b))
		}
	}
	return n
}

// A click by somebody else finds the list, also when its customer was merged away, and the list itself comes last; it goes one way and does not come back.
func TestAClickFindsTheListOfAnother(t *testing.T) {
	b := newBench(t)
	at := start.Add(-time.Minute).UnixMilli()
	late := b.ids.make("default", testID, at)
	b.fold(topics.IdentityMappings, testID, &identityv1.Mapping{Workspace: "default", FromCustomerId: testID, ToCustomerId: who(1), Epoch: 1})
	b.fold(topics.Touches, who(2), &recommendationv1.Touch{Workspace: "default", CustomerId: who(2), ItemId: "x", Kind: views, AtMs: b.now.UnixMilli(), EventId: "e", Line: 1, RequestId: late})
	if n := b.carry(); n != 3 { // the record, the click to whose list it is, and on to whom he became
		t.Errorf("%d handovers, want 3", n)
	}
	b.fold(topics.Recommendations, testID, &recommendationv1.Answer{RequestId: late, CustomerId: testID, Workspace: "default", Variant: "a", AtMs: at, Items: []*recommendationv1.AnswerItem{{ItemId: "x"}}})
	b.carry()
	if got := b.told(); !slices.Equal(got, []string{"click a x"}) {
		t.Errorf("told %q", got)
	}
}
