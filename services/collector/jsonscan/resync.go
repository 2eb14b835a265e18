package jsonscan

// Resync skips the value that begins at start without asking that it be JSON:
// it only pairs brackets and quotes, up to the comma or closing bracket that
// ends the element of the surrounding array. It is how an array is split when
// one element holds a bare NaN. ok is false when brackets do not pair or the text
// ends first; the position is then at the end of what could be paired.
func (s *Scanner) Resync(start int) (raw []byte, ok bool) {
	var open []byte
	s.pos = start
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case '"':
			if !s.looseString() {
				return nil, false
			}
		case '{', '[':
			open = append(open, c)
		case '}', ']':
			if len(open) == 0 {
				return s.data[start:s.pos], c == ']'
			}
			if open[len(open)-1] != c-2 { // '{' and '}', '[' and ']' are two apart
				return nil, false
			}
			open = open[:len(open)-1]
		case ',':
			if len(open) == 0 {
				return s.data[start:s.pos], true
			}
		}
	}
	return nil, false
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
