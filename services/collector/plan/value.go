package plan

import (
	"encoding/json"
	"unicode/utf8"
	"unsafe"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// immeasurable stands for a number too long to compare: the validator works in exact fractions, for which 1e999999 is a
// number of a million digits. No schema's type takes it.
type immeasurable struct{}

// maxDigits is the longest number, and its greatest exponent, that is compared.
const maxDigits = 400

// beyond says that a number, valid JSON, is too long to compare.
func beyond(raw []byte) bool {
	if len(raw) > maxDigits {
		return true
	}
	for i, c := range raw {
		if c|0x20 != 'e' {
			continue
		}
		exponent := 0
		for _, d := range raw[i+1:] {
			if d >= '0' && d <= '9' {
				if exponent = exponent*10 + int(d-'0'); exponent > maxDigits {
					return true
				}
			}
		}
	}
	return false
}

// value builds what the validator reads of the value at the scanner's position. Strings are views of the text: nothing of the
// result may be kept longer than it.
func value(s *jsonscan.Scanner) (any, error) {
	switch c := s.Peek(); c {
	case '{':
		out := map[string]any{}
		err := s.Object(func(key []byte) error {
			v, err := value(s)
			out[view(key)] = v
			return err
		})
		return out, err
	case '[':
		out := []any{}
		err := s.Array(func() error {
			v, err := value(s)
			out = append(out, v)
			return err
		})
		return out, err
	}
	raw, err := s.Skip()
	if err != nil {
		return nil, err
	}
	switch raw[0] {
	case '"':
		return view(jsonscan.Text(raw)), nil
	case 't':
		return true, nil
	case 'f':
		return false, nil
	case 'n':
		return nil, nil
	}
	if beyond(raw) {
		return immeasurable{}, nil
	}
	return json.Number(view(raw)), nil
}

// view shows bytes as a string without a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// clip shortens a client's text for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
