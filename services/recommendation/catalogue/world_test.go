package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// within bounds every wait of these tests but those for a promise.
const within = 60 * time.Second

// world is a broker, and replicas of the catalogue on it.
type world struct {
	t      testing.TB
	client *broker.Client
	dir    string
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
	return &world{t: t, client: c, dir: t.TempDir()}
}

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// start starts a replica with a store of this name, and waits until it is ready.
func (w *world) start(name string) (*Service, func()) {
	w.t.Helper()
	cfg := Default()
	cfg.Dir = filepath.Join(w.dir, name)
	s, err := New(cfg, Deps{Logger: quiet(), Broker: w.client})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := s.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	stop := sync.OnceFunc(func() { cancel(); parts.Wait() })
	w.t.Cleanup(stop)
	testkit.Eventually(w.t, within, s.Ready)
	return s, stop
}

// send writes changes of workspace w as the visitors task would.
func (w *world) send(changes ...*recommendationv1.ItemChange) {
	w.t.Helper()
	var msgs []broker.Message
	for _, c := range changes {
		value, err := proto.Marshal(c)
		if err != nil {
			w.t.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: topics.ItemChanges.Name, Key: topics.ItemKey(c.GetWorkspace(), c.GetItemId()), Value: value})
	}
	if err := w.client.NewProducer(broker.ProducerConfig{}).Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

// upsert takes items of workspace w, all of which must be good.
func (w *world) upsert(s *Service, items ...*recommendationv1.Item) {
	w.t.Helper()
	req := &recommendationv1.UpsertItemsRequest{Workspace: "w"}
	for _, i := range items {
		req.Items = append(req.Items, &recommendationv1.ItemUpsert{Item: i})
	}
	resp, err := s.Upsert(w.t.Context(), req)
	if err != nil || len(resp.GetFaults()) > 0 || int(resp.GetTaken()) != len(items) {
		w.t.Fatal(resp, err)
	}
}

// shows waits until a replica's shelf has an item as expected.
func (w *world) shows(s *Service, id string, limit time.Duration, is func(*Item) bool) {
	w.t.Helper()
	testkit.Eventually(w.t, limit, func() error {
		n, ok := s.Shelf("w").Number(id)
		if !ok {
			return fmt.Errorf("%s is not on the shelf", id)
		}
		if i := s.Shelf("w").Item(n); !is(i) {
			return fmt.Errorf("%s is %v", id, i.Proto)
		}
		return nil
	})
}

func offered(i *Item) bool { return i.Proto != nil && i.Offered(time.Now().UnixMilli()) }
func gone(i *Item) bool    { return !offered(i) }

func TestGoneWithinASecondOnEveryReplica(t *testing.T) {
	w := newWorld(t)
	one, _ := w.start("one")
	two, _ := w.start("two")
	var items []*recommendationv1.Item
	for n := range 40 { // both partitions, whoever has them
		items = append(items, &recommendationv1.Item{ItemId: fmt.Sprint("i", n), Name: "thing", Stock: proto.Int64(3)})
	}
	testkit.Eventually(t, within, func() error { return errors.Join(one.Ready(), two.Ready()) })
	w.upsert(one, items...)
	for _, i := range items {
		w.shows(two, i.ItemId, within, offered)
	}
	var took []time.Duration
	for n, i := range items[:10] {
		i.Stock = proto.Int64(0)
		if n%2 == 1 {
			i.Stock, i.Removed = proto.Int64(3), true
		}
		begun := time.Now()
		w.upsert(one, i)
		w.shows(two, i.ItemId, within, gone)
		w.shows(one, i.ItemId, within, gone)
		took = append(took, time.Since(begun))
	}
	if slices.Sort(took); took[len(took)/2] > time.Second { // one of them may meet a busy moment of the machine
		t.Errorf("what is gone is offered on for %s", took)
	}
	w.upsert(two, &recommendationv1.Item{ItemId: "i1"})
	w.shows(one, "i1", within, offered)
	got, err := two.Get(t.Context(), &recommendationv1.GetItemRequest{Workspace: "w", ItemId: "i2"})
	if err != nil || got.GetItem().GetName() != "thing" || got.GetItem().GetStock() != 0 || got.GetItem().GetVersion() != 2 {
		t.Error(got, err)
	}
	if _, err := two.Get(t.Context(), &recommendationv1.GetItemRequest{Workspace: "v", ItemId: "i2"}); err == nil {
		t.Error("another workspace has the item")
	}
}

