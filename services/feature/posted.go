package feature

import (
	"fmt"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// posted takes a change that the order book made to a customer of this partition.
func (h *handler) posted(tx transaction, key string, m *orderv1.Change) error {
	to, err := parseID(m.GetCustomerId())
	if err == nil && key != m.GetCustomerId() {
		err = fmt.Errorf("customer %s under key %q", to, key)
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("change of order %q: %w", m.GetOrderId(), err))
	}
	return h.change(tx, to, &featurev1.Handover{Workspace: m.GetWorkspace(), What: &featurev1.Handover_Change{Change: m}})
}

// change applies a change to customer at, or passes it on when at was merged away.
func (h *handler) change(tx transaction, at customerID, m *featurev1.Handover) error {
	c := m.GetChange()
	route, err := parseID(c.GetCustomerId())
	if err != nil {
		return stream.Permanent(fmt.Errorf("change of order %q: %w", c.GetOrderId(), err))
	}
	e, err := h.batch.load(tx, at, m.GetWorkspace())
	if err != nil {
		return err
	}
	if e.rec.gone != nil {
		h.metrics.forwarded.Inc()
		return passOn(tx, e.rec.gone, m)
	}
	if !e.rec.news(route, c) {
		h.metrics.duplicates.Inc()
		return nil
	}
	if err := h.batch.change(tx, e, cause{
		reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, history: c.GetHistory(), receivedMs: c.GetReceivedMs(),
	}); err != nil {
		return err
	}
	passed := tx.Passed().UnixMilli()
	for _, p := range c.GetTaken() {
		e.rec.state.Post(p, true, passed)
	}
	for _, p := range c.GetAdded() {
		e.rec.state.Post(p, false, passed)
	}
	h.metrics.changes.Inc()
	return h.move(tx, e, m)
}

// move gives what went over to another customer to that one: at once, together with what was taken, when both are one by now. It is sent there all the same,
// to be known for a repeat: should the changelog be lost, the task that reads its inputs again may meet the change before it knows that both are one, and
// somebody on the way who still lives then would count it and hand it over to one who has had their record
// (TestALostChangelogIsRebuiltFromTheInputs).
func (h *handler) move(tx transaction, e *entry, m *featurev1.Handover) error {
	c := m.GetChange()
	if len(c.GetMoved()) == 0 {
		return nil
	}
	to, err := parseID(c.GetMoved()[0].GetCustomerId())
	if err != nil {
		return stream.Permanent(fmt.Errorf("change of order %q: moved to: %w", c.GetOrderId(), err))
	}
	if e.id == to || e.rec.absorbs(to) {
		// It may have come by way of the other one already. Whoever reads the facts sees which changes that went over are in the state, however they came.
		if e.rec.arrive(mark{numbering: numbering{partition: c.GetPartition()}, offset: c.GetSequence()}) {
			for _, p := range c.GetMoved() {
				e.rec.state.Post(p, false, tx.Passed().UnixMilli())
			}
		}
	}
	if e.id == to {
		return nil
	}
	return emit(tx, topics.FeatureHandover, to, &featurev1.Handover{Workspace: m.GetWorkspace(), What: &featurev1.Handover_Change{Change: &orderv1.Change{
		Workspace: c.GetWorkspace(), OrderId: c.GetOrderId(), CustomerId: to.String(), MovedFrom: c.GetCustomerId(),
		Partition: c.GetPartition(), Sequence: c.GetSequence(), Added: c.GetMoved(),
		History: c.GetHistory(), ReceivedMs: c.GetReceivedMs(), FirstReceivedMs: c.GetFirstReceivedMs(),
	}}}, tx.Traceparent())
}

// news notes a change and reports false when it was noted before. What comes from another customer's task comes on ways of its own, in no
// order, so each is noted by itself.
func (r *record) news(route customerID, c *orderv1.Change) bool {
	if c.GetMovedFrom() != "" {
		return r.arrive(mark{numbering: numbering{partition: c.GetPartition()}, offset: c.GetSequence()})
	}
	return r.marks.raise(route, orderLane(c.GetPartition()), c.GetSequence())
}
