package workbook

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// maxToken is the longest text or tag of the XML, in bytes; maxDepth how deep elements nest.
const maxToken, maxDepth = 4 << 20, 64

// stream reads the XML of a part that may be large.
type stream struct {
	*scanner
	part  io.ReadCloser
	name  string
	depth int
	ended bool // the tag that was begun ends itself, and that was not told yet
}

func newStream(r io.ReadCloser, name string) *stream {
	return &stream{scanner: newScanner(r), part: r, name: name}
}

// next gives the next token, io.EOF behind the last. A part that ends too early is another error. tag, attr and text are of that token.
func (s *stream) next() (token, error) {
	if s.ended {
		s.ended = false
		s.depth--
		s.pop()
		return ends, nil
	}
	t, err := s.scanner.next()
	switch {
	case err == io.EOF && s.depth == 0: //nolint:errorlint // the scanner gives it as it is
		return 0, err
	case errors.Is(err, errTooLong):
		return 0, fmt.Errorf("%s of the workbook has a text or tag of more than %d bytes", s.name, maxToken)
	case err != nil:
		return 0, fmt.Errorf("read %s of the workbook: %w", s.name, unexpected(err))
	}
	switch t {
	case begins:
		if s.depth++; s.depth > maxDepth {
			return 0, fmt.Errorf("%s of the workbook nests more than %d deep", s.name, maxDepth)
		}
		s.ended = s.alone
	case ends:
		s.depth--
	case textual:
	}
	return t, nil
}

// inside calls f for each element inside the one that was just begun, with its name, until that ends; f reads its element to the end, or says that it
// did not.
func (s *stream) inside(f func(tag string) (done bool, err error)) error {
	for depth := s.depth; ; {
		t, err := s.next()
		if err != nil {
			return unexpected(err)
		}
		switch t {
		case begins:
			done, err := f(known(s.tag))
			if err == nil && !done {
				err = s.skip()
			}
			if err != nil {
				return err
			}
		case ends:
			if s.depth < depth {
				return nil
			}
		case textual:
		}
	}
}

// known is the name of an element that is read here, "" for others.
func known(tag []byte) string {
	for _, name := range [...]string{"c", "v", "row", "t", "is", "f", "r", "si", "sheetData"} {
		if string(tag) == name {
			return name
		}
	}
	return ""
}

// skip reads to the end of the element that was just begun.
func (s *stream) skip() error {
	for depth := s.depth; s.depth >= depth; {
		if _, err := s.next(); err != nil {
			return unexpected(err)
		}
	}
	return nil
}

// text reads the text of the element that was just begun, to its end.
func (s *stream) content() (string, error) {
	var b strings.Builder
	for depth := s.depth; s.depth >= depth; {
		t, err := s.next()
		if err != nil {
			return "", unexpected(err)
		}
		if t == textual {
			if b.Write(s.scanner.text); b.Len() > maxToken {
				return "", fmt.Errorf("%s of the workbook has a text of more than %d bytes", s.name, maxToken)
			}
		}
	}
	return b.String(), nil
}

// rich reads a text of runs with formats of their own. What says how Japanese is spoken is no part of it.
func (s *stream) rich() (string, error) {
	var b strings.Builder
	var runs func(string) (bool, error)
	runs = func(tag string) (bool, error) {
		switch tag {
		case "t":
			text, err := s.content()
			if b.WriteString(text); b.Len() > maxToken {
				return true, fmt.Errorf("%s of the workbook has a text of more than %d bytes", s.name, maxToken)
			}
			return true, err
		case "r":
			return true, s.inside(runs)
		}
		return false, nil
	}
	err := s.inside(runs)
	return unescaped(b.String()), err
}

func unexpected(err error) error {
	if err == io.EOF { //nolint:errorlint // of next
		return io.ErrUnexpectedEOF
	}
	return err
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescaped puts characters in place that XML cannot have, which workbooks write as _x000D_.
func unescaped(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escape.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil || n >= 0xD800 && n < 0xE000 {
			return e
		}
		return string(rune(n))
	})
}
