package assembly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/board"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/learn"
	"github.com/freshet/freshet/services/recommendation/rank"
	"github.com/freshet/freshet/services/recommendation/training"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	shopItems = 100_000
	visits    = 100_000 // of ten touches each, by the trained models
	visitors  = 10_000
	each      = 30 // touches of a visitor
	patience  = 5 * time.Minute
)

func itemOf(n int) string     { return fmt.Sprintf("sku-%06d", n) }
func customerOf(n int) string { return customer.ID("default", "user_id", fmt.Sprint(n), 0) }

// everybody is an identity service that has merged nobody.
type everybody struct {
	identityv1.IdentityServiceClient
}

// GetCustomer implements identityv1.IdentityServiceClient.
func (everybody) GetCustomer(_ context.Context, r *identityv1.GetCustomerRequest, _ ...grpc.CallOption) (*identityv1.GetCustomerResponse, error) {
	return &identityv1.GetCustomerResponse{Customer: &identityv1.Customer{CustomerId: r.GetId()}}, nil
}

// shop is the service with a large catalogue and many visitors.
type shop struct {
	b      *testing.B
	s      *Service
	out    *broker.Producer
	client recommendationv1.RecommendationServiceClient
	r      *rand.Rand
	like   *rand.Zipf
	nowMs  int64
	parts  bundle.Parts
	cases  []judge.Case
}

func newShop(b *testing.B) *shop {
	b.Helper()
	client := testkit.Broker(b, Topics()...)
	w := &shop{b: b, out: client.NewProducer(broker.ProducerConfig{}), r: rand.New(rand.NewPCG(1, 2)), nowMs: time.Now().UnixMilli()}
	w.like = rand.NewZipf(w.r, 1.2, 50, shopItems-1)
	cfg := Default()
	cfg.Places.Dir, cfg.Places.Bucket = b.TempDir(), b.TempDir()
	var err error
	if w.s, err = New(b.Context(), cfg, Deps{Logger: slog.New(slog.DiscardHandler), Broker: client, Identity: everybody{}}); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, w.s.Close()); err != nil {
			b.Error(err)
		}
	})
	testkit.Eventually(b, patience, w.s.Ready)
	w.door()
	w.stock()
	w.come()
	return w
}

// door is the service on a loopback port.
func (w *shop) door() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.b.Fatal(err)
	}
	server := grpc.NewServer()
	w.s.Register(server)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	w.b.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.b.Fatal(err)
	}
	w.b.Cleanup(func() { _ = conn.Close() })
	w.client = recommendationv1.NewRecommendationServiceClient(conn)
}

// stock puts the items on the shelf, and waits until they can be compared by what they are.
func (w *shop) stock() {
	words := rand.NewZipf(w.r, 1.1, 20, 20_000)
	for from := 0; from < shopItems; from += 1000 {
		req := &recommendationv1.UpsertItemsRequest{}
		for n := from; n < from+1000; n++ {
			text := ""
			for range 8 {
				text += fmt.Sprintf("word%d ", words.Uint64())
			}
			req.Items = append(req.Items, &recommendationv1.ItemUpsert{Item: &recommendationv1.Item{
				ItemId: itemOf(n), Name: text, Brand: fmt.Sprint("brand", w.r.IntN(500)), Categories: []string{fmt.Sprint("c", n/2500), fmt.Sprint("c", n/250)},
				PriceMicros: proto.Int64(w.r.Int64N(1e9) + 1e6), Currency: "EUR",
			}})
		}
		if _, err := w.client.UpsertItems(w.b.Context(), req); err != nil {
			w.b.Fatal(err)
		}
	}
	testkit.Eventually(w.b, patience, func() error {
		if n := w.s.items.Shelf("default").Len(); n < shopItems {
			return fmt.Errorf("%d items", n)
		}
		n, _ := w.s.items.Shelf("default").Number(itemOf(shopItems - 1))
		if x := w.s.contents.by["default"]; x == nil || len(x.Similar(nil, n, 1, nil)) == 0 {
			return errors.New("no index of what items are")
		}
		return nil
	})
}

// walk is what somebody looks at, one after the other: things of one shelf, as a rule.
func (w *shop) walk(n int) []int {
	out, at := make([]int, n), int(w.like.Uint64())
	for i := range out {
		out[i] = at
		if at = (at + w.r.IntN(40)) % shopItems; w.r.IntN(8) == 0 {
			at = int(w.like.Uint64())
		}
	}
	return out
}

