package visitor

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/wire"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// The formats of the state's values.
var (
	recordFormat   = wire.Format{Name: "visitor's record", Oldest: 1, Written: 1, Newest: 1}
	handoverFormat = wire.Format{Name: "handover of a visitor", Oldest: 1, Written: 1, Newest: 1}
)

// Flags of a record.
const (
	flagFeeder = 1 << iota
	flagGone
	flagPseudonym
)

// encode writes the record. Items stand once, by number; times are differences from the touch before.
func (r *record) encode() []byte {
	b := recordFormat.Begin(make([]byte, 0, 64+24*(len(r.looks)+len(r.bought)+len(r.visit))))
	workspace := r.workspace
	if workspace == customer.DefaultWorkspace {
		workspace = ""
	}
	b = append(wire.AppendText(b, workspace), r.flags())
	if r.gone != nil {
		b = wire.AppendText(wire.AppendText(b, r.gone.handedTo), r.gone.mergedInto)
		b = binary.AppendVarint(b, r.gone.epoch)
	}
	for _, n := range []int64{r.newestMs, r.grantMs, r.denyMs, r.receivedMs, r.dueMs, r.country.atMs} {
		b = binary.AppendVarint(b, n)
	}
	b = wire.AppendText(b, r.country.code)
	if r.flags()&flagPseudonym != 0 {
		b = binary.AppendVarint(append(b, r.pseudonym.number[:]...), r.pseudonym.lastMs)
	}
	b = r.appendTouches(b)
	b = binary.AppendUvarint(b, uint64(len(r.dismissed)))
	for _, item := range slices.Sorted(maps.Keys(r.dismissed)) {
		b = binary.AppendVarint(wire.AppendText(b, item), r.dismissed[item])
	}
	b = binary.AppendUvarint(b, uint64(len(r.segments)))
	for _, name := range slices.Sorted(maps.Keys(r.segments)) {
		m := r.segments[name]
		b = binary.AppendVarint(wire.AppendText(b, name), m.seq)
		b = append(b, bit(m.in, 1))
	}
	return b
}

func (r *record) flags() byte {
	return bit(r.feeder, flagFeeder) | bit(r.gone != nil, flagGone) | bit(r.pseudonym != pseudonym{}, flagPseudonym)
}

func bit(is bool, flag byte) byte {
	if is {
		return flag
	}
	return 0
}

