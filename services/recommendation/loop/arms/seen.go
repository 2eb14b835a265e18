package arms

import (
	"encoding/binary"
	"encoding/hex"
)

// atLeast is how many of the newest ids are remembered at least; twice as many at most, of about 20 bytes each.
const atLeast = 32_768

// Seen remembers the newest ids of outcomes of one partition. It is of one goroutine.
type Seen struct{ young, old map[uint64]struct{} }

// Before says whether an id came before, and remembers it. What is no id of an outcome never did.
func (s *Seen) Before(id string) bool {
	var b [16]byte
	if len(id) != hex.EncodedLen(len(b)) {
		return false
	}
	if _, err := hex.Decode(b[:], []byte(id)); err != nil {
		return false
	}
	k := binary.BigEndian.Uint64(b[:])
	if _, ok := s.young[k]; ok {
		return true
	}
	_, ok := s.old[k]
	if len(s.young) >= atLeast {
		s.young, s.old = nil, s.young
	}
	if s.young == nil {
		s.young = map[uint64]struct{}{}
	}
	s.young[k] = struct{}{}
	return ok
}
