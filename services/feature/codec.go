package feature

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/services/feature/tiles"
)

const (
	recordLiving = 1 // first byte of a living customer's record, format 1
	recordGone   = 2 // first byte of a tombstone, format 1
	recordMoved  = 3 // first byte of a living customer's record to whom orders went over: as recordLiving, and which these were
)

// errCorruptRecord is returned for bytes that record.encode never wrote.
var errCorruptRecord = errors.New("corrupt customer record")

// encode writes r: varints, ids in binary, the state last.
func (r *record) encode() []byte {
	b := make([]byte, 0, 256)
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
	b = append(b, kind)
	b = r.appendHead(b)
	b = binary.AppendVarint(b, r.publishedMs)
	b = binary.AppendVarint(b, r.timerMs)
	b = binary.AppendUvarint(b, uint64(len(r.marks)))
	for _, route := range r.marks {
		b = append(b, route.id[:]...)
		b = route.append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(r.absorbed)))
	for _, a := range r.absorbed {
		b = append(b, a.id[:]...)
		b = binary.AppendVarint(b, a.epoch)
	}
	if kind == recordMoved {
		b = r.appendArrived(b)
	}
	return r.state.Append(b)
}

func (r *record) appendArrived(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.arrived)))
	for _, m := range r.arrived {
		b = binary.AppendVarint(b, int64(m.partition))
		b = binary.AppendVarint(b, m.offset)
	}
	return b
}

func (r *record) appendHead(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.workspace)))
	b = append(b, r.workspace...)
	return binary.AppendVarint(b, r.version)
}

// decodeRecord reads what encode wrote and nothing behind it.
func decodeRecord(b []byte) (*record, error) {
	in := &decoder{rest: b}
	kind := in.take(1)
	r := &record{}
	r.workspace = string(in.take(in.count(1)))
	r.version = in.varint()
	switch {
	case in.bad:
	case kind[0] == recordGone:
		r.gone = &tombstone{handedTo: in.id(), mergedInto: in.id(), epoch: in.varint()}
		in.bad = in.bad || len(in.rest) > 0
	case kind[0] == recordLiving, kind[0] == recordMoved:
		r.publishedMs, r.timerMs = in.varint(), in.varint()
		in.marks(&r.marks)
		in.absorbed(r)
		if kind[0] == recordMoved {
			in.arrived(r)
		}
		if !in.bad {
			return r, r.decodeState(in.rest)
		}
	default:
		return nil, fmt.Errorf("%w: unknown format %d", errCorruptRecord, kind[0])
	}
	if in.bad {
		return nil, errCorruptRecord
	}
	return r, nil
}

func (r *record) decodeState(b []byte) error {
	state, rest, err := tiles.Decode(b)
	if err != nil {
		return fmt.Errorf("%w: %w", errCorruptRecord, err)
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes too many", errCorruptRecord, len(rest))
	}
	r.state = *state
	return nil
}

// decoder takes values off the front; after the first fault it only gives zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.bad, d.rest = true, nil }

func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.fail()
		return make([]byte, 1)
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

func (d *decoder) varint() int64 {
	x, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

// count reads how many things of at least size bytes follow; more than the input
// can hold is a fault.
func (d *decoder) count(size int) int {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 || x > uint64((len(d.rest)-n)/size) {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return int(x)
}

func (d *decoder) id() customerID {
	var c customerID
	copy(c[:], d.take(len(c)))
	return c
}

func (d *decoder) marks(m *marks) {
	for range d.count(len(customerID{}) + 1) {
		id := d.id()
		life := uint32(0)
		for range d.count(2) {
			partition, offset := d.varint(), d.varint()
			if offset < 0 {
				offset = ^offset
				var bytes [4]byte
				copy(bytes[:], d.take(len(bytes)))
				life = binary.BigEndian.Uint32(bytes[:])
			}
			m.raise(id, numbering{life: life, partition: int32(partition)}, offset)
		}
	}
}

func (d *decoder) absorbed(r *record) {
	for range d.count(len(customerID{}) + 1) {
		r.absorb(absorption{id: d.id(), epoch: d.varint()})
	}
}

func (d *decoder) arrived(r *record) {
	for range d.count(2) {
		partition, offset := d.varint(), d.varint()
		r.arrive(mark{numbering: numbering{partition: int32(partition)}, offset: offset})
	}
}
