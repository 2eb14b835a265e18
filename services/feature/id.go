package feature

import (
	"encoding/hex"
	"fmt"

	"github.com/freshet/freshet/pkg/customer"
)

// customerID is a customer id in binary: the key of the state store.
type customerID [16]byte

// parseID reads 32 lower-case hexadecimal digits.
func parseID(s string) (customerID, error) {
	var c customerID
	if !customer.IsID(s) {
		return c, fmt.Errorf("customer id %q is not 32 lower-case hexadecimal digits", s)
	}
	_, err := hex.Decode(c[:], []byte(s))
	return c, err
}

// String is the id as it stands in topics and answers.
func (c customerID) String() string { return hex.EncodeToString(c[:]) }