func TestARestartKeepsTheItems(t *testing.T) {
	w := newWorld(t)
	s, stop := w.start("one")
	w.upsert(s, &recommendationv1.Item{ItemId: "a", Name: "first", PriceMicros: proto.Int64(10), Stock: proto.Int64(1)})
	w.shows(s, "a", within, offered)
	for n, store := range []string{"one", "lost"} { // with the local store and without
		stop()
		price := int64(9 - n)
		s, stop = w.start(store)
		if i := s.Shelf("w").Get("a"); i.GetName() != "first" || i.GetPriceMicros() != price+1 {
			t.Errorf("the shelf at the start has %v", i)
		}
		w.upsert(s, &recommendationv1.Item{ItemId: "a", PriceMicros: &price})
		w.shows(s, "a", within, func(i *Item) bool {
			return i.Proto.GetName() == "first" && i.Proto.GetStock() == 1 && i.Proto.GetPriceMicros() == price && i.Proto.GetPriceWasMicros() == price+1 && i.Proto.GetVersion() == int64(n+2)
		})
	}
}

func TestTwoReplicas(t *testing.T) {
	w := newWorld(t)
	one, stop := w.start("one")
	two, _ := w.start("two")
	testkit.Eventually(t, within, func() error {
		if a, b := len(one.processor.Owned()), len(two.processor.Owned()); a != 1 || b != 1 {
			return fmt.Errorf("%d and %d partitions", a, b)
		}
		return nil
	})
	for n := range 20 {
		w.upsert(one, &recommendationv1.Item{ItemId: fmt.Sprint("i", n), Name: "old"})
	}
	stop()
	for n := range 20 {
		w.upsert(two, &recommendationv1.Item{ItemId: fmt.Sprint("i", n), Brand: "new"})
	}
	for n := range 20 {
		w.shows(two, fmt.Sprint("i", n), within, func(i *Item) bool { return i.Proto.GetName() == "old" && i.Proto.GetBrand() == "new" })
	}
}

func TestChangesOutOfOrder(t *testing.T) {
	w := newWorld(t)
	s, _ := w.start("one")
	w.send(
		change("5", 500, kindSeen, &recommendationv1.Item{Name: "seen", Brand: "seen"}, "name", "brand"),
		change("3", 300, kindUpsert, &recommendationv1.Item{Name: "third"}, "name"),
		change("4", 400, kindRemove, nil),
		change("1", 100, kindUpsert, &recommendationv1.Item{Name: "first", Url: "u"}, "name", "url"),
		change("4", 400, kindRemove, nil), // a copy
	)
	w.shows(s, "a", within, func(i *Item) bool {
		p := i.Proto
		return p.GetName() == "third" && p.GetBrand() == "seen" && p.GetUrl() == "u" && p.GetRemoved() && p.GetCreatedMs() == 100 && !p.GetStub()
	})
	w.send(change("6", 600, kindUpsert, nil))
	w.shows(s, "a", within, offered)
}

