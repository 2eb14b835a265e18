package visitor

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// maxPassed bounds the tombstones on one path. Identity allows 100 merges a customer.
const maxPassed = 100

// mapping takes the news that a visitor of this partition was merged away.
func (t *task) mapping(tx transaction, at string, m *identityv1.Mapping) error {
	to := m.GetToCustomerId()
	switch {
	case m.GetFromCustomerId() != at:
		return stream.Permanent(fmt.Errorf("mapping of %q under the key of %s", m.GetFromCustomerId(), at))
	case !customer.IsID(to):
		return stream.Permanent(fmt.Errorf("mapping of %s to %q, which is no customer id", at, to))
	case to == at:
		return stream.Permanent(fmt.Errorf("mapping of %s to itself", at))
	}
	e, err := t.load(tx, at, m.GetWorkspace())
	if err != nil {
		return err
	}
	switch gone := e.rec.gone; {
	case gone == nil:
		t.bury(tx, e, to, m.GetEpoch())
	case gone.epoch < m.GetEpoch():
		gone.mergedInto, gone.epoch, e.dirty = to, m.GetEpoch(), true
	}
	return nil
}

// bury hands over a visitor's record and leaves a tombstone. Segments stay behind: segmentation tells those of the other one by itself.
func (t *task) bury(tx transaction, e *entry, to string, epoch int64) {
	left := *e.rec
	left.segments, left.dueMs = nil, 0
	h := handover{workspace: e.rec.workspace, from: e.id, what: handRecord, data: left.encode()}
	tx.Emit(broker.Message{Topic: topics.VisitorHandover.Name, Key: []byte(to), Value: h.encode()})
	if e.rec.dueMs != 0 {
		tx.ClearTimer(visitorKey(e.id))
	}
	e.rec, e.dirty = newRecord(e.rec.workspace), true
	e.rec.gone = &tombstone{handedTo: to, mergedInto: to, epoch: epoch}
}

// handover takes what was left to a visitor of this partition.
func (t *task) handover(tx transaction, at string, value []byte) error {
	h, err := decodeHandover(value)
	if errors.Is(err, wire.ErrNewer) {
		return err // to put it aside would be to lose the visitor's past
	}
	if err == nil && (!customer.IsID(h.from) || h.from == at) {
		err = fmt.Errorf("it is from %q", h.from)
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("handover to %s: %w", at, err))
	}
	switch h.what {
	case handEvent:
		return read(h.data, &eventv1.ResolvedEvent{}, func(m *eventv1.ResolvedEvent) error { return t.event(tx, at, m, h) })
	case handFeedback:
		return read(h.data, &recommendationv1.Feedback{}, func(m *recommendationv1.Feedback) error { return t.feedback(tx, at, m, h) })
	}
	return t.inherit(tx, at, h)
}

// inherit joins a merged visitor's record, or passes it on. A repeat changes nothing, by the nature of records.
func (t *task) inherit(tx transaction, at string, h *handover) error {
	left, err := decodeRecord(h.data)
	if errors.Is(err, wire.ErrNewer) {
		return err
	}
	if err == nil && left.gone != nil {
		err = errors.New("it is a tombstone")
	}
	if err != nil {
		return stream.Permanent(fmt.Errorf("handover from %s to %s: %w", h.from, at, err))
	}
	e, err := t.load(tx, at, h.workspace)
	if err != nil {
		return err
	}
	if e.rec.gone != nil {
		return t.passOn(tx, e, h)
	}
	e.rec.join(left)
	e.dirty = true
	t.metrics.merged.Inc()
	return nil
}

// passOn sends a record to where a tombstone's visitor went.
func (t *task) passOn(tx transaction, e *entry, h *handover) error {
	if h.hops >= maxPassed {
		return stream.Permanent(fmt.Errorf("passed on %d times: the merges form a cycle", h.hops))
	}
	h.hops++
	if h.workspace == "" {
		h.workspace = e.rec.workspace
	}
	t.metrics.forwarded.Inc()
	tx.Emit(broker.Message{Topic: topics.VisitorHandover.Name, Key: []byte(e.rec.gone.handedTo), Value: h.encode()})
	return nil
}
