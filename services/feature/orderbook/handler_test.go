package orderbook

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// memory is a state and its outputs; a commit that fails forgets both.
type memory struct {
	kv  map[string][]byte
	out []broker.Message
}

func (m *memory) Get(key []byte) ([]byte, bool, error) {
	v, ok := m.kv[string(key)]
	return v, ok, nil
}
func (m *memory) Set(key, value []byte) { m.kv[string(key)] = value }
func (m *memory) Emit(x broker.Message) { m.out = append(m.out, x) }

func who(n int) string { return customer.ID("w", "user_id", fmt.Sprint(n), 0) }

// event is one of a customer on order O, received a second after it happened.
func event(id string, by int, kind eventv1.OrderKind, total int64) *eventv1.ResolvedEvent {
	return &eventv1.ResolvedEvent{CustomerId: who(by), Event: &eventv1.Event{EventId: id, Workspace: "w", OccurredMs: 1000 + int64(by), ReceivedMs: 2000 + int64(by),
		Order: &eventv1.Order{OrderId: "O", Kind: kind, Currency: "EUR", TotalMicros: &total, Conversion: &eventv1.Conversion{Currency: "EUR", RateE12: 1e12}}}}
}

func fold(t *testing.T, m *memory, events ...*eventv1.ResolvedEvent) {
	t.Helper()
	metrics, err := NewMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := New(3, metrics)
	for _, r := range events {
		value, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Fold(m, broker.Record{Key: order.Key(r.Event.Workspace, r.Event.GetOrder().GetOrderId()), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
}

// told reads what was sent, a line a message.
func told(t *testing.T, m *memory) []string {
	t.Helper()
	var lines []string
	for _, x := range m.out {
		if x.Topic == topics.Orders.Name {
			o := &orderv1.Order{}
			if err := proto.Unmarshal(x.Value, o); err != nil || string(x.Key) != string(order.Key("w", "O")) {
				t.Fatalf("order under key %q: %v", x.Key, err)
			}
			lines = append(lines, fmt.Sprintf("order v%d %s %d", o.Version, o.State.String()[len("STATE_"):], o.GetTotalMicros()))
			continue
		}
		c := &orderv1.Change{}
		if err := proto.Unmarshal(x.Value, c); err != nil || x.Topic != topics.OrderPostings.Name || string(x.Key) != c.CustomerId {
			t.Fatalf("%s under key %q: %v", x.Topic, x.Key, err)
		}
		line := fmt.Sprintf("%d/%d", c.Partition, c.Sequence)
		for _, p := range c.Taken {
			line += fmt.Sprintf(" -%d,%d", p.SpendMicros, p.RefundMicros)
		}
		for _, p := range c.Added {
			line += fmt.Sprintf(" +%d,%d", p.SpendMicros, p.RefundMicros)
		}
		for _, p := range c.Moved {
			line += fmt.Sprintf(" moved %d,%d", p.SpendMicros, p.RefundMicros)
		}
		if c.History {
			line += " history"
		}
		lines = append(lines, line+fmt.Sprintf(" received %d since %d", c.ReceivedMs, c.FirstReceivedMs))
	}
	m.out = nil
	return lines
}

const (
	completed = eventv1.OrderKind_ORDER_KIND_COMPLETED
	refunded  = eventv1.OrderKind_ORDER_KIND_REFUNDED
	cancelled = eventv1.OrderKind_ORDER_KIND_CANCELLED
	updated   = eventv1.OrderKind_ORDER_KIND_UPDATED
)

func expect(t *testing.T, m *memory, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, told(t, m)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAnOrderIsToldEachTimeItChanges(t *testing.T) {
	m := &memory{kv: map[string][]byte{}}
	fold(t, m, event("a", 1, completed, 60))
	expect(t, m, "order v1 COMPLETED 60", "3/1 +60,0 received 2001 since 2001")
	back := event("b", 2, refunded, 20)
	back.Event.History = true
	fold(t, m, back)
	expect(t, m, "order v2 PARTIALLY_REFUNDED 60", "3/2 +0,20 history received 2002 since 2001")
	known := event("c", 3, completed, 60)
	known.Event.Identifiers = []*eventv1.Identifier{{Type: "user_id", Value: "x"}}
	fold(t, m, known) // the sale and its refund go over to the one who is known
	expect(t, m, "order v3 PARTIALLY_REFUNDED 60", "3/3 -60,0 -0,20 moved 60,0 moved 0,20 received 2003 since 2001")
	fold(t, m, event("d", 4, cancelled, 0))
	expect(t, m, "order v4 CANCELLED 60", "3/4 -60,0 -0,20 received 2004 since 2001")
}

// Numbers rise by one with every change of the partition, whatever the order; a commit that failed gives out its numbers again.
func TestChangesAreNumberedWithoutGaps(t *testing.T) {
	m := &memory{kv: map[string][]byte{}}
	other := event("b", 2, completed, 7)
	other.Event.Order.OrderId = "P"
	fold(t, m, event("a", 1, completed, 60))
	crashed := &memory{kv: map[string][]byte{}}
	for k, v := range m.kv {
		crashed.kv[k] = v
	}
	fold(t, crashed, other)
	fold(t, m, other)
	if diff := cmp.Diff(crashed.out[len(crashed.out)-1].Value, m.out[len(m.out)-1].Value); diff != "" {
		t.Errorf("the repeat of a crash is another change: %s", diff)
	}
	var numbers []int64
	for _, x := range m.out {
		c := &orderv1.Change{}
		if x.Topic == topics.OrderPostings.Name && proto.Unmarshal(x.Value, c) == nil {
			numbers = append(numbers, c.Sequence)
		}
	}
	if diff := cmp.Diff([]int64{1, 2}, numbers); diff != "" {
		t.Error(diff)
	}
}

func TestSilentEventsTellNothing(t *testing.T) {
	m := &memory{kv: map[string][]byte{}}
	fold(t, m, event("a", 1, completed, 60))
	told(t, m)
	empty := event("u", 5, updated, 0)
	empty.Event.Order.TotalMicros = nil
	fold(t, m, event("a", 1, completed, 60), empty)
	expect(t, m)
}

func TestWhatIsNoOrderEventIsRefused(t *testing.T) {
	cases := map[string]func(*eventv1.ResolvedEvent) []byte{
		"no order":    func(r *eventv1.ResolvedEvent) []byte { r.Event.Order = nil; return nil },
		"no number":   func(r *eventv1.ResolvedEvent) []byte { r.Event.Order.OrderId = ""; return nil },
		"no id":       func(r *eventv1.ResolvedEvent) []byte { r.Event.EventId = ""; return nil },
		"no time":     func(r *eventv1.ResolvedEvent) []byte { r.Event.OccurredMs = 0; return nil },
		"no customer": func(r *eventv1.ResolvedEvent) []byte { r.CustomerId = "x"; return nil },
		"another key": func(*eventv1.ResolvedEvent) []byte { return []byte("elsewhere") },
		"no event":    func(r *eventv1.ResolvedEvent) []byte { r.Event = nil; return nil },
	}
	metrics, err := NewMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range cases {
		r := event("a", 1, completed, 60)
		key := order.Key("w", "O")
		if k := edit(r); k != nil {
			key = k
		}
		value, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		m := &memory{kv: map[string][]byte{}}
		if err := New(0, metrics).Fold(m, broker.Record{Key: key, Value: value}); !stream.IsPermanent(err) || len(m.kv)+len(m.out) != 0 {
			t.Errorf("%s: %v, %d keys, %d messages", name, err, len(m.kv), len(m.out))
		}
	}
	if err := New(0, metrics).Fold(&memory{}, broker.Record{Value: []byte{0xff}}); !stream.IsPermanent(err) {
		t.Errorf("bytes that are no message: %v", err)
	}
}

// Sales that are in no sum are counted once, by why; so is an order that is too busy.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	state, h := &memory{kv: map[string][]byte{}}, New(0, m)
	send := func(r *eventv1.ResolvedEvent) {
		value, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Fold(state, broker.Record{Key: order.Key("w", "O"), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	unknown := event("a", 1, completed, 0)
	unknown.Event.Order.TotalMicros, unknown.Event.Order.Conversion = nil, nil
	foreign := event("b", 2, updated, 5)
	foreign.Event.Order.Conversion = nil
	send(unknown)
	send(foreign)
	for n := range 110 {
		send(event(fmt.Sprint("r", n), 3, refunded, 1))
	}
	for name, want := range map[string]float64{"no_value": 1, "no_rate": 1} {
		if got := testutil.ToFloat64(m.unvalued.WithLabelValues(name)); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := testutil.ToFloat64(m.truncated); got != 1 {
		t.Errorf("truncated %v, want 1", got)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) != 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}
