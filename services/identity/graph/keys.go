package graph

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
)

// The key spaces: see the package comment.
const (
	spaceIdentifier = 'i'
	spaceCustomer   = 'c'
	spaceLinked     = 'l'
	spaceMerged     = 'm'
	spaceRefused    = 'r'
	spaceAlias      = 'a'
)

// appendIdentifierKey appends the key of an identifier's row. The value comes last
// and needs no length.
func appendIdentifierKey(b []byte, workspace string, i Identifier) []byte {
	b = append(b, spaceIdentifier)
	b = wire.AppendText(b, workspace)
	b = wire.AppendText(b, i.Type)
	return append(b, i.Value...)
}

// customerKey is the key of a customer's row, or with another space the prefix of
// the rows that belong to a customer.
func customerKey(space byte, workspace string, id ID) []byte {
	b := make([]byte, 0, 1+1+len(workspace)+len(id)+16)
	b = append(b, space)
	b = wire.AppendText(b, workspace)
	return append(b, id[:]...)
}

// linkedKey orders a customer's identifiers by when they were linked: by the offset
// of the log record and the place in it. Rows keep this order through merges.
func linkedKey(workspace string, id ID, offset int64, index int) []byte {
	b := customerKey(spaceLinked, workspace, id)
	b = binary.BigEndian.AppendUint64(b, uint64(offset))
	return binary.BigEndian.AppendUint32(b, uint32(index))
}

func mergedKey(workspace string, into, from ID) []byte {
	return append(customerKey(spaceMerged, workspace, into), from[:]...)
}

func refusedKey(workspace string, id ID, i Identifier) []byte {
	b := customerKey(spaceRefused, workspace, id)
	b = wire.AppendText(b, i.Type)
	return append(b, i.Value...)
}

// aliasKey is where a trusted alias of this user id stands.
func aliasKey(workspace, previous string) []byte {
	b := wire.AppendText([]byte{spaceAlias}, workspace)
	return append(b, previous...)
}

// tailID reads the id at the end of a mergedKey.
func tailID(key []byte) (ID, error) {
	var id ID
	if len(key) < len(id) {
		return id, fmt.Errorf("identity state: key of %d bytes is too short for a customer id", len(key))
	}
	copy(id[:], key[len(key)-len(id):])
	return id, nil
}
