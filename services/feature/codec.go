package feature

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/feature/tally"
)

// format is that of a customer's record, in the state and in handovers: the task that takes one may be of another release.
var format = wire.Format{Name: "customer record of features", Oldest: 2, Written: 2, Newest: 2}

// The kinds of record, behind the number of the layout.
const (
	recordLiving = 1
	recordGone   = 2 // a tombstone
	recordMoved  = 3 // a living customer's to whom orders went over: as recordLiving, and which these were
	recordHoled  = 4 // one that lacks something of the catalogue: as recordMoved, and what that is
)

// encode writes r.
func (r *record) encode() []byte { return r.append(make([]byte, 0, 256)) }

// append writes r behind b: varints, ids in binary, the state last.
func (r *record) append(b []byte) []byte {
	b = format.Begin(b)
	if r.gone != nil {
		b = append(b, recordGone)
		b = r.appendHead(b)
		b = append(b, r.gone.handedTo[:]...)
		b = append(b, r.gone.mergedInto[:]...)
		return binary.AppendVarint(b, r.gone.epoch)
	}
	kind := byte(recordLiving)
	if len(r.arrived) > 0 {
		kind = recordMoved
	}
	if len(r.holes) > 0 {
		kind = recordHoled
	}
	b = append(b, kind)
	b = r.appendHead(b)
	b = binary.AppendVarint(b, r.publishedMs)
	b = binary.AppendVarint(b, r.timerMs)
	b = r.marks.append(b)
	b = binary.AppendUvarint(b, uint64(len(r.absorbed)))
	for _, a := range r.absorbed {
		b = append(b, a.id[:]...)
		b = binary.AppendVarint(b, a.epoch)
	}
	if kind != recordLiving {
		b = appendArrived(b, r.arrived)
	}
	if kind == recordHoled {
		b = r.appendHoles(b)
	}
	b = binary.AppendUvarint(b, uint64(len(r.tags)))
	for _, t := range r.tags {
		b = binary.AppendVarint(wire.AppendText(b, t.name), t.sinceMs)
	}
	return r.state.Append(b)
}

func appendArrived(b []byte, arrived []mark) []byte {
	b = binary.AppendUvarint(b, uint64(len(arrived)))
	for _, m := range arrived {
		b = binary.AppendVarint(b, int64(m.partition))
		b = binary.AppendVarint(b, m.offset)
	}
	return b
}

func (r *record) appendHead(b []byte) []byte {
	return binary.AppendVarint(wire.AppendText(b, r.workspace), r.version)
}

// decodeRecord reads what encode wrote and nothing behind it; the state lies in a, which may be nil. Any other input gives an error of package wire.
func decodeRecord(e *tally.Engine, b []byte, a *tally.Arena) (*record, error) {
	in, _, err := format.Open(b)
	if err != nil {
		return nil, err
	}
	kind := in.Byte()
	r := &record{workspace: in.Text(), version: in.Varint()}
	switch kind {
	case recordGone:
		r.gone = &tombstone{handedTo: readID(&in), mergedInto: readID(&in), epoch: in.Varint()}
	case recordLiving, recordMoved, recordHoled:
		r.publishedMs, r.timerMs = in.Varint(), in.Varint()
		readMarks(&in, &r.marks)
		r.readAbsorbed(&in)
		if kind != recordLiving {
			r.arrived = readArrived(&in)
		}
		if kind == recordHoled {
			r.readHoles(&in)
		}
		r.readTags(&in)
		if !in.Failed() {
			return r, r.decodeState(e, in.Rest(), a)
		}
	default:
		in.Fail()
	}
	if err := in.Done(); err != nil {
		return nil, fmt.Errorf("%s: %w", format.Name, err)
	}
	return r, nil
}

func (r *record) decodeState(e *tally.Engine, b []byte, a *tally.Arena) error {
	state, rest, err := e.Decode(b, a)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s: %w: %d bytes too many", format.Name, wire.ErrDamaged, len(rest))
	}
	r.state = state
	return r.dig(e, b)
}

func readID(in *wire.Cursor) (c customerID) {
	in.Fixed(c[:])
	return c
}

func readMarks(in *wire.Cursor, to *marks) {
	for range in.Count(len(customerID{}) + 1) {
		id := readID(in)
		life := uint32(0)
		for range in.Count(2) {
			partition, offset := in.Int32(), in.Varint()
			if offset < 0 {
				offset = ^offset
				var bytes [4]byte
				in.Fixed(bytes[:])
				life = binary.BigEndian.Uint32(bytes[:])
			}
			to.raise(id, numbering{life: life, partition: partition}, offset)
		}
	}
}

func (r *record) readAbsorbed(in *wire.Cursor) {
	for range in.Count(len(customerID{}) + 1) {
		r.absorb(absorption{id: readID(in), epoch: in.Varint()})
	}
}

// readTags reads the tags that hold; names must rise.
func (r *record) readTags(in *wire.Cursor) {
	for range in.Count(2) {
		t := heldTag{name: in.Text(), sinceMs: in.Varint()}
		if n := len(r.tags); n > 0 && r.tags[n-1].name >= t.name {
			in.Fail()
		}
		r.tags = append(r.tags, t)
	}
}

func readArrived(in *wire.Cursor) []mark {
	var r record
	for range in.Count(2) {
		partition, offset := in.Int32(), in.Varint()
		r.arrive(mark{numbering: numbering{partition: partition}, offset: offset})
	}
	return r.arrived
}
