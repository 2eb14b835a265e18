package visitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// within bounds every wait of these tests.
const within = 60 * time.Second

// id is the customer number n.
func id(n int) string { return customer.ID("default", "user_id", fmt.Sprint(n), 0) }

// world is a broker, a clock that stands still, and a service that can be stopped and started.
type world struct {
	t      testing.TB
	client *broker.Client
	out    *broker.Producer
	now    atomic.Int64
	dir    string
	cfg    Config
	items  Items
	s      *Service
	stop   func()
	marks  int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: 2}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), Topics()...); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, client: c, out: c.NewProducer(broker.ProducerConfig{}), dir: t.TempDir(), cfg: Default()}
	w.now.Store(start)
	w.cfg.Dir, w.cfg.Pace = filepath.Join(w.dir, "state"), 0
	return w
}

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

func (w *world) begin() {
	w.t.Helper()
	w.end()
	w.s, w.stop = w.start(w.cfg)
	testkit.Eventually(w.t, within, w.s.Ready)
}

func (w *world) end() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// replica starts a further process, with a store and a server of its own.
func (w *world) replica(name string) (*Service, func()) {
	cfg := w.cfg
	cfg.Dir = filepath.Join(w.dir, name)
	return w.start(cfg)
}

func (w *world) start(cfg Config) (*Service, func()) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	now := func() time.Time { return time.UnixMilli(w.now.Load()) }
	fellows, err := fleet.New(fleet.Deps{Logger: quiet(), Broker: w.client, Now: now, Address: func() string { return listener.Addr().String() }})
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := New(cfg, Deps{Logger: quiet(), Broker: w.client, Fleet: fellows, Items: w.items, Now: now})
	if err != nil {
		w.t.Fatal(err)
	}
	server := grpc.NewServer()
	fellows.Register(server)
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	for _, run := range []func() error{func() error { return server.Serve(listener) }, func() error { return fellows.Run(ctx) }, func() error { return s.Run(ctx) }} {
		parts.Go(func() {
			if err := run(); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				w.t.Error(err)
			}
		})
	}
	stop := sync.OnceFunc(func() { server.Stop(); cancel(); parts.Wait() })
	w.t.Cleanup(stop)
	return s, stop
}

// viewed is an event of customer n who looked at an item.
func viewed(n int, name, item string, atMs int64) *eventv1.ResolvedEvent {
	return &eventv1.ResolvedEvent{CustomerId: id(n), Event: &eventv1.Event{EventId: name, Workspace: "default", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed",
		OccurredMs: atMs, ReceivedMs: atMs + 5, PropertiesJson: fmt.Appendf(nil, `{"product_id":%q}`, item)}}
}

// ordered is an event of customer n's order.
func ordered(n int, name, order string, kind eventv1.OrderKind, atMs int64, items ...string) *eventv1.ResolvedEvent {
	e := viewed(n, name, "", atMs)
	e.Event.Name, e.Event.PropertiesJson, e.Event.Order = "Order", nil, &eventv1.Order{OrderId: order, Kind: kind}
	for i, item := range items {
		e.Event.Order.Items = append(e.Event.Order.Items, &eventv1.OrderItem{Line: int32(i + 1), ProductId: item, QuantityMicros: oneUnit})
	}
	return e
}

// says gives an event words on consent.
func says(e *eventv1.ResolvedEvent, granted bool) *eventv1.ResolvedEvent {
	e.Event.Consent = &eventv1.Consent{Denied: []string{"Personalization"}}
	if granted {
		e.Event.Consent = &eventv1.Consent{Granted: []string{"Personalization"}}
	}
	return e
}

