package jsonscan

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, with its high bit, the first byte of w that a string scan must
// look at: a quote, a backslash or a control character. Bytes above the first
// mark may be marked wrongly.
func special(w uint64) uint64 {
	quote := w ^ (ones * '"')
	slash := w ^ (ones * '\\')
	return ((w-ones*0x20) & ^w | (quote-ones) & ^quote | (slash-ones) & ^slash) & highs
}

// str reads a string token; pos is at its opening quote. escaped says that it
// holds a backslash.
func (s *Scanner) str() (escaped bool, err error) {
	d := s.data
	i := s.pos + 1
	for {
		for i+8 <= len(d) {
			m := special(binary.LittleEndian.Uint64(d[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		for i < len(d) && d[i] >= 0x20 && d[i] != '"' && d[i] != '\\' {
			i++
		}
		s.pos = i
		switch {
		case i >= len(d):
			return false, s.fail("unexpected end inside a string")
		case d[i] == '"':
			s.pos++
			return escaped, nil
		case d[i] != '\\':
			return false, s.fail("control character inside a string")
		}
		escaped = true
		if err := s.escape(); err != nil {
			return false, err
		}
		i = s.pos
	}
}

// escape reads one escape sequence; pos is at its backslash.
func (s *Scanner) escape() error {
	if s.pos+1 >= len(s.data) {
		s.pos = len(s.data)
		return s.fail("unexpected end inside a string")
	}
	switch s.data[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
	default:
		return s.fail("unknown escape inside a string")
	}
	u, ok := unit(s.data[s.pos:])
	if !ok {
		return s.fail(`\u without four hexadecimal digits`)
	}
	s.pos += 6
	switch {
	case u >= 0xd800 && u < 0xdc00:
		if low, ok := unit(s.data[s.pos:]); ok && low >= 0xdc00 && low < 0xe000 {
			s.pos += 6
		} else {
			s.odd = true
		}
	case u >= 0xdc00 && u < 0xe000:
		s.odd = true
	}
	return nil
}

// unit reads the UTF-16 code unit of a \uXXXX at the start of b.
func unit(b []byte) (u uint32, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		u = u<<4 | uint32(c)
	}
	return u, true
}

// number reads a number token by the grammar of RFC 8259.
func (s *Scanner) number() error {
	if s.data[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.data) && s.data[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return s.unexpected("a digit")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return nil
}

func (s *Scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

func (s *Scanner) word(w string) error {
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		return s.unexpected("a value")
	}
	s.pos += len(w)
	return nil
}

var seed = maphash.MakeSeed()

func (s *Scanner) remember(key []byte) {
	s.seen = append(s.seen, maphash.Bytes(seed, key))
}

// forget closes an object whose first key is seen[base] and looks for a key that
// came twice: pair by pair for the few keys objects have, sorted for many.
func (s *Scanner) forget(base int) {
	keys := s.seen[base:]
	s.seen = s.seen[:base]
	if s.odd {
		return
	}
	if len(keys) <= 24 {
		for i := 1; i < len(keys); i++ {
			if slices.Contains(keys[:i], keys[i]) {
				s.odd = true
				return
			}
		}
		return
	}
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			s.odd = true
			return
		}
	}
}
