package visitor

import (
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/visitor/touch"
)

// mostTold bounds the segments that a touch names. They are the first by name, so that of visitors in many the same ones are named.
const mostTold = 16

// tell publishes a touch: of the visitor by his id and with his segments where he consents, else of a visit that has a random number and neither order, event nor segments.
func (t *task) tell(f *fold, d *touch.Deed, undone bool) error {
	sequence, err := t.next(f.tx)
	if err != nil {
		return err
	}
	e := f.event
	m := &recommendationv1.Touch{
		Workspace: f.entry.rec.workspace, CustomerId: f.entry.id, ItemId: d.Item, Kind: d.Kind, AtMs: e.GetOccurredMs(), ReceivedMs: e.GetReceivedMs(),
		QuantityMicros: d.Quantity, OrderId: f.read.Order, RequestId: f.read.Request, EventId: e.GetEventId(), Line: d.Line, History: e.GetHistory(),
		Country: e.GetEnrichment().GetCountry(), Partition: int32(t.partition), Sequence: sequence, Undone: undone,
	}
	if d.HasValue {
		m.ValueMicros = proto.Int64(d.Value)
	}
	if f.keeps {
		m.Segments = f.entry.rec.within()
		m.Segments = m.Segments[:min(len(m.Segments), mostTold)]
	} else {
		m.Anonymous, m.OrderId = true, ""
		m.CustomerId = t.pseudonym(f.entry.rec, e.GetOccurredMs())
		m.EventId = fmt.Sprintf("%s-%d", m.CustomerId, sequence)
	}
	t.metrics.told(m)
	return t.emit(f.tx, topics.Touches, []byte(m.CustomerId), m)
}

// pseudonym gives the number of the visit that a moment belongs to, and begins a visit where none is under way. What belongs to a visit long over has a
// number that nothing else has.
func (t *task) pseudonym(r *record, atMs int64) string {
	p := r.pseudonym
	none := p == pseudonym{}
	if none || atMs-p.lastMs > Pause || p.lastMs-atMs > Pause {
		t.random(p.number[:])
	}
	if none || atMs > p.lastMs || p.number == r.pseudonym.number {
		p.lastMs = max(atMs, p.lastMs)
		r.pseudonym = p
	}
	return hex.EncodeToString(p.number[:])
}

// tellItem publishes what somebody says of an item.
func (t *task) tellItem(tx transaction, c *recommendationv1.ItemChange) error {
	return t.emit(tx, topics.ItemChanges, topics.ItemKey(c.GetWorkspace(), c.GetItemId()), c)
}

func (t *task) emit(tx transaction, to topics.Topic, key []byte, m proto.Message) error {
	value, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s for %s: %w", m.ProtoReflect().Descriptor().Name(), to.Name, err)
	}
	tx.Emit(broker.Message{Topic: to.Name, Key: key, Value: value})
	return nil
}
