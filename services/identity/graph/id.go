package graph

import (
	"encoding/hex"
	"fmt"

	"github.com/freshet/freshet/pkg/customer"
)

// ID is a customer id in its 16 bytes; String gives the 32 hexadecimal digits that
// leave the service.
type ID [16]byte

// String gives 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 32 hexadecimal digits in lower case.
func ParseID(s string) (ID, error) {
	var id ID
	if !customer.IsID(s) {
		return id, fmt.Errorf("%q is no customer id: want 32 hexadecimal digits in lower case", s)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("customer id %q: %w", s, err)
	}
	return id, nil
}
