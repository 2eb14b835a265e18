package loop

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// The formats of what is kept and handed over.
var (
	headFormat     = wire.Format{Name: "customer record of recommendation's loop", Oldest: 1, Written: 1, Newest: 1}
	listFormat     = wire.Format{Name: "list of recommendation's loop", Oldest: 1, Written: 1, Newest: 1}
	handoverFormat = wire.Format{Name: "handover of recommendation's loop", Oldest: 1, Written: 1, Newest: 1}
)

// Bits of flags.
const (
	flagUnseen byte = 1 << iota
	flagExplored
	flagValued
	flagUndone
	flagTold
)

func flag(b byte, on bool) byte {
	if on {
		return b
	}
	return 0
}

// encode writes the record without its lists.
func (r *record) encode() []byte {
	b := wire.AppendText(wire.AppendText(headFormat.Begin(nil), r.workspace), r.goneTo)
	b = binary.AppendVarint(b, r.dueMs)
	b = binary.AppendUvarint(b, uint64(len(r.waiting)))
	for _, w := range r.waiting {
		b = append(wire.AppendText(wire.AppendText(b, w.list), w.item), byte(w.kind))
		b = binary.AppendVarint(binary.AppendVarint(b, w.atMs), w.untilMs)
	}
	b = binary.AppendUvarint(b, uint64(len(r.deeds)))
	for _, d := range r.deeds {
		b = d.append(b)
	}
	return b
}

// Least bytes of each.
const leastWord, leastDeed, leastBack, leastPlace = 5, 26, 11, 9

func decodeRecord(data []byte) (*record, error) {
	in, _, err := headFormat.Open(data)
	if err != nil {
		return nil, err
	}
	r := &record{workspace: in.Text(), goneTo: in.Text(), dueMs: in.Varint()}
	for range in.Count(leastWord) {
		r.waiting = append(r.waiting, word{
			list: in.Text(), item: in.Text(), kind: recommendationv1.FeedbackKind(in.Byte()), atMs: in.Varint(), untilMs: in.Varint(),
		})
	}
	for range in.Count(leastDeed) {
		r.deeds = append(r.deeds, readDeed(&in))
	}
	return r, finish(headFormat, &in)
}

func (d *deed) append(b []byte) []byte {
	b = append(b, byte(d.kind), flag(flagValued, d.valued)|flag(flagUndone, d.undone)|flag(flagTold, d.told != nil))
	b = binary.AppendVarint(binary.BigEndian.AppendUint64(b, d.event), int64(d.line))
	b = wire.AppendText(wire.AppendText(wire.AppendText(b, d.item), d.order), d.named)
	b = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(b, d.atMs), d.value), d.untilMs)
	b = binary.AppendVarint(binary.BigEndian.AppendUint64(b, d.base), int64(d.times))
	b = binary.AppendUvarint(b, uint64(len(d.back)))
	for _, k := range d.back {
		b = binary.AppendVarint(binary.BigEndian.AppendUint64(b, k.event), int64(k.line))
		b = append(binary.AppendVarint(b, k.value), flag(flagValued, k.valued))
	}
	if t := d.told; t != nil {
		b = append(b, t.strength, flag(flagExplored, t.explored)|flag(flagValued, t.valued))
		for _, s := range []string{t.list, t.scene, t.variant, t.model, t.context, t.source, t.category} {
			b = wire.AppendText(b, s)
		}
		b = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(b, int64(t.position)), t.answeredMs), t.value)
	}
	return b
}

func readDeed(in *wire.Cursor) *deed {
	d := &deed{kind: recommendationv1.FeedbackKind(in.Byte())}
	flags := in.Byte()
	d.valued, d.undone = flags&flagValued != 0, flags&flagUndone != 0
	d.event, d.line = readHash(in), in.Int32()
	d.item, d.order, d.named = in.Text(), in.Text(), in.Text()
	d.atMs, d.value, d.untilMs = in.Varint(), in.Varint(), in.Varint()
	d.base, d.times = readHash(in), in.Int32()
	for range in.Count(leastBack) {
		k := back{event: readHash(in), line: in.Int32(), value: in.Varint()}
		k.valued = in.Byte()&flagValued != 0
		d.back = append(d.back, k)
	}
	if flags&flagTold != 0 {
		t := &told{strength: in.Byte()}
		flags := in.Byte()
		t.explored, t.valued = flags&flagExplored != 0, flags&flagValued != 0
		for _, s := range []*string{&t.list, &t.scene, &t.variant, &t.model, &t.context, &t.source, &t.category} {
			*s = in.Text()
		}
		t.position, t.answeredMs, t.value = in.Int32(), in.Varint(), in.Varint()
		d.told = t
	}
	return d
}

