package warehouse

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// state is a version of order O of customer a.
func state(version int64, s orderv1.State, edit func(*orderv1.Order)) *orderv1.Order {
	o := &orderv1.Order{
		Workspace: "default", OrderId: "O", Version: version, State: s, EventId: "e1", CustomerId: "a", OccurredMs: base.UnixMilli(),
		FirstReceivedMs: base.UnixMilli(), ReceivedMs: base.UnixMilli() + version, Currency: "USD", TotalMicros: new(int64(3_000_000)),
		QuantityMicros: 1_250_000, ValueMicros: new(int64(2_700_000)), Conversion: &eventv1.Conversion{Currency: "EUR", RateE12: 900_000_000_000, RateDate: "2026-11-27"},
	}
	if edit != nil {
		edit(o)
	}
	return o
}

// Whatever the order in which the versions of an order come, and however often, dw.orders has one row: the last. Everything about it may
// change, the customer and the time of the sale too.
func TestDwOrdersShowsTheLastVersion(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	first := state(1, orderv1.State_STATE_COMPLETED, nil)
	last := state(3, orderv1.State_STATE_PARTIALLY_REFUNDED, func(o *orderv1.Order) {
		o.CustomerId, o.OccurredMs, o.EventId = "b", base.UnixMilli()-90*86_400_000, "e2"
		o.Refunds, o.RefundedMicros = []*orderv1.Refund{{EventId: "r", AmountMicros: 1_000_000}}, 1_000_000
		o.Items, o.ItemsEventId = []*eventv1.OrderItem{{}, {}}, "e2"
	})
	second := state(2, orderv1.State_STATE_WAITING, func(o *orderv1.Order) { o.TotalMicros, o.ValueMicros, o.Conversion = nil, nil, nil })
	for _, o := range []*orderv1.Order{last, first, second, last, first} { // each its own block
		w.produce(topics.Orders, "O", o)
		w.wantCommitted(topics.Orders, 0)
	}
	w.want(1, "SELECT count() FROM {dw}.orders")
	w.want(1, `SELECT count() FROM {dw}.orders WHERE (order_id, version, kind, state, event_id, items_event_id, customer_id) = ('O', 3, 'completed', 'partially_refunded', 'e2', 'e2', 'b')
		AND (currency, value_currency, rate_e12, rate_date) = ('USD', 'EUR', 900000000000, '2026-11-27')
		AND total_micros = 3000000 AND value_micros = 2700000 AND toString(quantity) = '1.25' AND (items, refunds, refunded_micros) = (2, 1, 1000000)
		AND toUnixTimestamp64Milli(occurred_at) = `+strconv.FormatInt(last.OccurredMs, 10))
	w.want(0, "SELECT count() FROM {dw}.orders WHERE customer_id = 'a'") // a filter finds no version but the last
	w.want(0, "SELECT count() FROM {dw}.orders WHERE event_id = 'e1'")
	w.produce(topics.Orders, "O", state(4, orderv1.State_STATE_WAITING, func(o *orderv1.Order) { o.TotalMicros, o.ValueMicros, o.Conversion = nil, nil, nil }))
	w.want(1, "SELECT count() FROM {dw}.orders WHERE total_micros IS NULL AND value_micros IS NULL AND rate_e12 = 0 AND value_currency = ''")
}

// Every state of an order has its words; a new one must get some here.
func TestEveryOrderStateHasItsWords(t *testing.T) {
	for number, name := range orderv1.State_name {
		if _, ok := orderStates[orderv1.State(number)]; ok == (number == 0) {
			t.Errorf("%s: words %t", name, ok)
		}
	}
}

// What orders add to customers and take back sums up, whoever sends it again.
func TestPostingsSumUp(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	sale := &orderv1.Posting{CustomerId: "a", AtMs: base.UnixMilli(), Orders: 1, QuantityMicros: 1_250_000, SpendMicros: math.MaxInt64}
	less := proto.CloneOf(sale)
	less.SpendMicros = 5
	back := &orderv1.Posting{CustomerId: "a", AtMs: base.UnixMilli() + 1, Refunds: 1, RefundMicros: 2}
	change := func(sequence int64, taken, added []*orderv1.Posting) *orderv1.Change {
		return &orderv1.Change{Workspace: "default", OrderId: "O", CustomerId: "a", Partition: 1, Sequence: sequence, FirstReceivedMs: base.UnixMilli(), Taken: taken, Added: added}
	}
	one, two := change(1, nil, []*orderv1.Posting{sale}), change(2, []*orderv1.Posting{sale}, []*orderv1.Posting{less, back})
	w.produce(topics.OrderPostings, "a", one, two)
	w.wantCommitted(topics.OrderPostings, 0)
	w.produce(topics.OrderPostings, "a", one, two) // a book that crashed sends again
	w.wantCommitted(topics.OrderPostings, 0)
	w.want(1, `SELECT (toString(sum(orders * sign)), toString(sum(quantity_micros * sign)), toString(sum(toInt128(spend_micros) * sign)), toString(sum(refunds * sign)),
		toString(sum(refund_micros * sign)), count()) = ('1', '1250000', '5', '1', '2', 4) FROM {dw}.order_postings WHERE customer_id = 'a' AND order_id = 'O'`)
}

