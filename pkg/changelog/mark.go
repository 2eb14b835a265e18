package changelog

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// ID names a log: random bytes, made when its first fence is written.
type ID [8]byte

// NewID makes one.
func NewID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// String is the id in hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Mark says which commit of which owner of which log a record belongs to.
type Mark struct {
	Log ID
	// Epoch counts owners, from 1.
	Epoch int64
	// Seq counts the log's commits, from 1; a fence has 0.
	Seq int64
	// On is one more than the offset of the commit record that this commit builds on; 0 when there is none.
	On int64
}

// Below tells whether a commit or fence came before another of the same log.
func (m Mark) Below(o Mark) bool {
	return m.Epoch < o.Epoch || m.Epoch == o.Epoch && m.Seq < o.Seq
}

// Header is the name of the record header that holds the mark.
const Header = "m"

const markVersion = 1

// ErrMark says that a record has no mark of this version.
var ErrMark = errors.New("a changelog record without a mark of this version: somebody else, or a newer Freshet, writes to this topic")

// Append adds the mark's bytes: the version, the id, epoch, seq and on.
func (m Mark) Append(b []byte) []byte {
	b = append(append(b, markVersion), m.Log[:]...)
	for _, v := range []int64{m.Epoch, m.Seq, m.On} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return b
}

// ReadMark is the reverse of Append.
func ReadMark(b []byte) (m Mark, err error) {
	if len(b) < 1+len(m.Log) || b[0] != markVersion {
		return Mark{}, ErrMark
	}
	b = b[1+copy(m.Log[:], b[1:]):]
	for _, v := range []*int64{&m.Epoch, &m.Seq, &m.On} {
		u, n := binary.Uvarint(b)
		if n <= 0 || int64(u) < 0 {
			return Mark{}, ErrMark
		}
		*v, b = int64(u), b[n:]
	}
	if len(b) > 0 || m.Epoch == 0 {
		return Mark{}, ErrMark
	}
	return m, nil
}
