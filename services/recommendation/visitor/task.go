package visitor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// Keys of a partition's state.
const (
	prefixVisitor   = "c/"
	prefixWorkspace = "w/"
	keySequence     = "s"
)

func visitorKey(id string) []byte          { return []byte(prefixVisitor + id) }
func workspaceKey(workspace string) []byte { return []byte(prefixWorkspace + workspace) }

// transaction is what the task needs of *stream.Tx; the benchmark drives it in memory.
type transaction interface {
	Now() time.Time
	Get(key []byte) ([]byte, bool, error)
	Set(key, value []byte)
	SetTimer(key []byte, due time.Time)
	ClearTimer(key []byte)
	Emit(m broker.Message)
}

// task is the handler of one partition. Records are decoded once a batch and written back by flush; between batches it holds none.
type task struct {
	partition int
	consent   consent
	items     Items
	random    func([]byte)
	metrics   *metrics

	entries map[string]*entry
	order   []*entry
	bytes   int
	// sequence is of the last touch that was told; 0 while it was not read in this batch.
	sequence int64
}

// entry is one visitor within a batch.
type entry struct {
	id    string
	rec   *record
	dirty bool
}

// Process implements stream.Handler.
func (t *task) Process(tx *stream.Tx, rec broker.Record) error { return t.process(tx, rec) }

// Timer implements stream.Handler: a visit may be over.
func (t *task) Timer(tx *stream.Tx, key []byte, _ time.Time) error { return t.timer(tx, key) }

// Flush implements stream.Flusher.
func (t *task) Flush(tx *stream.Tx) error { return t.flush(tx) }

// process changes nothing before it knows that the record is good: a record that is dead-lettered must not leave half its effect in the batch.
func (t *task) process(tx transaction, rec broker.Record) error {
	key := string(rec.Key)
	if !customer.IsID(key) {
		return stream.Permanent(fmt.Errorf("%s: the key %q is no customer id", rec.Topic, key))
	}
	var err error
	switch rec.Topic {
	case topics.EventsResolved.Name:
		err = take(rec, &eventv1.ResolvedEvent{}, func(m *eventv1.ResolvedEvent) error {
			return t.event(tx, key, m, &handover{from: m.GetCustomerId(), what: handEvent, data: rec.Value})
		})
	case topics.IdentityMappings.Name:
		err = take(rec, &identityv1.Mapping{}, func(m *identityv1.Mapping) error { return t.mapping(tx, key, m) })
	case topics.VisitorHandover.Name:
		err = t.handover(tx, key, rec.Value)
	case topics.SegmentTransitions.Name:
		err = take(rec, &segmentationv1.Transition{}, func(m *segmentationv1.Transition) error { return t.transition(tx, key, m) })
	case topics.RecommendationFeedback.Name:
		err = take(rec, &recommendationv1.Feedback{}, func(m *recommendationv1.Feedback) error {
			return t.feedback(tx, key, m, &handover{from: m.GetCustomerId(), what: handFeedback, data: rec.Value})
		})
	default:
		err = stream.Permanent(fmt.Errorf("topic %s is no input of the visitors task", rec.Topic))
	}
	if err != nil || t.bytes < relieveAt {
		return err
	}
	return t.flush(tx)
}

// take decodes a record's value.
func take[M proto.Message](rec broker.Record, m M, fn func(M) error) error {
	return read(rec.Value, m, fn)
}

func read[M proto.Message](data []byte, m M, fn func(M) error) error {
	if err := proto.Unmarshal(data, m); err != nil {
		return stream.Permanent(fmt.Errorf("decode %s: %w", m.ProtoReflect().Descriptor().Name(), err))
	}
	return fn(m)
}

// transition notes that a customer came into a segment, or left it. One that is addressed to who was merged away is nobody's: segmentation tells of the
// customer that it became by itself, and counts that one's transitions apart.
func (t *task) transition(tx transaction, at string, m *segmentationv1.Transition) error {
	var in bool
	switch m.GetKind() {
	case segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED:
		in = true
	case segmentationv1.TransitionKind_TRANSITION_KIND_EXITED:
	default:
		return stream.Permanent(fmt.Errorf("transition %q is neither in nor out", m.GetTransitionId()))
	}
	if m.GetCustomerId() != at || m.GetSegment() == "" || m.GetSeq() <= 0 {
		return stream.Permanent(fmt.Errorf("transition %q: no segment, no seq, or another customer than its key's", m.GetTransitionId()))
	}
	e, err := t.load(tx, at, m.GetWorkspace())
	if err != nil || e.rec.gone != nil {
		return err
	}
	e.dirty = e.rec.segment(m.GetSegment(), membership{seq: m.GetSeq(), in: in}) || e.dirty
	return nil
}

