package pipeline

import "fmt"

// Kind is what the label of a table is.
type Kind uint8

// The kinds.
const (
	// Binary labels are 0 and 1; a model gives a probability.
	Binary Kind = iota
	// Real labels are amounts: what somebody spends, how often they buy. A model gives their mean.
	Real
)

var kinds = [...]string{"binary", "real"}

// String is the name in lower case.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// MarshalText writes the name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the name.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kinds {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no kind of label: it is binary or real", text)
}
