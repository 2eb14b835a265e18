package feature

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/freshet/freshet/services/feature/tally"
)

// record is all that is kept of one customer id: a living customer's state, or the
// tombstone of a merged one. Nothing of a tombstone's state is kept: it was handed over.
type record struct {
	workspace string
	// version is that of the last feature set published; 0 when none was.
	version int64
	// publishedMs is the moment which the last feature set held for.
	publishedMs int64
	// timerMs is when the customer's timer is due, 0 when it has none.
	timerMs int64
	// state is nil for a tombstone, and for a customer who did nothing yet.
	state *tally.State
	// tags are those that hold, by name.
	tags  []heldTag
	marks marks
	// absorbed are the customers whose state was merged into this one, by id.
	absorbed []absorption
	// arrived are the changes of orders that went over from another customer, by partition and sequence of the order book.
	arrived []mark
	// holes are what the state lacks of a catalogue that grew.
	holes []hole
	// gone is set for a tombstone.
	gone *tombstone
}

// heldTag is a tag that holds, and since when.
type heldTag struct {
	name    string
	sinceMs int64
}

// absorption notes that a customer's state arrived, so that a repeat is dropped.
type absorption struct {
	id customerID
	// epoch is that of the mapping which made the customer hand over.
	epoch int64
}

// tombstone says where a merged customer went.
type tombstone struct {
	// handedTo got the state, and gets every later event. It never changes: see the
	// package comment on order.
	handedTo customerID
	// mergedInto is the customer to ask for instead, after all merges known so far.
	mergedInto customerID
	// epoch is that of the mapping which set mergedInto.
	epoch int64
}

// absorb notes a handover and reports false when it, or a later one of the same
// customer, was noted before.
func (r *record) absorb(a absorption) bool {
	i, found := slices.BinarySearchFunc(r.absorbed, a, func(x, y absorption) int { return bytes.Compare(x.id[:], y.id[:]) })
	switch {
	case !found:
		r.absorbed = slices.Insert(r.absorbed, i, a)
	case r.absorbed[i].epoch < a.epoch:
		r.absorbed[i].epoch = a.epoch
	default:
		return false
	}
	return true
}

// absorbs says whether a customer's state arrived.
func (r *record) absorbs(c customerID) bool {
	return slices.ContainsFunc(r.absorbed, func(a absorption) bool { return a.id == c })
}

// arrive notes a change and reports false when it was noted before.
func (r *record) arrive(m mark) bool {
	i, found := slices.BinarySearchFunc(r.arrived, m, func(x, y mark) int {
		return cmp.Or(x.compare(y.numbering), cmp.Compare(x.offset, y.offset))
	})
	if !found {
		r.arrived = slices.Insert(r.arrived, i, m)
	}
	return !found
}

// merge adds everything of o, which is left as it was.
func (r *record) merge(o *record) {
	r.state.Merge(o.state)
	r.marks.merge(o.marks)
	for _, a := range o.absorbed {
		r.absorb(a)
	}
	for _, m := range o.arrived {
		r.arrive(m)
	}
	r.holes = append(r.holes, o.holes...)
}
