package jsonscan

import "bytes"

// Find looks for a member of an object that need not be JSON, and returns its value when that is a JSON text or number, else nil: for the
// name of something that cannot be read. Like Resync it only pairs brackets and quotes. Of a key that comes twice the last value counts.
func Find(object []byte, key string) []byte {
	var found []byte
	s := Scanner{data: object}
	depth, named := 0, false // named: the next text at this place is a key
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case '"':
			start := s.pos
			if !s.looseString() {
				return found
			}
			if named && depth == 1 && bytes.Equal(Text(s.data[start:s.pos+1]), []byte(key)) {
				if value := s.value(); value != nil {
					found = value
				}
			}
			named = false
		case '{', '[':
			depth++
			named = c == '{'
		case '}', ']':
			depth--
			named = false
		case ',':
			named = depth == 1
		}
	}
	return found
}

// value is the text or number behind the key whose closing quote is at the position. It does not move.
func (s *Scanner) value() []byte {
	v := Scanner{data: s.data, pos: s.pos + 1}
	if v.Peek() != ':' {
		return nil
	}
	v.pos++
	if c := v.Peek(); c != '"' && c != '-' && (c < '0' || c > '9') {
		return nil
	}
	raw, err := v.Skip()
	if err != nil {
		return nil
	}
	return raw
}
