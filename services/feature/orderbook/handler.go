package orderbook

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// TaskName names the consumer group.
const TaskName = "feature.orders"

// Transaction is what the handler needs of *stream.Tx; tests drive it in memory.
type Transaction interface {
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte)
	Emit(m broker.Message)
}

// Handler folds one partition of orders.events.v1. It holds nothing between records.
type Handler struct {
	partition int
	metrics   *Metrics
}

// New makes the handler of a partition.
func New(partition int, m *Metrics) *Handler { return &Handler{partition: partition, metrics: m} }

// Process implements stream.Handler.
func (h *Handler) Process(tx *stream.Tx, rec broker.Record) error { return h.Fold(tx, rec) }

// Timer implements stream.Handler: an order has none.
func (h *Handler) Timer(*stream.Tx, []byte, time.Time) error { return nil }

// Fold puts one event into its order and tells what that changed.
func (h *Handler) Fold(tx Transaction, rec broker.Record) error {
	r := &eventv1.ResolvedEvent{}
	if err := proto.Unmarshal(rec.Value, r); err != nil {
		return stream.Permanent(fmt.Errorf("decode ResolvedEvent: %w", err))
	}
	if err := check(r, rec.Key); err != nil {
		return stream.Permanent(fmt.Errorf("order event %q: %w", r.GetEvent().GetEventId(), err))
	}
	key := append([]byte{prefixBook}, rec.Key...)
	b, err := load(tx, key)
	if err != nil {
		return err
	}
	e := order.Of(r)
	if !order.Add(b, e) {
		h.metrics.silent.Inc()
		return nil
	}
	h.metrics.folded.Inc()
	if err := h.tell(tx, rec.Key, b, e, r.GetEvent()); err != nil {
		return err
	}
	value, err := proto.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode order %x: %w", rec.Key, err)
	}
	tx.Set(key, value)
	return nil
}

func check(r *eventv1.ResolvedEvent, key []byte) error {
	e := r.GetEvent()
	switch {
	case order.Of(r) == nil:
		return errors.New("it is no order event with an order number")
	case e.GetEventId() == "":
		return errors.New("it has no event id")
	case e.GetOccurredMs() == 0:
		return errors.New("it has no time")
	case !customer.IsID(r.GetCustomerId()):
		return fmt.Errorf("customer id %q is not 32 lower-case hexadecimal digits", r.GetCustomerId())
	case string(key) != string(order.Key(e.GetWorkspace(), e.GetOrder().GetOrderId())):
		return fmt.Errorf("order %q under key %q", e.GetOrder().GetOrderId(), key)
	}
	return nil
}

// The name spaces of the state's keys.
const (
	prefixBook     = 'o' // then the order's key: its Book
	prefixSequence = 's' // the number of the last change
)

func load(tx Transaction, key []byte) (*orderv1.Book, error) {
	value, ok, err := tx.Get(key)
	if err != nil {
		return nil, fmt.Errorf("read order %x: %w", key, err)
	}
	b := &orderv1.Book{}
	if ok {
		if err := proto.Unmarshal(value, b); err != nil {
			return nil, fmt.Errorf("read order %x: %w", key, err)
		}
	}
	return b, nil
}

// tell sends what an event made of its order, unless that is what was told before.
func (h *Handler) tell(tx Transaction, key []byte, b *orderv1.Book, e *orderv1.Event, source *eventv1.Event) error {
	now := order.Fold(source.GetWorkspace(), source.GetOrder().GetOrderId(), b)
	now.Version = b.GetTold().GetVersion()
	if proto.Equal(now, b.GetTold()) {
		return nil
	}
	now.Version++
	h.metrics.told(b.GetTold(), now)
	changes := order.Diff(b.GetTold(), now)
	b.Told = now
	if err := emit(tx, topics.Orders, key, now); err != nil {
		return err
	}
	for _, c := range changes {
		n, err := h.next(tx)
		if err != nil {
			return err
		}
		c.Partition, c.Sequence = int32(h.partition), n
		c.History, c.ReceivedMs = e.GetHistory(), e.GetReceivedMs()
		if err := emit(tx, topics.OrderPostings, []byte(c.GetCustomerId()), c); err != nil {
			return err
		}
		h.metrics.changes.Inc()
	}
	return nil
}

// next numbers a change.
func (h *Handler) next(tx Transaction) (int64, error) {
	value, ok, err := tx.Get([]byte{prefixSequence})
	if err != nil {
		return 0, fmt.Errorf("read the sequence: %w", err)
	}
	n := int64(0)
	if ok {
		if len(value) != 8 {
			return 0, fmt.Errorf("read the sequence: %d bytes, want 8", len(value))
		}
		n = int64(binary.BigEndian.Uint64(value))
	}
	n++
	tx.Set([]byte{prefixSequence}, binary.BigEndian.AppendUint64(nil, uint64(n)))
	return n, nil
}

func emit(tx Transaction, to topics.Topic, key []byte, m proto.Message) error {
	value, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	tx.Emit(broker.Message{Topic: to.Name, Key: key, Value: value})
	return nil
}

var _ stream.Handler = (*Handler)(nil)