func (w *world) produce(topic topics.Topic, key string, value []byte) {
	w.t.Helper()
	if err := w.out.Produce(w.t.Context(), broker.Message{Topic: topic.Name, Key: []byte(key), Value: value}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(topic topics.Topic, key string, m proto.Message) {
	w.t.Helper()
	value, err := proto.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	w.produce(topic, key, value)
}

func (w *world) send(events ...*eventv1.ResolvedEvent) {
	w.t.Helper()
	for _, e := range events {
		w.put(topics.EventsResolved, e.GetCustomerId(), e)
	}
}

// moves says that a customer came into a segment, or left it.
func (w *world) moves(n int, segment string, seq int64, in bool) {
	w.t.Helper()
	kind := segmentationv1.TransitionKind_TRANSITION_KIND_EXITED
	if in {
		kind = segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED
	}
	w.put(topics.SegmentTransitions, id(n), &segmentationv1.Transition{Workspace: "default", CustomerId: id(n), Segment: segment, Seq: seq, Kind: kind})
}

// merge says that customer `from` became `to`.
func (w *world) merge(from, to int, epoch int64) {
	w.put(topics.IdentityMappings, id(from), &identityv1.Mapping{Workspace: "default", FromCustomerId: id(from), ToCustomerId: id(to), Epoch: epoch})
}

// short is a view in words: "personal: VIEW a, BUY b; segments x; not c".
func short(v *View) string {
	if v == nil {
		return "nobody"
	}
	var parts []string
	for _, x := range v.Touches {
		parts = append(parts, strings.TrimPrefix(x.Kind.String(), "TOUCH_KIND_")+" "+x.Item)
	}
	out := "visit: "
	if v.Personal {
		out = "personal: "
	}
	out += strings.Join(parts, ", ")
	if len(v.Segments) > 0 {
		out += "; in " + strings.Join(v.Segments, ", ")
	}
	if len(v.Dismissed) > 0 {
		out += "; not " + strings.Join(v.Dismissed, ", ")
	}
	return out
}

// shows waits until the view of a customer is so.
func (w *world) shows(n int, want string) *View {
	w.t.Helper()
	return w.showsAt(w.s, n, want)
}

func (w *world) showsAt(s *Service, n int, want string) (v *View) {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		var err error
		if v, err = s.View(w.t.Context(), "default", id(n)); err == nil && short(v) != want {
			err = fmt.Errorf("customer %d: %s\nwant %s", n, short(v), want)
		}
		return err
	})
	return v
}

// drained waits until everything that was sent of a customer's partition before is folded, by an event of somebody else of that partition behind it.
func (w *world) drained(n int) {
	w.t.Helper()
	for w.marks++; broker.PartitionFor([]byte(id(10_000+w.marks)), 2) != broker.PartitionFor([]byte(id(n)), 2); w.marks++ {
	}
	mark := 10_000 + w.marks
	w.send(viewed(mark, fmt.Sprint("mark", mark), "mark", w.now.Load()))
	w.shows(mark, "personal: VIEW mark")
}

// told are the touches of everybody but the marks, repeats dropped by their sequence.
func (w *world) told() []*recommendationv1.Touch {
	w.t.Helper()
	var out []*recommendationv1.Touch
	known := map[[2]int64]*recommendationv1.Touch{}
	last := map[int32]int64{}
	for _, rec := range testkit.Records(w.t, w.client, topics.Touches) {
		m := &recommendationv1.Touch{}
		if err := proto.Unmarshal(rec.Value, m); err != nil {
			w.t.Fatal(err)
		}
		key := [2]int64{int64(m.GetPartition()), m.GetSequence()}
		if was := known[key]; was != nil {
			if !proto.Equal(was, m) {
				w.t.Errorf("one number, two touches: %v and %v", was, m)
			}
			continue
		}
		known[key] = m
		if last[m.GetPartition()] = max(last[m.GetPartition()], m.GetSequence()); string(rec.Key) != m.GetCustomerId() {
			w.t.Errorf("%v under key %s", m, rec.Key)
		}
		if m.GetItemId() != "mark" {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *recommendationv1.Touch) int { return int(min(max(a.GetAtMs()-b.GetAtMs(), -1), 1)) })
	return out
}

// tells waits until so many touches were told, and fails when there are more.
func (w *world) tells(n int) []*recommendationv1.Touch {
	w.t.Helper()
	var got []*recommendationv1.Touch
	testkit.Eventually(w.t, within, func() error {
		if got = w.told(); len(got) < n {
			return fmt.Errorf("%d touches, want %d", len(got), n)
		}
		return nil
	})
	if len(got) > n {
		w.t.Errorf("%d touches, want %d: %v", len(got), n, got)
	}
	return got
}
