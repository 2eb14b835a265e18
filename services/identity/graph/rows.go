package graph

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// rowVersion is the first byte of every value. A reader refuses other versions: a
// change of layout is a new log replay, never a guess.
const rowVersion = 2

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
	b := make([]byte, 0, 1+len(r.id)+3)
	b = append(b, rowVersion)
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
	d := newDecoder(b)
	r := ownerRow{id: d.id(), retired: Reason(d.byte()), degree: d.count()}
	if r.retired != 0 {
		r.retiredMS = d.varint()
	}
	if !d.failed && len(d.rest) > 0 {
		r.meetings = meetings{minute: d.varint(), inMinute: d.count(), day: d.varint(), inDay: d.count()}
	}
	return r, d.finish("identifier")
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
	b := []byte{rowVersion}
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
		b = appendText(b, u.Type)
		b = appendText(b, u.Value)
	}
	return b
}

func decodeCustomer(b []byte) (customerRow, error) {
	d := newDecoder(b)
	var r customerRow
	switch d.byte() {
	case kindMerged:
		r.merged = true
		r.into = d.id()
		r.since = d.varint()
	case kindLive:
		r.firstOffset = d.varint()
		r.createdMS = d.varint()
		r.identifiers = d.count()
		r.merges = d.count()
		r.refused = d.count()
		for !d.failed && len(d.rest) > 0 {
			r.uniques = append(r.uniques, Identifier{Type: d.text(), Value: d.text()})
		}
	default:
		d.failed = true
	}
	return r, d.finish("customer")
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
	b := []byte{rowVersion}
	b = appendText(b, r.identifier.Type)
	b = appendText(b, r.identifier.Value)
	return r.provenance.append(b)
}

func decodeLinked(b []byte) (linkedRow, error) {
	d := newDecoder(b)
	r := linkedRow{identifier: Identifier{Type: d.text(), Value: d.text()}}
	r.provenance = Provenance{EventID: d.text(), ReceivedMS: d.varint(),
		RawPartition: int32(d.varint()), RawOffset: d.varint()}
	return r, d.finish("linked identifier")
}

func (p Provenance) append(b []byte) []byte {
	b = appendText(b, p.EventID)
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
	return binary.AppendVarint([]byte{rowVersion}, epoch)
}

// encodeRefused keeps what a later review needs: the rule and the event.
func encodeRefused(reason Reason, p Provenance) []byte {
	return p.append([]byte{rowVersion, byte(reason)})
}

// decoder reads a row; after a fault every read gives zero and finish fails.
type decoder struct {
	rest   []byte
	failed bool
}

func newDecoder(b []byte) *decoder {
	d := &decoder{rest: b}
	if d.byte() != rowVersion {
		d.failed = true
	}
	return d
}

func (d *decoder) take(n int) []byte {
	if d.failed || n > len(d.rest) {
		d.failed = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) id() (id ID) {
	copy(id[:], d.take(len(id)))
	return id
}

func (d *decoder) text() string {
	return string(d.take(d.count()))
}

// count reads a length or a counter; more than a billion is a fault, never an allocation.
func (d *decoder) count() int {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || v > 1<<30 {
		d.failed = true
		return 0
	}
	d.take(n)
	return int(v)
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.failed = true
		return 0
	}
	d.take(n)
	return v
}

func (d *decoder) finish(what string) error {
	if d.failed || len(d.rest) > 0 {
		return fmt.Errorf("%w: %s", errRow, what)
	}
	return nil
}
