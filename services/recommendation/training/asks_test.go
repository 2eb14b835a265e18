package training

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// events are views and orders of customers, more than a record holds, and of the last a visit without consent.
func events(nowMs int64) (out []*eventv1.ResolvedEvent) {
	who := func(n int) string { return customer.ID("default", "user_id", fmt.Sprint(n), 0) }
	for i := range 1100 {
		at := nowMs - int64(1100-i)*10*60_000
		if i%3 == 0 {
			at -= 5 * 60_000
		}
		e := &eventv1.Event{EventId: fmt.Sprint("e", i), Workspace: "default", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed", OccurredMs: at, ReceivedMs: at}
		e.PropertiesJson = fmt.Appendf(nil, `{"product_id":"i%d"}`, i%70)
		if i%3 == 0 {
			e.Name, e.PropertiesJson = "Order", nil
			e.Order = &eventv1.Order{OrderId: fmt.Sprint("o", i), Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Items: []*eventv1.OrderItem{{Line: 1, ProductId: fmt.Sprint("i", i%11), QuantityMicros: 2_000_000}}}
		}
		out = append(out, &eventv1.ResolvedEvent{CustomerId: who(1), Event: e})
		if i > 1095 {
			other := proto.CloneOf(e)
			other.EventId, other.Consent = "n"+e.GetEventId(), &eventv1.Consent{Denied: []string{"personalization"}}
			if other.Order != nil {
				other.Order.OrderId += "n"
			}
			out = append(out, &eventv1.ResolvedEvent{CustomerId: who(2), Event: other})
		}
	}
	return out
}

// A ranker is taught with what a board is asked with: the touches that visitors are told of give, replayed, what their records hold, to the touch.
func TestAQuestionOfTrainingIsOneOfServing(t *testing.T) {
	client := testkit.Broker(t, visitor.Topics()...)
	cfg := visitor.Default()
	cfg.Dir, cfg.Pace = t.TempDir(), 0
	now := time.Now().Truncate(time.Millisecond)
	visitors, err := visitor.New(cfg, visitor.Deps{Logger: slog.New(slog.DiscardHandler), Broker: client, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	runs(t, visitors.Run)
	all := events(now.UnixMilli())
	var messages []broker.Message
	for _, e := range all {
		value, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, broker.Message{Topic: topics.EventsResolved.Name, Key: []byte(e.GetCustomerId()), Value: value})
	}
	if err := client.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
	h := replayed(t, client, len(all))
	for _, id := range []string{all[0].GetCustomerId(), all[len(all)-1].GetCustomerId()} {
		view, err := visitors.View(t.Context(), "default", id)
		if err != nil || view == nil || len(view.Touches) == 0 {
			t.Fatalf("%v, %v", view, err)
		}
		place := slices.IndexFunc(h.touches, func(x touch) bool {
			return strings.HasPrefix(h.items.Text(x.item), "next") && (x.anonymous != view.Personal)
		})
		a := h.ask(place, now.UnixMilli())
		same := func(item int32, got, want visitor.Touch) {
			if h.items.Text(item) != want.Item || got.Kind != want.Kind || got.AtMs != want.AtMs || got.Quantity != want.Quantity {
				t.Errorf("%s %+v, want %+v", h.items.Text(item), got, want)
			}
		}
		visit := view.Visit(now.UnixMilli())
		if len(a.Session) != len(visit) || a.Personal() != view.Personal {
			t.Fatalf("a visit of %d touches, want %d; personal: %v", len(a.Session), len(visit), a.Personal())
		}
		for i, item := range a.Session {
			if h.items.Text(item) != visit[i].Item {
				t.Errorf("visit: %s, want %s", h.items.Text(item), visit[i].Item)
			}
		}
		if !view.Personal {
			continue
		}
		if len(view.Touches) != visitor.MostTouches+visitor.MostBought || len(a.Touches) != len(view.Touches) || len(a.History) != len(a.Touches) {
			t.Fatalf("%d touches, want %d", len(a.Touches), len(view.Touches))
		}
		for i, item := range a.History {
			same(item, a.Touches[i], view.Touches[i])
		}
	}
}

// replayed are the touches that were told, and one more of each visitor behind them.
func replayed(t *testing.T, client *broker.Client, n int) *heap {
	t.Helper()
	h := &heap{}
	testkit.Eventually(t, time.Minute, func() error {
		records := testkit.Records(t, client, topics.Touches)
		if len(records) != n {
			return fmt.Errorf("%d touches of %d", len(records), n)
		}
		var list []Touch
		last := map[string]Touch{}
		for _, r := range records {
			var m recommendationv1.Touch
			if err := proto.Unmarshal(r.Value, &m); err != nil {
				t.Fatal(err)
			}
			x := Touch{Customer: m.GetCustomerId(), Item: m.GetItemId(), AtMs: m.GetAtMs(), Order: m.GetOrderId(), Quantity: m.GetQuantityMicros(), Anonymous: m.GetAnonymous(),
				Kind: strings.ToLower(strings.TrimPrefix(m.GetKind().String(), "TOUCH_KIND_"))}
			list = append(list, x)
			last[x.Customer] = x
		}
		slices.SortStableFunc(list, func(a, b Touch) int { return int(min(max(a.AtMs-b.AtMs, -1), 1)) })
		for _, x := range list {
			h.add(x)
		}
		for _, x := range last {
			x.Item, x.AtMs = "next of "+x.Customer, time.Now().UnixMilli()
			h.add(x)
		}
		return nil
	})
	return h
}
