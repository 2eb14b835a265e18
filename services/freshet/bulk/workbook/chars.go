package workbook

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// place is where characters stand.
type place uint8

const (
	content place = iota
	quoted
	cdata
)

// decode reads references and line ends of a text. What it returns is raw, or holds until the next call.
func (s *scanner) decode(raw []byte, at place) ([]byte, error) {
	plain := 0
	for plain < len(raw) && raw[plain] >= ' ' && raw[plain] < 0x80 && raw[plain] != '&' && raw[plain] != ']' && raw[plain] != '<' {
		plain++
	}
	if plain == len(raw) {
		return raw, nil
	}
	b := append(s.scratch[:0], raw[:plain]...)
	for i := plain; i < len(raw); {
		c := raw[i]
		switch {
		case c == '&' && at != cdata:
			r, length, err := reference(raw[i:])
			if err != nil {
				return nil, err
			}
			b = utf8.AppendRune(b, r)
			i += length
			continue
		case c == '<' && at == quoted:
			return nil, errors.New("a < stands in a value of a tag")
		case c == ']' && at == content && bytes.HasPrefix(raw[i:], []byte("]]>")):
			return nil, errors.New("]]> stands in a text")
		case c == '\r':
			b = append(b, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
			continue
		case c < 0x80:
			if !allowed(rune(c)) {
				return nil, fmt.Errorf("it has the character %U, which XML does not", c)
			}
			b = append(b, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return nil, errors.New("it is not UTF-8")
		}
		if !allowed(r) {
			return nil, fmt.Errorf("it has the character %U, which XML does not", r)
		}
		b = append(b, raw[i:i+size]...)
		i += size
	}
	s.scratch = b
	return b, nil
}

// allowed says that XML has a character.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF
}

// reference reads &amp; and its like, &#10; and &#xA;.
func reference(raw []byte) (r rune, length int, err error) {
	end := bytes.IndexByte(raw[:min(len(raw), 16)], ';')
	fault := fmt.Errorf("%.16q is no character", raw)
	if end < 2 {
		return 0, 0, fault
	}
	name := string(raw[1:end])
	switch name {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		digits, isNumber := strings.CutPrefix(name, "#")
		base := 10
		if hex, ok := strings.CutPrefix(digits, "x"); ok {
			digits, base = hex, 16
		}
		n, parseErr := strconv.ParseUint(digits, base, 32)
		if !isNumber || parseErr != nil || n > utf8.MaxRune {
			return 0, 0, fault
		}
		if r = rune(n); !utf8.ValidRune(r) {
			r = utf8.RuneError
		}
	}
	if !allowed(r) {
		return 0, 0, fmt.Errorf("it has the character %U, which XML does not", r)
	}
	return r, end + 1, nil
}

// cutName cuts the name off that a text begins with, in ASCII as all names of workbooks are; empty for none.
func cutName(text []byte) (name, rest []byte) {
	i := 0
	for i < len(text) {
		c := text[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == ':'
		if !letter && (i == 0 || c != '-' && c != '.' && (c < '0' || c > '9')) {
			break
		}
		i++
	}
	return text[:i], text[i:]
}

// localName is a name without its prefix; not ok for what is no name.
func localName(name []byte) ([]byte, bool) {
	prefix, local, ok := bytes.Cut(name, []byte(":"))
	switch {
	case len(name) == 0 || bytes.IndexByte(local, ':') >= 0:
		return nil, false
	case !ok || len(prefix) == 0 || len(local) == 0:
		return name, true
	}
	return local, true
}

// cutAttribute cuts name="value" off.
func cutAttribute(text []byte) (a attribute, rest []byte, ok bool) {
	a.name, rest = cutName(text)
	if _, ok = localName(a.name); !ok {
		return a, rest, false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if len(rest) == 0 || rest[0] != '=' {
		return a, rest, false
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
		return a, rest, false
	}
	a.value, rest, ok = bytes.Cut(rest[1:], rest[:1])
	return a, rest, ok
}