// appendTouches writes the items, and the three sets.
func (r *record) appendTouches(b []byte) []byte {
	places := map[string]uint64{}
	var items []string
	for _, set := range r.sets() {
		for _, k := range *set {
			if _, ok := places[k.Item]; !ok {
				places[k.Item] = uint64(len(items))
				items = append(items, k.Item)
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(items)))
	for _, item := range items {
		b = wire.AppendText(b, item)
	}
	for _, set := range r.sets() {
		b = binary.AppendUvarint(b, uint64(len(*set)))
		var before kept
		for i := range *set {
			k := &(*set)[i]
			b = k.append(b, &before, places[k.Item])
			before = *k
		}
	}
	return b
}

func (r *record) sets() [3]*touches { return [3]*touches{&r.looks, &r.bought, &r.visit} }

// Flags of a touch, above its kind.
const (
	kindMask     = 0x0f
	flagUndone   = 0x10
	flagQuantity = 0x20 // other than one
	flagValue    = 0x40
	flagOrder    = 0x80
)

// oneUnit is the quantity that goes without saying.
const oneUnit = 1_000_000

func (k *kept) append(b []byte, before *kept, item uint64) []byte {
	b = append(b, byte(k.Kind)&kindMask|bit(k.undone, flagUndone)|bit(k.Quantity != oneUnit, flagQuantity)|bit(k.Value != 0, flagValue)|bit(k.Order != 0, flagOrder))
	b = binary.AppendUvarint(b, item)
	b = binary.AppendVarint(b, k.AtMs-before.AtMs)
	b = binary.AppendVarint(b, k.basis-before.basis)
	b = binary.BigEndian.AppendUint64(b, k.event)
	b = binary.AppendVarint(b, int64(k.line))
	if k.Quantity != oneUnit {
		b = binary.AppendVarint(b, k.Quantity)
	}
	if k.Value != 0 {
		b = binary.AppendVarint(b, k.Value)
	}
	if k.Order != 0 {
		b = binary.BigEndian.AppendUint64(b, k.Order)
	}
	return b
}

// leastTouch is how many bytes a touch takes at least.
const leastTouch = 13

// decodeRecord reads a record.
func decodeRecord(data []byte) (*record, error) {
	in, _, err := recordFormat.Open(data)
	if err != nil {
		return nil, err
	}
	r := newRecord(customer.Workspace(in.Text()))
	flags := in.Byte()
	r.feeder = flags&flagFeeder != 0
	if flags&flagGone != 0 {
		r.gone = &tombstone{handedTo: in.Text(), mergedInto: in.Text(), epoch: in.Varint()}
	}
	for _, n := range []*int64{&r.newestMs, &r.grantMs, &r.denyMs, &r.receivedMs, &r.dueMs, &r.country.atMs} {
		*n = in.Varint()
	}
	r.country.code = in.Text()
	if flags&flagPseudonym != 0 {
		in.Fixed(r.pseudonym.number[:])
		r.pseudonym.lastMs = in.Varint()
	}
	r.readTouches(&in)
	for range in.Count(2) {
		item := in.Text()
		r.dismissed[item] = in.Varint()
	}
	for range in.Count(3) {
		name := in.Text()
		r.segments[name] = membership{seq: in.Varint(), in: in.Byte() == 1}
	}
	if err := in.Done(); err != nil {
		return nil, fmt.Errorf("%s: %w", recordFormat.Name, err)
	}
	return r, nil
}

func (r *record) readTouches(in *wire.Cursor) {
	items := make([]string, in.Count(1))
	for i := range items {
		items[i] = in.Text()
	}
	for _, set := range r.sets() {
		n := in.Count(leastTouch)
		if n == 0 {
			continue
		}
		*set = make(touches, 0, n)
		var before kept
		for range n {
			before = readTouch(in, items, &before)
			*set = append(*set, before)
		}
	}
}

func readTouch(in *wire.Cursor, items []string, before *kept) kept {
	flags, place := in.Byte(), in.Uvarint()
	k := kept{undone: flags&flagUndone != 0}
	k.Kind = recommendationv1.TouchKind(flags & kindMask)
	if place >= uint64(len(items)) {
		in.Fail()
	} else {
		k.Item = items[place]
	}
	k.AtMs, k.basis = before.AtMs+in.Varint(), before.basis+in.Varint()
	k.event, k.line, k.Quantity = readWord(in), in.Int32(), oneUnit
	if flags&flagQuantity != 0 {
		k.Quantity = in.Varint()
	}
	if flags&flagValue != 0 {
		k.Value = in.Varint()
	}
	if flags&flagOrder != 0 {
		k.Order = readWord(in)
	}
	return k
}

func readWord(in *wire.Cursor) uint64 {
	var b [8]byte
	in.Fixed(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// what a handover holds.
const (
	handRecord byte = iota + 1
	handEvent
	handFeedback
)

// handover is the value of recommendation.visitors.handover.v1.
type handover struct {
	workspace string
	// from is who was merged away first.
	from string
	// hops counts how many customers passed it on because they were merged away themselves.
	hops int32
	what byte
	// data is a record, or the straggler as it came.
	data []byte
}

func (h *handover) encode() []byte {
	b := append(handoverFormat.Begin(make([]byte, 0, len(h.data)+64)), h.what)
	b = binary.AppendVarint(wire.AppendText(wire.AppendText(b, h.workspace), h.from), int64(h.hops))
	return append(b, h.data...)
}

func decodeHandover(data []byte) (*handover, error) {
	in, _, err := handoverFormat.Open(data)
	if err != nil {
		return nil, err
	}
	h := &handover{what: in.Byte(), workspace: in.Text(), from: in.Text(), hops: in.Int32()}
	if h.what < handRecord || h.what > handFeedback || h.hops < 0 {
		in.Fail()
	}
	h.data = in.Rest()
	if err := in.Done(); err != nil {
		return nil, fmt.Errorf("%s: %w", handoverFormat.Name, err)
	}
	return h, nil
}
