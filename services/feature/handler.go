package feature

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// transaction is what the handler needs of *stream.Tx; tests drive it in memory.
type transaction interface {
	Now() time.Time
	Passed() time.Time
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte)
	SetTimer(key []byte, due time.Time)
	ClearTimer(key []byte)
	Emit(m broker.Message)
	Traceparent() []byte
}

// handler folds one partition. Records are decoded once a batch and written back by
// flush; between batches it holds nothing.
type handler struct {
	metrics *metrics
	batch   *batch
	inbox   *inbox
	// inHand is the event that is being applied.
	inHand expr.Event
}

func newHandler(b *book, m *metrics) *handler {
	return &handler{metrics: m, batch: newBatch(b, m), inbox: newInbox()}
}

// Process implements stream.Handler.
func (h *handler) Process(tx *stream.Tx, rec broker.Record) error { return h.process(tx, rec) }

// Timer implements stream.Handler.
func (h *handler) Timer(tx *stream.Tx, key []byte, _ time.Time) error { return h.timer(tx, key) }

// Flush implements stream.Flusher.
func (h *handler) Flush(tx *stream.Tx) error { return h.batch.flush(tx) }

// process changes nothing before it knows that the record is good: a record that is
// dead-lettered must not leave half its effect in the batch.
func (h *handler) process(tx transaction, rec broker.Record) error {
	var err error
	switch rec.Topic {
	case topics.EventsResolved.Name:
		m := &eventv1.ResolvedEvent{}
		if err = decode(rec, m); err == nil {
			err = h.addressed(tx, string(rec.Key), m)
		}
	case topics.OrderPostings.Name:
		m := &orderv1.Change{}
		if err = decode(rec, m); err == nil {
			err = h.posted(tx, string(rec.Key), m)
		}
	case topics.IdentityMappings.Name:
		m := &identityv1.Mapping{}
		if err = decode(rec, m); err == nil {
			err = h.mapping(tx, string(rec.Key), m)
		}
	case topics.FeatureHandover.Name:
		m := &featurev1.Handover{}
		if err = decode(rec, m); err == nil {
			err = h.handover(tx, string(rec.Key), m)
		}
	default:
		err = stream.Permanent(fmt.Errorf("topic %s is no input of feature", rec.Topic))
	}
	if err != nil {
		return err
	}
	return h.batch.relieve(tx)
}

func decode(rec broker.Record, m proto.Message) error {
	if err := proto.Unmarshal(rec.Value, m); err != nil {
		return stream.Permanent(fmt.Errorf("decode %s: %w", m.ProtoReflect().Descriptor().Name(), err))
	}
	return nil
}

// addressed takes an event that identity addressed to a customer of this partition.
// Under another key it may be in the wrong partition, where no reader would find it.
func (h *handler) addressed(tx transaction, key string, ev *eventv1.ResolvedEvent) error {
	to, err := parseID(ev.GetCustomerId())
	if err == nil && key != ev.GetCustomerId() {
		err = fmt.Errorf("customer %s under key %q", to, key)
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("resolved event: %w", err))
	}
	return h.event(tx, to, &featurev1.Handover{
		Workspace: ev.GetEvent().GetWorkspace(),
		What:      &featurev1.Handover_Event{Event: ev},
	})
}

// event applies an event to customer at, or passes it on when at was merged away.
func (h *handler) event(tx transaction, at customerID, m *featurev1.Handover) error {
	ev := m.GetEvent()
	route, err := parseID(ev.GetCustomerId())
	if err == nil {
		err = checkEvent(ev.GetEvent())
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("resolved event: %w", err))
	}
	e, err := h.batch.load(tx, at, m.GetWorkspace())
	if err != nil {
		return err
	}
	if e.rec.gone != nil {
		h.metrics.forwarded.Inc()
		return passOn(tx, e.rec.gone, m)
	}
	if !e.rec.marks.raise(route, numbering{life: ev.GetRawLife(), partition: ev.GetRawPartition()}, ev.GetRawOffset()) {
		h.metrics.duplicates.Inc()
		return nil
	}
	if err := h.batch.change(tx, e, cause{
		reason:     featurev1.ChangeReason_CHANGE_REASON_EVENT,
		history:    ev.GetEvent().GetHistory(),
		receivedMs: ev.GetEvent().GetReceivedMs(),
	}); err != nil {
		return err
	}
	h.inHand.Reset(ev.GetEvent())
	e.rec.state.Insert(&h.inHand, tx.Passed().UnixMilli())
	h.metrics.applied.Inc()
	return nil
}

func checkEvent(e *eventv1.Event) error {
	switch {
	case e == nil:
		return errors.New("it holds no event")
	case e.GetType() < eventv1.EventType_EVENT_TYPE_TRACK || e.GetType() > eventv1.EventType_EVENT_TYPE_ALIAS:
		return fmt.Errorf("event %q has no type", e.GetEventId())
	case e.GetOccurredMs() == 0:
		return fmt.Errorf("event %q has no time", e.GetEventId())
	}
	return nil
}

// timer publishes a customer of whom a window has changed since the last set. The
// record is written in any case, so that flush sets the next timer.
func (h *handler) timer(tx transaction, key []byte) error {
	var c customerID
	if copy(c[:], key) != len(c) || len(key) != len(c) {
		return fmt.Errorf("timer of %x, which is no customer id", key)
	}
	e, err := h.batch.load(tx, c, "")
	if err != nil {
		return err
	}
	e.rec.timerMs, e.dirty = 0, true
	if e.rec.gone != nil {
		return nil
	}
	if e.flip = h.batch.book.nextFlip(e.rec, e.rec.publishedMs); e.flip.never || e.flip.ms > tx.Now().UnixMilli() {
		return nil
	}
	h.metrics.timers.Inc()
	return h.batch.change(tx, e, cause{reason: featurev1.ChangeReason_CHANGE_REASON_TIME})
}

// passOn sends a record to where a tombstone's customer went.
func passOn(tx transaction, gone *tombstone, m *featurev1.Handover) error {
	if m.GetHops() >= maxHops {
		return stream.Permanent(fmt.Errorf("passed on %d times: the tombstones form a cycle", m.GetHops()))
	}
	m.Hops++
	return emit(tx, topics.FeatureHandover, gone.handedTo, m, tx.Traceparent())
}

// emit sends m keyed by a customer.
func emit(tx transaction, to topics.Topic, key customerID, m proto.Message, trace []byte) error {
	value, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s for %s: %w", m.ProtoReflect().Descriptor().Name(), key, err)
	}
	msg := broker.Message{Topic: to.Name, Key: []byte(key.String()), Value: value}
	if trace != nil {
		msg.Headers = []broker.Header{{Key: "traceparent", Value: trace}}
	}
	tx.Emit(msg)
	return nil
}

var _ stream.Flusher = (*handler)(nil)