// come lets the visitors come, each in three visits, the last of which is under way.
func (w *shop) come() {
	var msgs []broker.Message
	for v := range visitors {
		for i, item := range w.walk(each) {
			at := w.nowMs - int64(2-i/10)*3*24*3600_000 - int64(10-i%10)*60_000
			e := &eventv1.ResolvedEvent{CustomerId: customerOf(v), Event: &eventv1.Event{
				EventId: fmt.Sprintf("%d/%d", v, i), Workspace: "default", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed", OccurredMs: at, ReceivedMs: at + 5,
				PropertiesJson: fmt.Appendf(nil, `{"product_id":%q}`, itemOf(item)),
			}}
			if i%10 == 9 && i < 20 {
				e.Event.Name = "Order Completed"
				e.Event.Order = &eventv1.Order{OrderId: e.GetEvent().GetEventId(), Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED,
					Items: []*eventv1.OrderItem{{Line: 1, ProductId: itemOf(item), QuantityMicros: 1_000_000}}}
			}
			value, err := proto.Marshal(e)
			if err != nil {
				w.b.Fatal(err)
			}
			msgs = append(msgs, broker.Message{Topic: topics.EventsResolved.Name, Key: []byte(e.GetCustomerId()), Value: value})
		}
		if len(msgs) > 5000 || v == visitors-1 {
			if err := w.out.Produce(w.b.Context(), msgs...); err != nil {
				w.b.Fatal(err)
			}
			msgs = nil
		}
	}
	testkit.Eventually(w.b, patience, func() error {
		for _, v := range []int{visitors - 1, visitors - 2, visitors - 3, visitors - 4, visitors - 5, visitors - 6} {
			if view, err := w.s.visitors.View(w.b.Context(), "default", customerOf(v)); err != nil || view == nil || len(view.Touches) < each {
				return fmt.Errorf("visitor %d: %v, %w", v, view, err)
			}
		}
		return nil
	})
}

// serve puts models in place: live has none that were trained, trained has models without a ranker, ranked has one.
func (w *shop) serve(models string) {
	switch models {
	case "live":
		return
	case "trained":
		w.train()
	case "ranked":
		w.rank()
	}
	files, err := bundle.Write(w.parts)
	if err != nil {
		w.b.Fatal(err)
	}
	v, err := w.s.registry.Put(w.b.Context(), &modelv1.Version{Workspace: "default", Name: bundle.Model}, files)
	if err == nil {
		_, err = w.s.registry.Promote(w.b.Context(), "default", bundle.Model, v.GetId(), "the benchmark")
	}
	if err != nil {
		w.b.Fatal(err)
	}
	testkit.Eventually(w.b, patience, func() error {
		if got := w.s.boards.Of("default"); got.Version() != v.GetId() {
			return fmt.Errorf("%s serves: %s", got.Version(), got.Words())
		}
		return nil
	})
}

// train learns from visits.
func (w *shop) train() {
	l, err := learn.New(learn.Default())
	if err != nil {
		w.b.Fatal(err)
	}
	for n := range shopItems {
		w.parts.Items = append(w.parts.Items, itemOf(n))
	}
	var histories [][]int32
	for v := range visits {
		var history []int32
		for i, item := range w.walk(10) {
			t := &recommendationv1.Touch{CustomerId: fmt.Sprint(v), Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: w.nowMs - 20*24*3600_000 + int64(v*100+i)}
			if t.ReceivedMs = t.AtMs; i > 7 {
				t.Kind, t.OrderId = recommendationv1.TouchKind_TOUCH_KIND_BUY, fmt.Sprint(v)
			}
			l.Touch(t, int32(item))
			history = append(history, int32(item))
		}
		histories = append(histories, history)
		if v%50 == 0 {
			w.cases = append(w.cases, judge.Case{History: history[:7], Relevant: history[7:], AtMs: w.nowMs})
		}
	}
	l.Finish()
	l.Fill(&w.parts)
	o := als.Default()
	o.Epochs, o.Workers = 1, 2
	if w.parts.Taste, err = als.Fit(w.b.Context(), histories, shopItems, o); err != nil {
		w.b.Fatal(err)
	}
	w.parts.Span.ToMs = w.nowMs
}

// rank learns an order, of two of the sources that training takes.
func (w *shop) rank() {
	l, err := learn.Resume(&w.parts, learn.Default())
	if err != nil {
		w.b.Fatal(err)
	}
	still := board.Still(l, nil, nil, 0)
	var sources []rank.Named
	for _, kind := range []candidate.Kind{candidate.Session, candidate.AlsoViewed} {
		sources = append(sources, rank.Named{Name: kind.String(), Source: still.Source(kind.String()), Weight: 1})
	}
	file, err := training.Ranks{Workers: 2}.Train(w.b.Context(), sources, rank.Facts{}, len(w.cases), func(i int) (*ask.Ask, []int32) {
		c := &w.cases[i]
		return &ask.Ask{NowMs: c.AtMs, Session: c.History, Skip: func(int32) bool { return false }}, c.Relevant
	}, func(int, int) {})
	if err != nil {
		w.b.Fatal(err)
	}
	w.parts.Extra = map[string][]byte{training.RankerFile: file}
}
