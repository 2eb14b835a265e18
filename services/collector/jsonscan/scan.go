// Package jsonscan walks JSON text once: it validates, tells where the values
// are and leaves them as they came. It accepts exactly what encoding/json.Valid
// accepts, within its limits. It is not for building values: a caller that wants a
// map uses encoding/json.
package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrDepth and ErrKeys say that a value is JSON but beyond the Limits.
var (
	ErrDepth = errors.New("nested too deeply")
	ErrKeys  = errors.New("too many keys")
)

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	// Offset is the position of the offending byte, from 0.
	Offset int
	// Message says what was met or missed there.
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.Message, e.Offset)
}

// Limits bound what one walk may cost. Zero means no bound.
type Limits struct {
	// Depth is the greatest number of objects and arrays open at once.
	Depth int
	// Keys is the greatest number of object keys in all objects together.
	Keys int
}

// Scanner is a position in a JSON text. The zero Scanner is at the end of an
// empty one; Reset makes it useful. Not for use by two goroutines.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	keys  int
	lim   Limits
	seen  []uint64 // hashes of the keys of every open object
	odd   bool
}

// Reset starts a new walk at data[pos:]. Offsets stay positions in data, and
// the slices handed out alias it.
func (s *Scanner) Reset(data []byte, pos int, lim Limits) {
	*s = Scanner{data: data, pos: pos, lim: lim, seen: s.seen[:0]}
}

// Offset is the position of the next byte to read.
func (s *Scanner) Offset() int { return s.pos }

// Since returns the text from start, a position, to the next byte to read.
func (s *Scanner) Since(start int) []byte { return s.data[start:s.pos] }

// Seek moves to a position learnt from another Scanner on the same text.
func (s *Scanner) Seek(pos int) { s.pos = pos }

// Odd reports that the values walked so far may hold a key twice in one object, or
// half a surrogate pair: legal JSON that readers disagree about. It may be
// true for nothing (a hash collision) and is never false for something.
func (s *Scanner) Odd() bool { return s.odd }

// Peek skips blanks and returns the next byte, 0 at the end of the text.
func (s *Scanner) Peek() byte {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c > ' ' || (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			return c
		}
		s.pos++
	}
	return 0
}

// End reports an error unless only blanks are left.
func (s *Scanner) End() error {
	if c := s.Peek(); s.pos < len(s.data) {
		return s.fail(fmt.Sprintf("unexpected %q after the end", c))
	}
	return nil
}

// Skip checks the next value and returns its bytes, blanks around it excluded.
// The first byte tells its kind.
func (s *Scanner) Skip() ([]byte, error) {
	c := s.Peek()
	start := s.pos
	var err error
	switch {
	case c == '"':
		_, err = s.str()
	case c == '{':
		err = s.Object(nil)
	case c == '[':
		err = s.Array(nil)
	case c == '-' || (c >= '0' && c <= '9'):
		err = s.number()
	case c == 't':
		err = s.word("true")
	case c == 'f':
		err = s.word("false")
	case c == 'n':
		err = s.word("null")
	default:
		err = s.unexpected("a value")
	}
	if err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

// Object walks an object. f is called with each key, escapes resolved, and
// must consume the key's value; a nil f skips them all. key is only good
// until f returns.
func (s *Scanner) Object(f func(key []byte) error) error {
	if err := s.open('{', "an object"); err != nil {
		return err
	}
	base := len(s.seen)
	if s.Peek() == '}' {
		s.close()
		return nil
	}
	for {
		key, err := s.key()
		if err != nil {
			return err
		}
		if f == nil {
			_, err = s.Skip()
		} else {
			err = f(key)
		}
		if err != nil {
			return err
		}
		switch s.Peek() {
		case ',':
			s.pos++
			if s.Peek() != '"' {
				return s.unexpected("a key")
			}
		case '}':
			s.forget(base)
			s.close()
			return nil
		default:
			return s.unexpected("a comma or }")
		}
	}
}

// Array walks an array. f is called at each element and must consume it; a
// nil f skips them all.
func (s *Scanner) Array(f func() error) error {
	if err := s.open('[', "an array"); err != nil {
		return err
	}
	if s.Peek() == ']' {
		s.close()
		return nil
	}
	for {
		var err error
		if f == nil {
			_, err = s.Skip()
		} else {
			err = f()
		}
		if err != nil {
			return err
		}
		switch s.Peek() {
		case ',':
			s.pos++
		case ']':
			s.close()
			return nil
		default:
			return s.unexpected("a comma or ]")
		}
	}
}

// Text resolves a string token's escapes and drops its quotes. The result aliases raw when
// there was nothing to resolve. raw must come from Skip and begin with a quote.
func Text(raw []byte) []byte {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var v string
	if err := json.Unmarshal(raw, &v); err != nil {
		return inner
	}
	return []byte(v)
}

func (s *Scanner) open(c byte, want string) error {
	if s.Peek() != c {
		return s.unexpected(want)
	}
	s.depth++
	if s.lim.Depth > 0 && s.depth > s.lim.Depth {
		return ErrDepth
	}
	s.pos++
	return nil
}

func (s *Scanner) close() {
	s.pos++
	s.depth--
}

// key reads `"name" :` and remembers the name.
func (s *Scanner) key() ([]byte, error) {
	if s.Peek() != '"' {
		return nil, s.unexpected("a key")
	}
	start := s.pos
	escaped, err := s.str()
	if err != nil {
		return nil, err
	}
	key := s.data[start+1 : s.pos-1]
	if escaped {
		key = Text(s.data[start:s.pos])
	}
	s.keys++
	if s.lim.Keys > 0 && s.keys > s.lim.Keys {
		return nil, ErrKeys
	}
	s.remember(key)
	if s.Peek() != ':' {
		return nil, s.unexpected("a colon")
	}
	s.pos++
	return key, nil
}

func (s *Scanner) fail(message string) error {
	return &SyntaxError{Offset: s.pos, Message: message}
}

func (s *Scanner) unexpected(want string) error {
	if s.pos >= len(s.data) {
		return s.fail("unexpected end, wanted " + want)
	}
	return s.fail(fmt.Sprintf("unexpected %q, wanted %s", s.data[s.pos], want))
}
