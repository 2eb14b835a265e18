package board

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/learn"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	soon = 60 * time.Second
	shop = "shop"
	view = recommendationv1.TouchKind_TOUCH_KIND_VIEW
	cart = recommendationv1.TouchKind_TOUCH_KIND_CART
	buy  = recommendationv1.TouchKind_TOUCH_KIND_BUY
)

// world is a broker, a registry over a folder, and one replica's boards.
type world struct {
	t        testing.TB
	broker   *broker.Client
	producer *broker.Producer
	registry *model.Registry
	folder   string
	cfg      Config
	deps     Deps
	shelf    *catalogue.Shelf
	boards   *Boards
	stop     func()
	aheadMs  atomic.Int64 // of the real clock
	sequence int64
	nowMs    int64 // of the touches
	most     int   // items of the shelf
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, broker: testkit.Broker(t, topics.Models, topics.Touches), folder: t.TempDir(), cfg: Default(), most: 1000, nowMs: time.Now().Add(-6 * time.Hour).UnixMilli()}
	w.producer = w.broker.NewProducer(broker.ProducerConfig{})
	w.cfg.Dir = t.TempDir()
	w.registry = w.open()
	w.deps = Deps{Logger: slog.New(slog.DiscardHandler), Broker: w.broker, Registry: w.registry, Now: func() time.Time { return time.Now().Add(time.Duration(w.aheadMs.Load()) * time.Millisecond) }}
	return w
}

// open runs a registry until the test ends.
func (w *world) open() *model.Registry {
	r, err := model.Open(context.Background(), model.Config{URL: w.folder, Names: []string{bundle.Model}}, model.Deps{Broker: w.broker, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.running(r.Run)
	testkit.Eventually(w.t, soon, r.Ready)
	return r
}

// running runs something until the test ends, or until what is given back is called.
func (w *world) running(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	over := false
	stop = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("it ended with %v", err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

// begin starts a replica, whose shelf is empty, and waits until it is ready.
func (w *world) begin() {
	w.t.Helper()
	w.start()
	testkit.Eventually(w.t, soon, w.boards.Ready)
}

func (w *world) start() {
	w.t.Helper()
	if w.stop != nil {
		w.stop()
	}
	w.shelf = catalogue.NewShelf(shop, w.most)
	w.deps.Shelf = func(string) *catalogue.Shelf { return w.shelf }
	var err error
	if w.boards, err = New(w.cfg, w.deps); err != nil {
		w.t.Fatal(err)
	}
	w.stop = w.running(w.boards.Run)
}

// touch makes one, a second later than the one before.
func (w *world) touch(customer string, kind recommendationv1.TouchKind, item string) *recommendationv1.Touch {
	w.sequence++
	w.nowMs += 1000
	return &recommendationv1.Touch{Workspace: shop, CustomerId: customer, Kind: kind, ItemId: item, AtMs: w.nowMs, ReceivedMs: w.nowMs, Sequence: w.sequence}
}

// visit makes views of items.
func (w *world) visit(customer string, items ...string) (list []*recommendationv1.Touch) {
	for _, item := range items {
		list = append(list, w.touch(customer, view, item))
	}
	return list
}

// send tells touches, and waits until the replica has taken what the topic holds.
func (w *world) send(list ...*recommendationv1.Touch) {
	w.t.Helper()
	var msgs []broker.Message
	for _, t := range list {
		data, err := proto.Marshal(t)
		if err != nil {
			w.t.Fatal(err)
		}
		// One key: these tests care for the order of all.
		msgs = append(msgs, broker.Message{Topic: topics.Touches.Name, Key: []byte("one"), Value: data})
	}
	if err := w.producer.Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
	if w.boards != nil {
		w.settled()
	}
}

// settled waits until all that the topic holds was applied.
func (w *world) settled() {
	w.t.Helper()
	spans, err := w.broker.Spans(w.t.Context(), topics.Touches.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	testkit.Eventually(w.t, soon, func() error {
		w.boards.mu.Lock()
		defer w.boards.mu.Unlock()
		for p, span := range spans {
			if w.boards.places[p] < span.Next {
				return fmt.Errorf("partition %d: %d of %d", p, w.boards.places[p], span.Next)
			}
		}
		return nil
	})
}

// paused lets the visits of all touches so far end.
func (w *world) paused() {
	w.nowMs += 31 * 60 * 1000
	w.boards.endVisits(w.nowMs)
}

// list asks a source of the board, after a visit of items.
func (w *world) list(source string, session ...string) (items []string) {
	w.t.Helper()
	return w.listAt(w.nowMs, source, session...)
}

// listAt is list at a moment.
func (w *world) listAt(nowMs int64, source string, session ...string) (items []string) {
	w.t.Helper()
	s := w.boards.Of(shop).Source(source)
	if s == nil {
		w.t.Fatalf("there is no source %s", source)
	}
	a := &ask.Ask{Workspace: shop, Shelf: w.shelf, NowMs: nowMs, Skip: func(int32) bool { return false }}
	for _, id := range session {
		n, _ := w.shelf.Ensure(id)
		a.Session = append(a.Session, n)
	}
	for _, c := range s.Candidates(nil, a, 20) {
		if got := c.Reason.Kind.String(); got != source {
			w.t.Errorf("source %s gives a reason %s", source, got)
		}
		items = append(items, w.shelf.Item(c.Item).ID)
	}
	return items
}

// has says that a list has an item.
func (w *world) has(source, item string, session ...string) bool {
	w.t.Helper()
	return slices.Contains(w.list(source, session...), item)
}

// train makes the files of a version of touches.
func (w *world) train(list []*recommendationv1.Touch, extra map[string][]byte) map[string][]byte {
	w.t.Helper()
	l, err := learn.New(learn.Default())
	if err != nil {
		w.t.Fatal(err)
	}
	names := catalogue.NewShelf(shop, 1000)
	for _, t := range list {
		n, _ := names.Ensure(t.GetItemId())
		l.Touch(t, n)
	}
	l.Finish()
	p := bundle.Parts{Span: bundle.Span{Touches: int64(len(list))}, Extra: extra}
	for n := range int32(names.Len()) {
		p.Items = append(p.Items, names.Item(n).ID)
	}
	l.Fill(&p)
	files, err := bundle.Write(p)
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// promote puts files as a version, and has it serve.
func (w *world) promote(files map[string][]byte) string {
	w.t.Helper()
	v, err := w.registry.Put(w.t.Context(), &modelv1.Version{Workspace: shop, Name: bundle.Model}, files)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.registry.Promote(w.t.Context(), shop, bundle.Model, v.GetId(), "a test"); err != nil {
		w.t.Fatal(err)
	}
	return v.GetId()
}

// serves waits until a version serves.
func (w *world) serves(id string) {
	w.t.Helper()
	testkit.Eventually(w.t, soon, func() error {
		if got := w.boards.Of(shop).Version(); got != id {
			return fmt.Errorf("version %q serves, want %q: %s", got, id, w.boards.Of(shop).Words())
		}
		return nil
	})
}
