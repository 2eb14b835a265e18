package changelog

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"

	"github.com/freshet/freshet/pkg/wire"
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

// MarkFormat is how marks are written.
var MarkFormat = wire.Format{Name: "mark of a changelog record", Oldest: 1, Written: 1, Newest: 1}

// Append adds the mark's bytes.
func (m Mark) Append(b []byte) []byte {
	b = append(MarkFormat.Begin(b), m.Fence[:]...)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(m.Seq)), uint64(m.On))
}

// ReadMark is the reverse of Append.
func ReadMark(b []byte) (m Mark, err error) {
	in, _, err := MarkFormat.Open(b)
	if err != nil {
		return Mark{}, err
	}
	in.Fixed(m.Fence[:])
	m.Seq, m.On = int64(in.Uvarint()), int64(in.Uvarint())
	if m.Seq <= 0 || m.On < 0 {
		in.Fail()
	}
	if err := in.Done(); err != nil {
		return Mark{}, err
	}
	return m, nil
}
