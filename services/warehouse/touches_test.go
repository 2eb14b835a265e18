package warehouse

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// boughtOnce is line number line of an order of a customer.
func boughtOnce(customer, item string, line int32, edit func(*recommendationv1.Touch)) *recommendationv1.Touch {
	m := &recommendationv1.Touch{
		Workspace: "default", CustomerId: customer, ItemId: item, Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY, AtMs: base.UnixMilli(), ReceivedMs: base.UnixMilli() + 7,
		QuantityMicros: 2_500_000, ValueMicros: proto.Int64(19_990_000), OrderId: "o1", RequestId: "r1", EventId: "e1", Line: line, Country: "DE", Partition: 3, Sequence: int64(line),
	}
	if edit != nil {
		edit(m)
	}
	return m
}

// Every field of a touch is in its column; what is absent reads as absent.
func TestTouchesReachTheirColumns(t *testing.T) {
	w := newWorld(t, 1)
	w.produce(topics.Touches, "a", boughtOnce("a", "sku-1", 1, func(m *recommendationv1.Touch) { m.History, m.Anonymous = true, true }), boughtOnce("a", "sku-2", 2, func(m *recommendationv1.Touch) {
		m.Kind, m.ValueMicros, m.OrderId, m.RequestId, m.Country = recommendationv1.TouchKind_TOUCH_KIND_VIEW, nil, "", "", ""
	}))
	w.start(nil)
	w.want(2, "SELECT count() FROM {dw}.touches")
	w.want(1, `SELECT count() FROM {dw}.touches WHERE (workspace, customer_id, item_id, kind, quantity_micros, value_micros, order_id, request_id, event_id, line)
		= ('default', 'a', 'sku-1', 'buy', 2500000, 19990000, 'o1', 'r1', 'e1', 1) AND (history, anonymous, undone, country, task, sequence) = (true, true, false, 'DE', 3, 1)
		AND toUnixTimestamp64Milli(at) = `+ms(base.UnixMilli())+` AND toUnixTimestamp64Milli(received_at) = `+ms(base.UnixMilli()+7))
	w.want(1, `SELECT count() FROM {dw}.touches WHERE (item_id, kind, order_id, history, anonymous) = ('sku-2', 'view', '', false, false) AND value_micros IS NULL`)
	w.wantCommitted(topics.Touches, 0)
}

// Copies meet, whatever their sequence; a touch that is told anew after a merge is the customer's who has it now; what was undone counts no more.
func TestATouchIsThereOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	undo := func(m *recommendationv1.Touch) { m.Undone, m.EventId = true, "e2" }
	for _, m := range []*recommendationv1.Touch{
		boughtOnce("a", "sku-1", 1, nil), boughtOnce("a", "sku-1", 1, nil), // each its own block
		boughtOnce("a", "sku-1", 1, func(m *recommendationv1.Touch) { m.Partition, m.Sequence = 5, 99 }),
		boughtOnce("a", "sku-2", 2, nil), boughtOnce("a", "sku-2", 1, undo), boughtOnce("a", "sku-2", 1, undo),
	} {
		w.produce(topics.Touches, "a", m)
		w.wantCommitted(topics.Touches, 0)
	}
	w.want(3, "SELECT count() FROM {dw}.touches")
	w.want(1, "SELECT count() FROM {dw}.touches WHERE item_id = 'sku-1' AND sequence = 99")
	w.want(1, "SELECT count() FROM {dw}.touches_current")
	w.want(1, "SELECT count() FROM {dw}.touches_current WHERE item_id = 'sku-1' AND current_customer_id = 'a'")
	w.produce(topics.IdentityMappings, "a", &identityv1.Mapping{Workspace: "default", FromCustomerId: "a", ToCustomerId: "b", Epoch: 7, MergedMs: base.UnixMilli()})
	w.want(1, "SELECT count() FROM {dw}.touches_current WHERE current_customer_id = 'b'")
	w.produce(topics.Touches, "b", boughtOnce("b", "sku-1", 1, nil))
	w.want(1, "SELECT count() FROM {dw}.touches WHERE (item_id, customer_id) = ('sku-1', 'b')")
	w.want(3, "SELECT count() FROM {dw}.touches")
}

// A touch that is refused leaves no trace in any column.
func TestTouchesThatNoTableHoldsAreRefusedWhole(t *testing.T) {
	for name, edit := range map[string]func(*recommendationv1.Touch){
		"no customer":      func(m *recommendationv1.Touch) { m.CustomerId = "" },
		"no workspace":     func(m *recommendationv1.Touch) { m.Workspace = "" },
		"no item":          func(m *recommendationv1.Touch) { m.ItemId = "" },
		"no event":         func(m *recommendationv1.Touch) { m.EventId = "" },
		"nothing was done": func(m *recommendationv1.Touch) { m.Kind = 0 },
		"a kind of later":  func(m *recommendationv1.Touch) { m.Kind = 99 },
		"of the year 1800": func(m *recommendationv1.Touch) { m.AtMs = minMillis - 1 },
		"received in 2300": func(m *recommendationv1.Touch) { m.ReceivedMs = maxMillis + 1 },
	} {
		b := block{tp: broker.TopicPartition{Topic: topics.Touches.Name}}
		for i, m := range []*recommendationv1.Touch{boughtOnce("a", "x", 1, nil), boughtOnce("a", "y", 2, edit), boughtOnce("a", "z", 3, nil)} {
			value, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			b.records = append(b.records, broker.Record{Topic: b.tp.Topic, Offset: int64(i), Value: value, Time: base})
		}
		r, err := convert(b)
		if err != nil || len(r.bad) != 1 || r.bad[0].record.Offset != 1 || r.tables[0].rows != 2 {
			t.Errorf("%s: bad %+v, %d rows, %v", name, r.bad, r.tables[0].rows, err)
		}
		wantWhole(t, name, r.tables[0])
	}
}
