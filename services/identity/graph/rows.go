package graph

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
)

// Format is that of every row. The rows are a copy of the log: who finds a store in
// another layout than it writes reads the log again, so no release needs two readers.
var Format = wire.Format{Name: "identity state", Oldest: 2, Written: 2, Newest: 2}

// The kinds of customer row.
const (
	kindLive   = 0
	kindMerged = 1
)

var errRow = errors.New("identity state: malformed row")

// ownerRow is an identifier's row.
type ownerRow struct {
	id ID
	// degree counts the identifiers that were tied by an operation naming this one.
	degree int
	// retired is why the identifier ties nothing more and is considered after all others, DegreeCap or Rush; 0 while it ties.
	retired Reason
	// retiredMS is when the event was received that it was retired by, Unix milliseconds; meaningless while it ties.
	retiredMS int64
	// meetings are how often it brought customers or devices together in its last minute and its last day.
	meetings meetings
}

// meetings count in whole minutes and days since 1970. An event of another one begins anew, so that history in any order is judged mildly.
type meetings struct {
	minute, day     int64
	inMinute, inDay int
}

const minuteMS, dayMS = 60_000, 24 * 3600 * 1000

// at is the count as an event of that time sees it.
func (m meetings) at(ms int64) meetings {
	if minute := ms / minuteMS; minute != m.minute {
		m.minute, m.inMinute = minute, 0
	}
	if day := ms / dayMS; day != m.day {
		m.day, m.inDay = day, 0
	}
	return m
}

func (r ownerRow) encode() []byte {
	b := Format.Begin(make([]byte, 0, 1+len(r.id)+3))
	b = append(b, r.id[:]...)
	b = append(b, byte(r.retired))
	b = binary.AppendUvarint(b, uint64(r.degree))
	if r.retired != 0 {
		b = binary.AppendVarint(b, r.retiredMS)
	}
	if m := r.meetings; m.inDay > 0 { // most have none
		b = binary.AppendVarint(b, m.minute)
		b = binary.AppendUvarint(b, uint64(m.inMinute))
		b = binary.AppendVarint(b, m.day)
		b = binary.AppendUvarint(b, uint64(m.inDay))
	}
	return b
}

func decodeOwner(b []byte) (ownerRow, error) {
	in, _, err := Format.Open(b)
	if err != nil {
		return ownerRow{}, err
	}
	r := ownerRow{id: readID(&in), retired: Reason(in.Byte()), degree: in.Number()}
	if r.retired != 0 {
		r.retiredMS = in.Varint()
	}
	if in.Left() > 0 {
		r.meetings = meetings{minute: in.Varint(), inMinute: in.Number(), day: in.Varint(), inDay: in.Number()}
	}
	return r, finish(&in, "identifier")
}

// customerRow is a customer's row.
type customerRow struct {
	// merged says that the id is out of use and `into` replaces it since the log offset `since`.
	merged bool
	into   ID
	since  int64

	// What follows belongs to a live customer.
	firstOffset int64 // log offset of the record that made it
	createdMS   int64 // received_ms of the earliest event of all its parts
	identifiers int   // rows in the linked space
	merges      int   // rows in the merged space
	refused     int   // rows in the refused space
	uniques     []Identifier
}

func (r customerRow) encode() []byte {
	b := Format.Begin(nil)
	if r.merged {
		b = append(b, kindMerged)
		b = append(b, r.into[:]...)
		return binary.AppendVarint(b, r.since)
	}
	b = append(b, kindLive)
	b = binary.AppendVarint(b, r.firstOffset)
	b = binary.AppendVarint(b, r.createdMS)
	b = binary.AppendUvarint(b, uint64(r.identifiers))
	b = binary.AppendUvarint(b, uint64(r.merges))
	b = binary.AppendUvarint(b, uint64(r.refused))
	for _, u := range r.uniques {
		b = u.Append(b)
	}
	return b
}

func decodeCustomer(b []byte) (customerRow, error) {
	var r customerRow
	in, _, err := Format.Open(b)
	if err != nil {
		return r, err
	}
	switch in.Byte() {
	case kindMerged:
		r.merged = true
		r.into = readID(&in)
		r.since = in.Varint()
	case kindLive:
		r.firstOffset = in.Varint()
		r.createdMS = in.Varint()
		r.identifiers = in.Number()
		r.merges = in.Number()
		r.refused = in.Number()
		for in.Left() > 0 {
			r.uniques = append(r.uniques, readIdentifier(&in))
		}
	default:
		in.Fail()
	}
	return r, finish(&in, "customer")
}

// Provenance is the event that caused a link.
type Provenance struct {
	EventID      string
	ReceivedMS   int64 // Unix milliseconds
	RawPartition int32
	RawOffset    int64
}

// linkedRow is one identifier of a customer.
type linkedRow struct {
	identifier Identifier
	provenance Provenance
}

func (r linkedRow) encode() []byte {
	return r.provenance.append(r.identifier.Append(Format.Begin(nil)))
}

func decodeLinked(b []byte) (linkedRow, error) {
	in, _, err := Format.Open(b)
	if err != nil {
		return linkedRow{}, err
	}
	r := linkedRow{identifier: readIdentifier(&in)}
	r.provenance = Provenance{EventID: in.Text(), ReceivedMS: in.Varint(), RawPartition: in.Int32(), RawOffset: in.Varint()}
	return r, finish(&in, "linked identifier")
}

// Append appends the identifier, so that no two are the same bytes.
func (i Identifier) Append(b []byte) []byte {
	return wire.AppendText(wire.AppendText(b, i.Type), i.Value)
}

func readIdentifier(in *wire.Cursor) Identifier { return Identifier{Type: in.Text(), Value: in.Text()} }

func (p Provenance) append(b []byte) []byte {
	b = wire.AppendText(b, p.EventID)
	b = binary.AppendVarint(b, p.ReceivedMS)
	b = binary.AppendVarint(b, int64(p.RawPartition))
	return binary.AppendVarint(b, p.RawOffset)
}

// aliasRow is what a trusted alias said of a user id: that it is the person of another one.
type aliasRow struct {
	target     Identifier
	provenance Provenance
}

func (r aliasRow) encode() []byte {
	return linkedRow{identifier: r.target, provenance: r.provenance}.encode()
}

func decodeAlias(b []byte) (aliasRow, error) {
	r, err := decodeLinked(b)
	return aliasRow{target: r.identifier, provenance: r.provenance}, err
}

func encodeMerged(epoch int64) []byte {
	return binary.AppendVarint(Format.Begin(nil), epoch)
}

// encodeRefused keeps what a later review needs: the rule and the event.
func encodeRefused(reason Reason, p Provenance) []byte {
	return p.append(append(Format.Begin(nil), byte(reason)))
}

func readID(in *wire.Cursor) (id ID) {
	in.Fixed(id[:])
	return id
}

// finish is errRow unless a row was read to its end.
func finish(in *wire.Cursor, what string) error {
	if err := in.Done(); err != nil {
		return fmt.Errorf("%w: %s: %w", errRow, what, err)
	}
	return nil
}