// feedback notes items that are not wanted.
func (t *task) feedback(tx transaction, at string, m *recommendationv1.Feedback, h *handover) error {
	if !customer.IsID(m.GetCustomerId()) || h.hops == 0 && m.GetCustomerId() != at {
		return stream.Permanent(errors.New("feedback without a customer id, or under the key of another"))
	}
	if m.GetKind() != recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS {
		return nil
	}
	e, err := t.load(tx, at, m.GetWorkspace())
	if err != nil {
		return err
	}
	if e.rec.gone != nil {
		return t.passOn(tx, e, h)
	}
	for _, item := range m.GetItemIds() {
		if item != "" && len(item) <= 255 {
			e.dirty = e.rec.dismiss(item, m.GetAtMs()) || e.dirty
		}
	}
	return nil
}

// timer takes away what was kept for a visit that is over.
func (t *task) timer(tx transaction, key []byte) error {
	e, err := t.load(tx, string(key[len(prefixVisitor):]), "")
	if err != nil {
		return err
	}
	e.dirty, e.rec.dueMs = true, 0
	if now := tx.Now().UnixMilli(); e.rec.over() <= now {
		e.rec.visit, e.rec.pseudonym = nil, pseudonym{}
	}
	return nil
}

// over is when the visit under way is over, unless something is touched before.
func (r *record) over() int64 { return max(r.newestMs, r.pseudonym.lastMs) + Pause }

// load returns the entry of a visitor, read from the transaction at first touch. One without a record gets an empty one, which is not written unless changed.
func (t *task) load(tx transaction, id, workspace string) (*entry, error) {
	if e := t.entries[id]; e != nil {
		return e, nil
	}
	data, ok, err := tx.Get(visitorKey(id))
	if err != nil {
		return nil, fmt.Errorf("read visitor %s: %w", id, err)
	}
	e := &entry{id: id}
	if ok {
		e.rec, err = decodeRecord(data)
	} else {
		e.rec = newRecord(customer.Workspace(workspace))
	}
	if err != nil {
		return nil, fmt.Errorf("read visitor %s: %w", id, err)
	}
	t.entries[id] = e
	t.order = append(t.order, e)
	t.bytes += 6*len(data) + 512
	return e, nil
}

// relieveAt is about how many bytes of records a batch gathers before it writes them: the transaction's own bound counts only what was written.
const relieveAt = 4 << 20

// next gives the number of the next touch. Where there is no state it begins at the clock, in thousandths of a millisecond: should the changelog be lost, the
// numbers go on above those that readers know (TestTheSequenceRisesAlsoWithoutItsState).
func (t *task) next(tx transaction) (int64, error) {
	if t.sequence == 0 {
		data, ok, err := tx.Get([]byte(keySequence))
		if err != nil {
			return 0, fmt.Errorf("read the sequence of touches: %w", err)
		}
		if t.sequence = tx.Now().UnixMicro(); ok {
			in := wire.Read(data)
			if t.sequence = in.Varint(); in.Done() != nil {
				return 0, fmt.Errorf("read the sequence of touches: %w", in.Done())
			}
		}
	}
	t.sequence++
	return t.sequence, nil
}

// flush writes the records and empties the batch.
func (t *task) flush(tx transaction) error {
	for _, e := range t.order {
		if !e.dirty {
			continue
		}
		if err := t.known(tx, e.rec.workspace); err != nil {
			return err
		}
		t.arm(tx, e)
		tx.Set(visitorKey(e.id), e.rec.encode())
	}
	if t.sequence != 0 {
		tx.Set([]byte(keySequence), binary.AppendVarint(nil, t.sequence))
	}
	clear(t.entries)
	clear(t.order)
	t.order, t.bytes, t.sequence = t.order[:0], 0, 0
	return nil
}

// arm sets the timer by which a visit ends, where anything is kept for the visit alone.
func (t *task) arm(tx transaction, e *entry) {
	r := e.rec
	if len(r.visit) == 0 && r.pseudonym == (pseudonym{}) || r.dueMs != 0 && r.dueMs <= r.over() {
		return
	}
	r.dueMs = r.over()
	tx.SetTimer(visitorKey(e.id), time.UnixMilli(r.dueMs))
}

// known notes that the partition has visitors of a workspace.
func (t *task) known(tx transaction, workspace string) error {
	key := workspaceKey(workspace)
	_, ok, err := tx.Get(key)
	if err == nil && !ok {
		tx.Set(key, nil)
	}
	return err
}

var _ stream.Flusher = (*task)(nil)
