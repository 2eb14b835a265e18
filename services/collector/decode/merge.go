package decode

import (
	"bytes"
	"encoding/json"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// merge adds to an object the members of base that it does not have itself. Either
// may be empty; both are valid JSON objects.
func merge(own, base []byte) []byte {
	switch {
	case len(base) <= 2:
		return own
	case len(own) <= 2:
		return base
	}
	out := make([]byte, 0, len(own)+len(base)+1)
	out = append(out, bytes.TrimRight(own[:len(own)-1], " \t\r\n")...)
	var s jsonscan.Scanner
	s.Reset(base, 0, jsonscan.Limits{})
	_ = s.Object(func(key []byte) error { // base was valid when it was read
		value, err := s.Skip()
		if err == nil && !has(own, key) {
			out = Member(out, key, value)
		}
		return err
	})
	return append(out, '}')
}

// with sets one member of an object that may be empty, unless it is there already.
func with(object []byte, key string, value []byte) []byte {
	if len(value) == 0 || has(object, []byte(key)) {
		return object
	}
	out := make([]byte, 0, len(object)+len(key)+len(value)+6)
	if len(object) <= 2 {
		out = append(out, '{')
	} else {
		out = append(out, bytes.TrimRight(object[:len(object)-1], " \t\r\n")...)
	}
	return append(Member(out, []byte(key), value), '}')
}

// Member appends `,"key":value` to an object that is not closed yet.
func Member(out, key, value []byte) []byte {
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	name, _ := json.Marshal(string(key)) // a string always has a JSON form
	out = append(append(out, name...), ':')
	return append(out, value...)
}

// has says whether an object has a member.
func has(object, key []byte) bool {
	if len(object) <= 2 {
		return false
	}
	found := false
	var s jsonscan.Scanner
	s.Reset(object, 0, jsonscan.Limits{})
	_ = s.Object(func(k []byte) error {
		found = found || bytes.Equal(k, key)
		_, err := s.Skip()
		return err
	})
	return found
}
