package feature

import (
	"bytes"
	"cmp"
	"slices"
)

// marks are high-water marks: for each route, which is the customer id an event was
// first addressed to, and raw partition, the highest raw offset applied. Events of
// one route and raw partition come in order, so everything up to the mark is in
// the state and nothing after it is. Sorted by route. Changes of orders have marks of
// their own: their partition is orderLane of the order book's, their offset its sequence.
type marks []route

// route is one customer id's part of the marks, sorted by partition.
type route struct {
	id    customerID
	marks []mark
}

type mark struct {
	partition int32
	offset    int64
}

// orderLane is the partition that a partition of the order book has in the marks: below zero, apart from the raw ones.
func orderLane(partition int32) int32 { return -1 - partition }

// raise sets the mark to offset and reports false when it was there or above already.
func (m *marks) raise(id customerID, partition int32, offset int64) bool {
	r := m.route(id)
	i, found := slices.BinarySearchFunc(r.marks, partition, func(x mark, p int32) int { return cmp.Compare(x.partition, p) })
	switch {
	case !found:
		r.marks = slices.Insert(r.marks, i, mark{partition: partition, offset: offset})
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
			m.raise(r.id, x.partition, x.offset)
		}
	}
}
