package feature

import (
	"fmt"

	"github.com/freshet/freshet/pkg/stream"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/spec"
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
	if !e.rec.marks.raise(route, orderLane(c.GetPartition()), c.GetSequence()) {
		h.metrics.duplicates.Inc()
		return nil
	}
	if err := h.batch.change(tx, e, cause{
		reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, history: c.GetHistory(), receivedMs: c.GetReceivedMs(),
	}); err != nil {
		return err
	}
	now := tx.Now().UnixMilli()
	for _, p := range c.GetTaken() {
		e.rec.state.Post(spec.ReadPosting(p, true), now)
	}
	for _, p := range c.GetAdded() {
		e.rec.state.Post(spec.ReadPosting(p, false), now)
	}
	h.metrics.changes.Inc()
	return nil
}
