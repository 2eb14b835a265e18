package segmentation

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/freshet/freshet/pkg/stream"
)

// What leaves the state, so that it follows from the customers and the present rules and not from how often the rules
// were changed (TestStateDoesNotGrowWithChangesOfRules): memberships of segments that are no more, sizes that are 0, and the rules' versions of
// books that no record was worked out with.

// forgotten is the segment under which a record keeps the highest seq of all memberships that it forgot. A segment of that name that comes
// again goes on from there, so that no transition is ever named as an earlier one. No segment can be called so.
const forgotten = ""

// forget drops what is known of segments that the customer is not in and that gone says are no more. It reports whether there was any.
func (r *record) forget(gone func(segment string) bool) bool {
	highest, before := int64(0), len(r.segments)
	r.segments = slices.DeleteFunc(r.segments, func(m membership) bool {
		drop := !m.in && (m.segment == forgotten || gone(m.segment))
		if drop {
			highest = max(highest, m.seq)
		}
		return drop
	})
	if highest > 0 {
		r.segments = append(r.segments, membership{segment: forgotten, seq: highest})
	}
	return len(r.segments) != before
}

// lastSeq is where the seq of a segment goes on that the record knows nothing of.
func (r *record) lastSeq() int64 {
	if m := r.membership(forgotten); m != nil {
		return m.seq
	}
	return 0
}

// keptBooks is how many books' versions of rules are kept: those of records that no sweep since has written. A sweep to the book after
// that writes the records of the oldest, moved or not.
const keptBooks = 8

// books are the fingerprints whose versions are kept, the newest last.
func books(tx *stream.Tx) ([]uint64, error) {
	data, _, err := tx.Get([]byte(keyBooks))
	if err != nil {
		return nil, err
	}
	if len(data)%8 != 0 {
		return nil, errors.New("the list of books is damaged")
	}
	var all []uint64
	for ; len(data) > 0; data = data[8:] {
		all = append(all, binary.BigEndian.Uint64(data))
	}
	return all, nil
}

// keepBook makes the present book the newest.
func (t *task) keepBook(tx *stream.Tx) error {
	all, err := books(tx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f uint64) bool { return f == t.book.fingerprint })
	setBooks(tx, append(all, t.book.fingerprint))
	tx.Set(rulesKey(t.book.fingerprint), t.book.versions.encode())
	return nil
}

// dropBooks forgets the oldest books once a sweep has written the records of theirs.
func (t *task) dropBooks(tx *stream.Tx) error {
	all, err := books(tx)
	if err != nil || len(all) <= keptBooks {
		return err
	}
	for _, f := range all[:len(all)-keptBooks] {
		tx.Delete(rulesKey(f))
		delete(t.kept, f)
	}
	setBooks(tx, all[len(all)-keptBooks:])
	return nil
}

func setBooks(tx *stream.Tx, all []uint64) {
	var b []byte
	for _, f := range all {
		b = binary.BigEndian.AppendUint64(b, f)
	}
	tx.Set([]byte(keyBooks), b)
}

// stays says whether the versions of a book will be kept after the present sweep.
func stays(all []uint64, fingerprint uint64) bool {
	return slices.Contains(all[max(0, len(all)-keptBooks):], fingerprint)
}
