package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Canonical rewrites a JSON value so that all readers agree on it: of a key that
// came twice the last stays, half a surrogate pair becomes U+FFFD. Numbers keep their digits.
// It is slow; call it for values that are Odd.
func Canonical(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode %d bytes of JSON: %w", len(raw), err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode a JSON value: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
