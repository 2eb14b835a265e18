package reconcile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// The customers of the shop.
var idA, idB, idC = customer.ID("default", "user_id", "a", 0), customer.ID("default", "user_id", "b", 0), customer.ID("default", "user_id", "c", 0)

// fill plays a small shop: two customers who are one, a retry, a refusal of each kind.
func fill(w *world) {
	completed, refunded := eventv1.OrderKind_ORDER_KIND_COMPLETED, eventv1.OrderKind_ORDER_KIND_REFUNDED
	for _, r := range []*eventv1.ResolvedEvent{
		orderOf(idA, "e1", completed, 3, 10*time.Minute),
		orderOf(idA, "e2", completed, 2, 40*24*time.Hour),
		orderOf(idB, "e3", refunded, 1, 20*time.Hour),
	} {
		w.produce(topics.EventsRaw, r.CustomerId, r.Event)
		w.produce(topics.EventsResolved, r.CustomerId, r)
		w.tell(r)
	}
	retry := orderOf(idA, "e1", completed, 3, 10*time.Minute)
	w.produce(topics.EventsRaw, "a", retry.Event)
	w.produce(topics.IdentityMappings, "b", &identityv1.Mapping{Workspace: "default", FromCustomerId: idB, ToCustomerId: idA, Epoch: 1, MergedMs: now.UnixMilli()})
	quarantined := orderOf(idC, "e4", completed, 1, 0)
	w.produce(topics.EventsRaw, "c", quarantined.Event)
	w.produce(topics.EventsRejected, "c", &eventv1.RejectedEvent{EventId: "e4", Workspace: "default", Source: "shop",
		Reason: "quarantined", RejectedBy: "identity", ReceivedMs: now.UnixMilli()})
	w.produce(topics.EventsRejected, "d", &eventv1.RejectedEvent{EventId: "e5", Workspace: "default", Source: "shop",
		Reason: "invalid_json", RejectedBy: "collector", ReceivedMs: now.UnixMilli()})
	w.settle()
}

// served is what a right feature service answers for customer a.
func served() *featurev1.GetFeaturesResponse {
	moment := func(ms int64) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_MomentMs{MomentMs: ms}}
	}
	count := func(n int64) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: n}}
	}
	decimal := func(micros int64) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: money.Format(micros)}}
	}
	ms := func(ago time.Duration) int64 { return now.Add(-ago).UnixMilli() }
	out := &featurev1.GetFeaturesResponse{CustomerId: idA, AsOfMs: now.UnixMilli(), Values: map[string]*featurev1.FeatureValue{
		"first_seen": moment(ms(40 * 24 * time.Hour)), "last_seen": moment(ms(10 * time.Minute)),
		"first_order": moment(ms(40 * 24 * time.Hour)), "last_order": moment(ms(10 * time.Minute)),
		"last_events": {Value: &featurev1.FeatureValue_List{List: &featurev1.FeatureList{Entries: []*featurev1.FeatureEntry{
			{Key: "Order Completed", Value: moment(ms(10 * time.Minute))}}}}},
	}}
	window := func(name string, events, orders, quantity, spend, refunds int64) {
		out.Values["events_"+name], out.Values["orders_"+name], out.Values["refunds_"+name] = count(events), count(orders), count(refunds)
		out.Values["quantity_"+name], out.Values["spend_"+name] = decimal(quantity*1_000_000), decimal(spend)
		out.Values["refund_"+name] = decimal(refunds * 1_001_000)
		if orders > 0 {
			out.Values["average_basket_"+name] = decimal(spend / orders)
		}
	}
	window("1h", 1, 1, 3, 3_003_000, 0)
	window("24h", 2, 1, 3, 3_003_000, 1)
	window("30d", 2, 1, 3, 3_003_000, 1)
	window("90d", 3, 2, 5, 5_005_000, 1)
	window("365d", 3, 2, 5, 5_005_000, 1)
	window("lifetime", 3, 2, 5, 5_005_000, 1)
	return out
}

func expected() *Expected {
	return &Expected{EventPrefix: "e", Orders: map[string]int64{"completed": 2, "refunded": 1}, Lines: 6, QuantityMicros: 4_000_000, NetMicros: 4_004_000, Identified: 1}
}

func TestABalancedShop(t *testing.T) {
	w := newWorld(t, 20*time.Millisecond)
	fill(w)
	r := w.run(func(o *Options) {
		o.Features = func(context.Context, string) (*featurev1.GetFeaturesResponse, error) { return served(), nil }
		o.Expected = expected()
	})
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if got, want := r.Sources[0], (Source{Source: "shop", RawRows: 5, Accepted: 4, Duplicates: 1, Stored: 3, Rejected: 1, Refused: 1}); got != want {
		t.Errorf("source: got %+v, want %+v", got, want)
	}
	if got := r.Totals[0].Net(); got != "4.004" {
		t.Errorf("net: got %s, want 4.004", got)
	}
	if got, want := r.Customers, (Customers{All: 1, Identified: 1, Merged: 1}); got != want {
		t.Errorf("customers: got %+v, want %+v", got, want)
	}
	if len(r.Features) != 1 || r.Features[0].Values < 42 {
		t.Errorf("features: %+v, want one customer with 6 windows of 7 numbers", r.Features)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "The books balance.") || !strings.Contains(text.String(), "4.004") {
		t.Errorf("text: %v\n%s", err, text.String())
	}
}

