package broker

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Place is where a reader stands in a partition, and whose partition it was: an offset means nothing in another log.
// Whoever keeps an offset keeps a Place, and asks Client.Stand before going on from it.
type Place struct {
	// Offset is the next record to read; First before anything is known.
	Offset int64
	// Log is the log that Offset belongs to. Zero: not known, whichever is there is taken.
	Log LogID
	// Life tells apart the records that stood at one offset of one topic, one after the other: it follows from Log, and is another one after a
	// log lost its tail. (Life, partition, offset) is what names a record for good. Zero: not known.
	Life uint32
	// Proof is a hash of the record before Offset, so that a log that lost it is noticed after it has grown again. Zero: nothing was read.
	Proof uint64
	// TimeMs is that record's time, Unix milliseconds. It says where to look for records that took the offsets of lost ones.
	TimeMs int64
}

// After is the place behind a record that was read from p or later.
func (p Place) After(r Record) Place {
	p.Offset, p.Proof, p.TimeMs = r.Offset+1, proofOf(r), r.Time.UnixMilli()
	return p
}

// At is p with another offset, for offsets without records. Nothing proves it until a record is read.
func (p Place) At(offset int64) Place {
	if offset != p.Offset {
		p.Offset, p.Proof = offset, 0
	}
	return p
}

// proofOf hashes what a record says. Never 0.
func proofOf(r Record) uint64 {
	var h xxhash.Digest
	h.Reset()
	var head [16]byte
	binary.BigEndian.PutUint64(head[:], uint64(len(r.Key)))
	binary.BigEndian.PutUint64(head[8:], uint64(r.Time.UnixMilli()))
	for _, b := range [][]byte{head[:], r.Key, r.Value} {
		_, _ = h.Write(b) // cannot fail
	}
	return max(1, h.Sum64())
}

// lifeOf is the life of a log that has lost nothing. Never 0.
func lifeOf(id LogID) uint32 {
	sum := sha256.Sum256(id[:])
	return max(1, binary.BigEndian.Uint32(sum[:]))
}

// nextLife is the life of what comes after p was found to be gone and the reader went on from an offset. Never 0.
func (p Place) nextLife(from int64) uint32 {
	b := binary.BigEndian.AppendUint32(nil, p.Life)
	b = binary.BigEndian.AppendUint64(b, p.Proof)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Offset))
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(from)))
	return max(1, binary.BigEndian.Uint32(sum[:]))
}

// Reborn is p in another life, for a log that was found to have lost what came behind p.
func (p Place) Reborn() Place {
	p.Life = p.nextLife(p.Offset)
	return p
}

// placeTail is what Append writes behind the offset.
const placeTail = len(LogID{}) + 4 + 8

// Append writes p in binary: about 40 bytes.
func (p Place) Append(b []byte) []byte {
	b = binary.AppendVarint(b, p.Offset)
	b = append(b, p.Log[:]...)
	b = binary.BigEndian.AppendUint32(b, p.Life)
	b = binary.BigEndian.AppendUint64(b, p.Proof)
	return binary.AppendVarint(b, p.TimeMs)
}

// errPlace says that bytes are no Place.
var errPlace = errors.New("not a place in a log")

// ReadPlace reads what Append wrote and returns what follows it.
func ReadPlace(b []byte) (Place, []byte, error) {
	var p Place
	offset, n := binary.Varint(b)
	if n <= 0 || len(b)-n < placeTail {
		return Place{}, nil, errPlace
	}
	p.Offset = offset
	b = b[n:]
	copy(p.Log[:], b)
	b = b[len(p.Log):]
	p.Life, p.Proof = binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])
	b = b[12:]
	if p.TimeMs, n = binary.Varint(b); n <= 0 {
		return Place{}, nil, errPlace
	}
	return p, b[n:], nil
}

// Text is p for the metadata of a group's offset: about 55 characters, A-Z, a-z, 0-9, - and _.
func (p Place) Text() string { return base64.RawURLEncoding.EncodeToString(p.Append(nil)) }

// ParsePlace reads what Text wrote.
func ParsePlace(s string) (Place, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Place{}, fmt.Errorf("%w: %w", errPlace, err)
	}
	p, rest, err := ReadPlace(b)
	if err == nil && len(rest) > 0 {
		err = errPlace
	}
	return p, err
}

// String is p for people.
func (p Place) String() string {
	if p.TimeMs == 0 {
		return fmt.Sprintf("offset %d of log %s", p.Offset, p.Log)
	}
	return fmt.Sprintf("offset %d of log %s (last read: a record of %s)", p.Offset, p.Log, time.UnixMilli(p.TimeMs).UTC().Format(time.RFC3339))
}
