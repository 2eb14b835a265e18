package feature

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// maxHops bounds the tombstones on one path. Identity allows 100 merges a customer.
const maxHops = 100

// mapping takes the news that a customer of this partition was merged away.
func (h *handler) mapping(tx transaction, key string, m *identityv1.Mapping) error {
	from, err := parseID(m.GetFromCustomerId())
	if err == nil && key != m.GetFromCustomerId() {
		err = fmt.Errorf("%s under key %q", from, key)
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("mapping: from: %w", err))
	}
	to, err := parseID(m.GetToCustomerId())
	if err != nil {
		return stream.Permanent(fmt.Errorf("mapping: to: %w", err))
	}
	if from == to {
		return stream.Permanent(fmt.Errorf("mapping: %s is merged into itself", from))
	}
	e, err := h.batch.load(tx, from, m.GetWorkspace())
	if err != nil {
		return err
	}
	switch {
	case e.rec.gone == nil:
		return h.bury(tx, e, to, m.GetEpoch())
	case e.rec.gone.epoch < m.GetEpoch():
		e.rec.gone.mergedInto, e.rec.gone.epoch = to, m.GetEpoch()
		return h.announce(tx, e)
	default: // a repeat, or older news
		return nil
	}
}

// bury hands over a customer's record and leaves a tombstone. That of a customer who is not known yet is empty, and handed over all the same: should the
// changelog be lost, a task that reads its inputs again may see events first that were passed on the first time, and what it then hands over must be known
// for a repeat (TestALostChangelogIsRebuiltFromTheInputs).
func (h *handler) bury(tx transaction, e *entry, to customerID, epoch int64) error {
	if err := h.batch.publish(tx, e); err != nil {
		return err
	}
	err := emit(tx, topics.FeatureHandover, to, &featurev1.Handover{
		Workspace: e.rec.workspace,
		What: &featurev1.Handover_State{State: &featurev1.MergedState{
			FromCustomerId: e.id.String(), Epoch: epoch, Record: e.rec.encode(),
		}},
	}, tx.Traceparent())
	if err != nil {
		return err
	}
	if e.rec.timerMs != 0 {
		tx.ClearTimer(e.id[:])
	}
	e.rec = &record{
		workspace: e.rec.workspace, version: e.rec.version,
		gone: &tombstone{handedTo: to, mergedInto: to, epoch: epoch},
	}
	return h.announce(tx, e)
}

// announce tells readers where a merged customer went, unless they never heard of it.
func (h *handler) announce(tx transaction, e *entry) error {
	e.dirty = true
	if e.rec.version == 0 {
		return nil
	}
	return h.batch.publishGone(tx, e)
}

// handover takes what another task left to a customer of this partition.
func (h *handler) handover(tx transaction, key string, m *featurev1.Handover) error {
	at, err := parseID(key)
	if err != nil {
		return stream.Permanent(fmt.Errorf("handover: key: %w", err))
	}
	switch m.GetWhat().(type) {
	case *featurev1.Handover_Event:
		return h.event(tx, at, m)
	case *featurev1.Handover_Change:
		return h.change(tx, at, m)
	case *featurev1.Handover_State:
		return h.state(tx, at, m)
	default:
		return stream.Permanent(fmt.Errorf("handover to %s: it holds nothing", at))
	}
}

// state adds a merged customer's record to customer at, once, or passes it on when
// at was merged away too.
func (h *handler) state(tx transaction, at customerID, m *featurev1.Handover) error {
	from, err := parseID(m.GetState().GetFromCustomerId())
	if err != nil {
		return stream.Permanent(fmt.Errorf("handover to %s: from: %w", at, err))
	}
	if from == at {
		return stream.Permanent(fmt.Errorf("handover: %s came back to itself", at))
	}
	left, err := decodeRecord(h.batch.book.engine, m.GetState().GetRecord(), nil)
	// A record that a newer release reads, or one that has a later catalogue: to put it aside would be to lose the customer.
	if errors.Is(err, wire.ErrNewer) || errors.Is(err, tally.ErrUnknownPlan) {
		return fmt.Errorf("handover from %s to %s: %w", from, at, err)
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("handover from %s to %s: %w", from, at, err))
	}
	if left.gone != nil {
		return stream.Permanent(fmt.Errorf("handover from %s to %s: it holds a tombstone", from, at))
	}
	e, err := h.batch.load(tx, at, m.GetWorkspace())
	if err != nil {
		return err
	}
	if e.rec.gone != nil {
		h.metrics.forwarded.Inc()
		return passOn(tx, e.rec.gone, m)
	}
	if !e.rec.absorb(absorption{id: from, epoch: m.GetState().GetEpoch()}) {
		h.metrics.duplicates.Inc()
		return nil
	}
	if len(left.marks)+len(left.arrived)+len(left.absorbed) == 0 {
		e.dirty = true // nothing else was left
		return nil
	}
	if err := h.batch.change(tx, e, cause{reason: featurev1.ChangeReason_CHANGE_REASON_MERGE}); err != nil {
		return err
	}
	if e.rec.merge(left); len(left.holes) > 0 {
		if err := reopen(tx); err != nil {
			return err
		}
	}
	h.metrics.merged.Inc()
	return nil
}