func TestEveryImbalanceIsNamed(t *testing.T) {
	features := func(edit func(*featurev1.GetFeaturesResponse)) func(*Options) {
		return func(o *Options) {
			o.Features = func(context.Context, string) (*featurev1.GetFeaturesResponse, error) {
				f := proto.CloneOf(served())
				edit(f)
				return f, nil
			}
		}
	}
	remove := func(table, where string) func(*world) {
		return func(w *world) {
			err := w.conn.Exec(w.t.Context(), w.names.Expand("DELETE FROM "+table+" WHERE "+where))
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	cases := map[string]struct {
		edit func(*Options)
		harm func(*world)
		want string
	}{
		"a fact is missing":           {harm: remove("{dw}.events_rows", "event_id = 'e2'"), want: "source shop: 4 events accepted, 2 stored and 1 rejected: 1 are missing"},
		"a fact came from nowhere":    {harm: remove("{ods}.events_rows", "event_id = 'e3'"), want: "1 events that are not in ods.events"},
		"a raw record is missing":     {harm: remove("{ods}.events_rows", "event_id = 'e3'"), want: "are in ods.events and 0 in the dead-letter topic"},
		"a line is missing":           {harm: remove("{dw}.order_event_items_rows", "event_id = 'e1' AND line = 2"), want: "say 5 lines with quantity 5; dw.order_event_items has 4 with 4"},
		"an order event has no event": {harm: remove("{dw}.events_rows", "event_id = 'e1'"), want: "1 order events without their event"},
		"a fact is there twice": {harm: func(w *world) {
			again := orderOf(idA, "e2", eventv1.OrderKind_ORDER_KIND_COMPLETED, 2, 39*24*time.Hour)
			w.produce(topics.EventsResolved, "a", again)
			w.settle()
		}, want: "4 rows for 3 different events"},
		"a group is behind": {edit: func(o *Options) {
			o.Groups = []Group{{Name: "nobody", Topics: []topics.Topic{topics.IdentityMappings}}}
		},
			want: "group nobody is 1 records behind in identity.mappings.v1"},
		"an order is missing":        {harm: remove("{dw}.order_states_rows", "order_id = 'e2'"), want: "order e2 of workspace default: it is not in dw.orders"},
		"an order came from nowhere": {harm: remove("{dw}.order_events_rows", "order_id = 'e2'"), want: "order e2 of workspace default: it is in dw.orders, and none of its events"},
		"an order is not up to date": {harm: func(w *world) {
			r := orderOf(idA, "e7", eventv1.OrderKind_ORDER_KIND_UPDATED, 5, 9*time.Minute)
			r.Event.Order.OrderId = "e1"
			w.produce(topics.EventsRaw, idA, r.Event)
			w.produce(topics.EventsResolved, idA, r)
			w.settle()
		}, want: "order e1 of workspace default: event_id is e1 in dw.orders and e7 by its events"},
		"what an order adds is missing": {harm: remove("{dw}.order_postings_rows", "order_id = 'e1'"),
			want: "order e1 of workspace default: dw.order_postings adds [0 0 0 0 0] to customer " + idA},
		"an order adds to somebody else": {harm: func(w *world) {
			w.produce(topics.OrderPostings, idC, &orderv1.Change{Workspace: "default", OrderId: "e1", CustomerId: idC, Partition: 9, Sequence: 1,
				FirstReceivedMs: now.UnixMilli(), Added: []*orderv1.Posting{{CustomerId: idC, AtMs: now.UnixMilli(), Orders: 1}}})
			w.settle()
		}, want: "order e1 of workspace default: dw.order_postings adds [1 0 0 0 0] to customer " + idC},
		"a feature is wrong": {edit: features(func(f *featurev1.GetFeaturesResponse) {
			f.Values["spend_30d"] = &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: "3.003001"}}
		}),
			want: "customer " + idA + ": 30d.spend_micros is served as 3003001 and recomputed as 3003000"},
		"a last time is missing": {edit: features(func(f *featurev1.GetFeaturesResponse) { delete(f.Values, "last_events") }),
			want: "customer " + idA + ": last Order Completed is served as 0"},
		"net is not what was expected": {edit: func(o *Options) { o.Expected = expected(); o.Expected.NetMicros++ },
			want: "e* has 4.004 net, expected 4.004001"},
		"a kind was not expected": {edit: func(o *Options) { o.Expected = expected(); delete(o.Expected.Orders, "refunded") },
			want: "e* has 1 refunded orders, expected 0"},
	}
	whole := newWorld(t, 20*time.Millisecond)
	fill(whole)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := whole
			if c.harm != nil {
				w = newWorld(t, 20*time.Millisecond)
				fill(w)
				c.harm(w)
			}
			r := w.run(c.edit)
			if err := r.Err(); !errors.Is(err, ErrUnequal) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestSettleSaysWhoIsBehind(t *testing.T) {
	w := newWorld(t, 20*time.Millisecond)
	w.produce(topics.IdentityMappings, "b", &identityv1.Mapping{FromCustomerId: idB, ToCustomerId: idA, MergedMs: now.UnixMilli()})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := Settle(ctx, w.broker, []Group{{Name: "nobody", Topics: []topics.Topic{topics.IdentityMappings}}})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got %v, want the deadline and the group's name", err)
	}
	w.settle()
}
