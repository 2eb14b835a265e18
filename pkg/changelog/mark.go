package changelog

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// ID is a random name: of a log, or of a fence.
type ID [8]byte

// NewID makes one.
func NewID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// String is the id in hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Mark says which commit a record belongs to.
type Mark struct {
	// Fence is the fence under which the commit was written: one owner, once.
	Fence ID
	// Seq counts the log's commits, from 1.
	Seq int64
	// On is one more than the offset of the record of the commit under the same fence that this one builds on; 0 for the first.
	On int64
}

// Header is the name of the record header that holds the mark.
const Header = "m"

const markVersion = 1

// ErrMark says that a record has no mark of this version.
var ErrMark = errors.New("a changelog record without a mark of this version: somebody else, or a newer Freshet, writes to this topic")

// Append adds the mark's bytes: the version, the fence, seq and on.
func (m Mark) Append(b []byte) []byte {
	b = append(append(b, markVersion), m.Fence[:]...)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(m.Seq)), uint64(m.On))
}

// ReadMark is the reverse of Append.
func ReadMark(b []byte) (m Mark, err error) {
	if len(b) < 1+len(m.Fence) || b[0] != markVersion {
		return Mark{}, ErrMark
	}
	b = b[1+copy(m.Fence[:], b[1:]):]
	for _, v := range []*int64{&m.Seq, &m.On} {
		u, n := binary.Uvarint(b)
		if n <= 0 || int64(u) < 0 {
			return Mark{}, ErrMark
		}
		*v, b = int64(u), b[n:]
	}
	if len(b) > 0 || m.Seq == 0 {
		return Mark{}, ErrMark
	}
	return m, nil
}