func TestABadRecordIsPutAside(t *testing.T) {
	w := newWorld(t)
	s, _ := w.start("one")
	bad := []*recommendationv1.ItemChange{
		change("", 5, kindUpsert, nil), change("1", 0, kindUpsert, nil), change("1", 5, 9, nil),
		{ItemId: "a", ChangeId: "1", AtMs: 5, Kind: kindUpsert}, {Workspace: "w", ChangeId: "1", AtMs: 5, Kind: kindUpsert},
		{Workspace: "w", ItemId: strings.Repeat("x", 256), ChangeId: "1", AtMs: 5, Kind: kindUpsert},
	}
	w.send(bad...)
	err := w.client.NewProducer(broker.ProducerConfig{}).Produce(t.Context(),
		broker.Message{Topic: topics.ItemChanges.Name, Key: []byte("k"), Value: []byte{0xff}},
		broker.Message{Topic: topics.ItemChanges.Name, Key: []byte("another"), Value: must(proto.Marshal(change("1", 5, kindUpsert, nil)))})
	if err != nil {
		t.Fatal(err)
	}
	w.send(change("2", 5, kindUpsert, &recommendationv1.Item{Name: "good"}, "name"))
	w.shows(s, "a", within, func(i *Item) bool { return i.Proto.GetName() == "good" && i.Proto.GetVersion() == 1 })
	testkit.Eventually(t, within, func() error {
		if dead := testkit.Records(t, w.client, topics.DeadLetter(topics.ItemChanges)); len(dead) != len(bad)+2 {
			return fmt.Errorf("%d records are put aside, want %d", len(dead), len(bad)+2)
		}
		return nil
	})
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestUpsertNamesBadRows(t *testing.T) {
	w := newWorld(t)
	s, _ := w.start("one")
	long := strings.Repeat("x", 6000)
	many := map[string]string{}
	for n := range 10_000 {
		many[fmt.Sprintf("n%05d", n)] = "v"
	}
	rows := []struct {
		row  *recommendationv1.ItemUpsert
		want []string // empty: it is taken
	}{
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "a", Name: "good", Categories: []string{"Clothing>Shoes"}, Currency: "eur", Languages: []string{"ZH-hans"}, Attributes: many}}, nil},
		{&recommendationv1.ItemUpsert{}, []string{"item: it is absent"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{}}, []string{"item_id: it has 0 bytes"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: " a"}}, []string{"item_id", "blanks"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "b", Name: long, Description: long, PriceMicros: proto.Int64(-1), Currency: "EURO", Languages: []string{"!"}}},
			[]string{"name: it has 6000 bytes: send at most 500", "description: it has 6000", "price_micros: -1 is below 0", `currency: "EURO" is no code`, `languages[0]: "!"`}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "b", ValidFromMs: 5, ValidUntilMs: 5}}, []string{"valid_until_ms: 5 is not after valid_from_ms 5"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "b", Categories: slices.Repeat([]string{"c"}, 21)}}, []string{"categories: there are 21"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "b", Categories: []string{" > "}}}, []string{"categories[0]: send 1 to 255 bytes"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "b", Url: "http://[x", Attributes: map[string]string{"": "v", "e": "", "l": long}}},
			[]string{"url: it is no address", "attributes: the name", "attributes.e: it is empty", "attributes.l: it has 6000 bytes"}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "b", Brand: "x"}, Clear: []string{"brand", "version", "removed", "attributes."}},
			[]string{"clear: brand has a value", `clear: "version" is no field`, `clear: "removed" is no`, `clear: "attributes." is no`}},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "c", Attributes: map[string]string{"a": "1", "b": "2"}, Brand: "x", Name: "n"}}, nil},
		{&recommendationv1.ItemUpsert{Item: &recommendationv1.Item{ItemId: "c", Version: 9, CreatedMs: 9, Stub: true}, Clear: []string{"attributes.a", "brand"}}, nil},
	}
	req := &recommendationv1.UpsertItemsRequest{Workspace: "w"}
	want := map[int32][]string{}
	for n, r := range rows {
		if req.Items = append(req.Items, r.row); r.want != nil {
			want[int32(n)] = r.want
		}
	}
	resp, err := s.Upsert(t.Context(), req)
	if err != nil || int(resp.Taken) != len(rows)-len(want) || len(resp.Faults) != len(want) {
		t.Fatalf("%v %v", resp, err)
	}
	for _, f := range resp.Faults {
		for _, text := range want[f.Row] {
			if !strings.Contains(f.Error, text) {
				t.Errorf("row %d: %q does not say %q", f.Row, f.Error, text)
			}
		}
	}
	w.shows(s, "a", within, func(i *Item) bool {
		p := i.Proto
		return p.GetName() == "good" && p.GetCategories()[0] == "Clothing > Shoes" && p.GetCurrency() == "EUR" && p.GetLanguages()[0] == "zh-Hans" && len(p.GetAttributes()) == MostAttributes && p.GetAttributes()["n00000"] == "v"
	})
	w.shows(s, "c", within, func(i *Item) bool { // the later row of one request holds
		return i.Proto.GetBrand() == "" && i.Proto.GetName() == "n" && len(i.Proto.GetAttributes()) == 1 && i.Proto.GetVersion() == 2 && !i.Proto.GetStub()
	})
	req.Items = make([]*recommendationv1.ItemUpsert, 1001)
	if _, err := s.Upsert(t.Context(), req); err == nil || !strings.Contains(err.Error(), "at most 1000") {
		t.Error(err)
	}
}

func TestUpsertsOfOneReplicaKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	s, err := New(Config{Dir: t.TempDir(), MostItems: 10}, Deps{Logger: quiet(), Broker: w.client, Now: func() time.Time { return time.UnixMilli(7_000) }})
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(20) { // the clock stands still
		w.upsert(s, &recommendationv1.Item{ItemId: "a", Stock: proto.Int64(n)})
	}
	last, _ := w.start("one")
	w.shows(last, "a", within, func(i *Item) bool { return i.Proto.GetStock() == 19 })
}