// encode writes a list.
func (l *list) encode() []byte {
	b := listFormat.Begin(make([]byte, 0, 128+48*len(l.places)))
	for _, s := range []string{l.id, l.scene, l.variant, l.model, l.context} {
		b = wire.AppendText(b, s)
	}
	b = append(binary.AppendVarint(b, l.atMs), flag(flagUnseen, l.unseen))
	b = binary.AppendUvarint(b, uint64(len(l.places)))
	for i := range l.places {
		p := &l.places[i]
		b = append(wire.AppendText(wire.AppendText(wire.AppendText(b, p.item), p.source), p.category), flag(flagExplored, p.explored), p.told)
		for _, ms := range []int64{p.seenMs, p.clickMs, p.cartMs, p.dismissMs} {
			b = binary.AppendVarint(b, since(l.atMs, ms))
		}
	}
	return b
}

// since is a time as it is written: 0 for none, else one more than what has passed since the list was given, which is mostly little.
func since(from, ms int64) int64 {
	if ms == 0 {
		return 0
	}
	return ms - from + 1
}

func decodeList(data []byte) (*list, error) {
	in, _, err := listFormat.Open(data)
	if err != nil {
		return nil, err
	}
	l := &list{id: in.Text(), scene: in.Text(), variant: in.Text(), model: in.Text(), context: in.Text(), atMs: in.Varint()}
	l.unseen = in.Byte()&flagUnseen != 0
	if n := in.Count(leastPlace); n > 0 {
		l.places = make([]place, n)
	}
	for i := range l.places {
		p := &l.places[i]
		p.item, p.source, p.category, p.explored, p.told = in.Text(), in.Text(), in.Text(), in.Byte()&flagExplored != 0, in.Byte()
		for _, ms := range []*int64{&p.seenMs, &p.clickMs, &p.cartMs, &p.dismissMs} {
			if v := in.Varint(); v != 0 {
				*ms = l.atMs + v - 1
			}
		}
	}
	return l, finish(listFormat, &in)
}

func readHash(in *wire.Cursor) uint64 {
	var w [8]byte
	in.Fixed(w[:])
	return binary.BigEndian.Uint64(w[:])
}

// finish says what is wrong with what was read.
func finish(f wire.Format, in *wire.Cursor) error {
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

// Kinds of what is handed over.
const (
	handedRecord byte = iota + 1
	handedAnswer
	handedFeedback
	handedTouch
	// handedClick is a touch that names the list of another customer, sent to whose it is, for that alone.
	handedClick
)

// handover is what one task sends another of a customer: a whole record, or what came for it afterwards.
type handover struct {
	workspace string
	hops      int
	kind      byte
	// body is the message as it came, or the record's head.
	body []byte
	// lists are the record's.
	lists [][]byte
}

func (h *handover) encode() []byte {
	b := binary.AppendUvarint(wire.AppendText(handoverFormat.Begin(nil), h.workspace), uint64(h.hops))
	b = wire.AppendBytes(append(b, h.kind), h.body)
	b = binary.AppendUvarint(b, uint64(len(h.lists)))
	for _, l := range h.lists {
		b = wire.AppendBytes(b, l)
	}
	return b
}

func decodeHandover(data []byte) (*handover, error) {
	in, _, err := handoverFormat.Open(data)
	if err != nil {
		return nil, err
	}
	h := &handover{workspace: in.Text(), hops: in.Number(), kind: in.Byte(), body: in.Bytes()}
	for range in.Count(1) {
		h.lists = append(h.lists, in.Bytes())
	}
	return h, finish(handoverFormat, &in)
}
