package warehouse

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/freshet/freshet/pkg/broker"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// stateRows are rows of order_states, which dw.orders shows: one row a version of an order.
type stateRows struct {
	workspace, order, kind, state, event, customer, currency []string
	version                                                  []int64
	total, value                                             []*int64
	quantity                                                 []decimal.Decimal
	items                                                    []uint32
	itemsEvent, valueCurrency, rateDate                      []string
	rate                                                     []int64
	refunds                                                  []uint32
	refunded                                                 []int64
	occurred, first, received                                []int64
	history, truncated                                       []bool
}

func newStateRows(n int) *stateRows { return &stateRows{order: make([]string, 0, n)} }

// orderStates are the words of an order's kind and state.
var orderStates = map[orderv1.State][2]string{
	orderv1.State_STATE_WAITING:            {"waiting", "waiting"},
	orderv1.State_STATE_COMPLETED:          {"completed", "completed"},
	orderv1.State_STATE_PARTIALLY_REFUNDED: {"completed", "partially_refunded"},
	orderv1.State_STATE_REFUNDED:           {"completed", "refunded"},
	orderv1.State_STATE_CANCELLED:          {"cancelled", "cancelled"},
	orderv1.State_STATE_ADJUSTED:           {"adjusted", "adjusted"},
	orderv1.State_STATE_CREDITED:           {"refunded", "credited"},
}

func (s *stateRows) add(rec broker.Record) error {
	var o orderv1.Order
	if err := decode(rec, &o); err != nil {
		return err
	}
	words, ok := orderStates[o.State]
	switch {
	case !ok:
		return fmt.Errorf("order state %d is unknown", o.State)
	case o.Workspace == "" || o.OrderId == "":
		return errors.New("workspace and order_id must be set")
	}
	if err := checkTimes([]string{"occurred_ms", "first_received_ms", "received_ms"}, o.OccurredMs, o.FirstReceivedMs, o.ReceivedMs); err != nil {
		return err
	}
	s.workspace = append(s.workspace, o.Workspace)
	s.order = append(s.order, o.OrderId)
	s.version = append(s.version, o.Version)
	s.kind, s.state = append(s.kind, words[0]), append(s.state, words[1])
	s.event = append(s.event, o.EventId)
	s.customer = append(s.customer, o.CustomerId)
	s.currency = append(s.currency, o.Currency)
	s.total, s.value = append(s.total, o.TotalMicros), append(s.value, o.ValueMicros)
	s.quantity = append(s.quantity, units(o.QuantityMicros))
	s.items = append(s.items, uint32(len(o.Items)))
	s.itemsEvent = append(s.itemsEvent, o.ItemsEventId)
	s.valueCurrency = append(s.valueCurrency, o.GetConversion().GetCurrency())
	s.rate = append(s.rate, o.GetConversion().GetRateE12())
	s.rateDate = append(s.rateDate, o.GetConversion().GetRateDate())
	s.refunds = append(s.refunds, uint32(len(o.Refunds)))
	s.refunded = append(s.refunded, o.RefundedMicros)
	s.occurred, s.first, s.received = append(s.occurred, o.OccurredMs), append(s.first, o.FirstReceivedMs), append(s.received, o.ReceivedMs)
	s.history, s.truncated = append(s.history, o.History), append(s.truncated, o.Truncated)
	return nil
}

func (s *stateRows) result() rows {
	return rows{tables: []table{{db: schema.DW, name: "order_states", rows: len(s.order), columns: []column{
		{"workspace", s.workspace}, {"order_id", s.order}, {"version", s.version}, {"kind", s.kind}, {"state", s.state},
		{"event_id", s.event}, {"customer_id", s.customer}, {"currency", s.currency}, {"total_micros", s.total},
		{"quantity", s.quantity}, {"items", s.items}, {"items_event_id", s.itemsEvent},
		{"value_currency", s.valueCurrency}, {"value_micros", s.value}, {"rate_e12", s.rate}, {"rate_date", s.rateDate},
		{"refunds", s.refunds}, {"refunded_micros", s.refunded},
		{"occurred_at", s.occurred}, {"first_received_at", s.first}, {"received_at", s.received},
		{"history", s.history}, {"truncated", s.truncated},
	}}}}
}

// postingRows are rows of dw.order_postings.
type postingRows struct {
	workspace, customer, order                 []string
	at, first                                  []int64
	sign                                       []int8
	orders, quantity, spend, refunds, refunded []int64
	partition                                  []int32
	sequence                                   []int64
	line                                       []int32
}

func newPostingRows(n int) *postingRows { return &postingRows{order: make([]string, 0, n)} }

func (p *postingRows) add(rec broker.Record) error {
	var c orderv1.Change
	if err := decode(rec, &c); err != nil {
		return err
	}
	if c.Workspace == "" || c.OrderId == "" || c.CustomerId == "" {
		return errors.New("workspace, order_id and customer_id must be set")
	}
	for _, list := range [][]*orderv1.Posting{c.Taken, c.Added, c.Moved} {
		for i, x := range list {
			if x == nil {
				return fmt.Errorf("posting %d is null", i+1)
			}
			if err := checkTimes([]string{"at_ms", "first_received_ms"}, x.AtMs, c.FirstReceivedMs); err != nil {
				return err
			}
		}
	}
	if slices.ContainsFunc(c.Moved, func(x *orderv1.Posting) bool { return x.CustomerId == "" }) {
		return errors.New("a posting that went over to another customer must say to whom")
	}
	line := int32(0)
	for _, x := range c.Taken {
		line++
		p.posting(&c, c.CustomerId, x, -1, line)
	}
	for _, x := range c.Added {
		line++
		p.posting(&c, c.CustomerId, x, 1, line)
	}
	for _, x := range c.Moved {
		line++
		p.posting(&c, x.CustomerId, x, 1, line)
	}
	return nil
}

func (p *postingRows) posting(c *orderv1.Change, customer string, x *orderv1.Posting, sign int8, line int32) {
	p.workspace = append(p.workspace, c.Workspace)
	p.customer = append(p.customer, customer)
	p.order = append(p.order, c.OrderId)
	p.at = append(p.at, x.AtMs)
	p.first = append(p.first, c.FirstReceivedMs)
	p.sign = append(p.sign, sign)
	p.orders = append(p.orders, x.Orders)
	p.quantity = append(p.quantity, x.QuantityMicros)
	p.spend = append(p.spend, x.SpendMicros)
	p.refunds = append(p.refunds, x.Refunds)
	p.refunded = append(p.refunded, x.RefundMicros)
	p.partition = append(p.partition, c.Partition)
	p.sequence = append(p.sequence, c.Sequence)
	p.line = append(p.line, line)
}

func (p *postingRows) result() rows {
	return rows{tables: []table{{db: schema.DW, name: "order_postings", rows: len(p.order), columns: []column{
		{"workspace", p.workspace}, {"customer_id", p.customer}, {"order_id", p.order}, {"occurred_at", p.at}, {"sign", p.sign},
		{"orders", p.orders}, {"quantity_micros", p.quantity}, {"spend_micros", p.spend}, {"refunds", p.refunds},
		{"refund_micros", p.refunded}, {"first_received_at", p.first},
		{"book_partition", p.partition}, {"book_sequence", p.sequence}, {"line", p.line},
	}}}}
}

// units writes millionths as the decimal that a column holds.
func units(micros int64) decimal.Decimal { return decimal.New(micros, -6) }
