package jsonscan

import "bytes"

// Resync skips the value that begins at start without asking that it be JSON:
// it only pairs brackets and quotes, up to the comma or closing bracket that
// ends the element of the surrounding array. It is how an array is split when
// one element holds a bare NaN. ok is false when brackets do not pair or the text
// ends first; the position is then at the end of what could be paired.
func (s *Scanner) Resync(start int) (raw []byte, ok bool) {
	end, ok := s.pair(start)
	if !ok {
		return nil, false
	}
	return s.data[start:s.pos], end != '}'
}

// Around skips the value of a member of the surrounding object in the same way. ok is false too when there is no value.
func (s *Scanner) Around(start int) (ok bool) {
	end, ok := s.pair(start)
	return ok && end != ']' && len(bytes.TrimSpace(s.data[start:s.pos])) > 0
}

// pair moves from start to the comma or bracket, not its own, that ends a value, and returns it.
func (s *Scanner) pair(start int) (end byte, ok bool) {
	var open []byte
	s.pos = start
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case '"':
			if !s.looseString() {
				return 0, false
			}
		case '{', '[':
			open = append(open, c)
		case '}', ']':
			if len(open) == 0 {
				return c, true
			}
			if open[len(open)-1] != c-2 { // '{' and '}', '[' and ']' are two apart
				return 0, false
			}
			open = open[:len(open)-1]
		case ',':
			if len(open) == 0 {
				return c, true
			}
		}
	}
	return 0, false
}

// looseString moves from an opening quote to its closing quote.
func (s *Scanner) looseString() bool {
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case '\\':
			s.pos++
		case '"':
			return true
		}
	}
	return false
}
