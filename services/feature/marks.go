package feature

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// marks are high-water marks: for each route, which is the customer id an event was
// first addressed to, and raw partition, the highest raw offset applied. Events of
// one route and raw partition come in order, so everything up to the mark is in
// the state and nothing after it is. A partition of events.raw.v1 that was made anew, or cut, is another one: its offsets
// mean other events, and its life tells (TestOffsetsOfAnotherLifeAreNew). Sorted by route. Changes of orders have marks of
// their own: their partition is orderLane of the order book's, their offset its sequence.
type marks []route

// route is one customer id's part of the marks, sorted by numbering.
type route struct {
	id    customerID
	marks []mark
}

type mark struct {
	numbering
	offset int64
}

// numbering is what offsets are counted in.
type numbering struct {
	life      uint32 // of the raw topic; 0 for the order book's
	partition int32
}

func (l numbering) compare(o numbering) int {
	return cmp.Or(cmp.Compare(l.life, o.life), cmp.Compare(l.partition, o.partition))
}

// orderLane is the numbering that a partition of the order book has in the marks: below zero, apart from the raw ones.
func orderLane(partition int32) numbering { return numbering{partition: -1 - partition} }

// raise sets the mark to offset and reports false when it was there or above already.
func (m *marks) raise(id customerID, in numbering, offset int64) bool {
	r := m.route(id)
	i, found := slices.BinarySearchFunc(r.marks, in, func(x mark, l numbering) int { return x.compare(l) })
	switch {
	case !found:
		r.marks = slices.Insert(r.marks, i, mark{numbering: in, offset: offset})
	case r.marks[i].offset < offset:
		r.marks[i].offset = offset
	default:
		return false
	}
	return true
}

func (m *marks) route(id customerID) *route {
	i, found := slices.BinarySearchFunc(*m, id, func(x route, c customerID) int { return bytes.Compare(x.id[:], c[:]) })
	if !found {
		*m = slices.Insert(*m, i, route{id: id})
	}
	return &(*m)[i]
}

// merge keeps the higher of each two marks.
func (m *marks) merge(o marks) {
	for _, r := range o {
		for _, x := range r.marks {
			m.raise(r.id, x.numbering, x.offset)
		}
	}
}

// append writes marks by route.
func (m marks) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, r := range m {
		b = r.append(append(b, r.id[:]...))
	}
	return b
}

// append writes the marks of a route. A life costs its four bytes once for all partitions that are in it, and makes the offset behind it negative,
// which no offset is.
func (r route) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.marks)))
	life := uint32(0)
	for _, m := range r.marks {
		b = binary.AppendVarint(b, int64(m.partition))
		if m.life == life {
			b = binary.AppendVarint(b, m.offset)
			continue
		}
		life = m.life
		b = binary.AppendVarint(b, ^m.offset)
		b = binary.BigEndian.AppendUint32(b, life)
	}
	return b
}