// What an order takes from one customer and gives to another are rows of the two.
func TestAMovedPostingIsARowOfWhoHasItNow(t *testing.T) {
	p := newPostingRows(1)
	posting := func(who string) []*orderv1.Posting {
		return []*orderv1.Posting{{CustomerId: who, AtMs: base.UnixMilli(), Orders: 1, SpendMicros: 5}}
	}
	c := &orderv1.Change{Workspace: "w", OrderId: "O", CustomerId: "a", Sequence: 1, FirstReceivedMs: base.UnixMilli(), Taken: posting("a"), Moved: posting("b")}
	value, err := proto.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.add(broker.Record{Value: value}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.customer, []string{"a", "b"}) || !slices.Equal(p.sign, []int8{-1, 1}) || !slices.Equal(p.line, []int32{1, 2}) {
		t.Errorf("customers %q, signs %d, lines %d", p.customer, p.sign, p.line)
	}
}

// An order of which some things are not known, or known to six decimals, reaches the facts as it is.
func TestOrderEventsKeepWhatIsNotKnown(t *testing.T) {
	w := newWorld(t, 1)
	r := fact("a", 10)
	r.Event.Order = &eventv1.Order{OrderId: "O", Kind: eventv1.OrderKind_ORDER_KIND_UPDATED, Currency: "EUR", Items: []*eventv1.OrderItem{
		{Line: 1, ProductId: "apples", Sku: "s", QuantityMicros: 1_250_000, UnitPriceMicros: new(int64(2_400_000)), TotalMicros: new(int64(3_000_000))},
		{Line: 2, QuantityMicros: 999_999_999_999_999_999},
	}}
	w.produce(topics.EventsResolved, "a", r)
	w.start(nil)
	w.want(1, "SELECT count() FROM {dw}.order_events WHERE total_micros IS NULL AND kind = 'updated' AND toString(quantity) = '1000000000001.249999' AND identified")
	w.want(1, "SELECT count() FROM {dw}.order_event_items WHERE toString(quantity) = '1.25' AND unit_price_micros = 2400000 AND total_micros = 3000000 AND sku = 's'")
	w.want(1, "SELECT count() FROM {dw}.order_event_items WHERE toString(quantity) = '999999999999.999999' AND unit_price_micros IS NULL AND total_micros IS NULL")
	w.want(0, "SELECT count() FROM {dw}.order_items") // lines of orders: nobody has told of one
}

func TestOrdersThatNoTableHoldsAreDeadLettered(t *testing.T) {
	bad := map[string]struct {
		topic topics.Topic
		m     proto.Message
	}{
		"a state from tomorrow": {topics.Orders, state(1, 99, nil)},
		"no number":             {topics.Orders, state(1, orderv1.State_STATE_COMPLETED, func(o *orderv1.Order) { o.OrderId = "" })},
		"a far time":            {topics.Orders, state(1, orderv1.State_STATE_COMPLETED, func(o *orderv1.Order) { o.OccurredMs = 1 << 60 })},
		"moved to nobody": {topics.OrderPostings, &orderv1.Change{Workspace: "w", OrderId: "O", CustomerId: "a", FirstReceivedMs: base.UnixMilli(),
			Moved: []*orderv1.Posting{{AtMs: base.UnixMilli()}}}},
		"nobody's change": {topics.OrderPostings, &orderv1.Change{Workspace: "w", OrderId: "O"}},
		"a far posting": {topics.OrderPostings, &orderv1.Change{Workspace: "w", OrderId: "O", CustomerId: "a",
			Added: []*orderv1.Posting{{AtMs: base.UnixMilli()}, {AtMs: 1 << 60}}}},
	}
	for name, c := range bad {
		value, err := proto.Marshal(c.m)
		if err != nil {
			t.Fatal(err)
		}
		r, err := convert(block{tp: broker.TopicPartition{Topic: c.topic.Name}, records: []broker.Record{{Topic: c.topic.Name, Value: value}}})
		if err != nil || len(r.bad) != 1 || r.tables[0].rows != 0 {
			t.Errorf("%s: %d rows, %d refused, %v", name, r.tables[0].rows, len(r.bad), err)
		}
	}
}
