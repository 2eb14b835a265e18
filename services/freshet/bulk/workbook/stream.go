package workbook

import (
	"encoding/xml"
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
	d     *xml.Decoder
	r     io.ReadCloser
	read  int64 // bytes in all
	since int64 // bytes since the last token
	name  string
	depth int
}

func newStream(r io.ReadCloser, name string) *stream {
	s := &stream{r: r, name: name}
	s.d = xml.NewDecoder(s)
	s.d.CharsetReader = charset
	return s
}

// Read counts for the decoder, whose memory grows with a token.
func (s *stream) Read(p []byte) (int, error) {
	if s.since > maxToken {
		return 0, fmt.Errorf("%s of the workbook has a text or tag of more than %d bytes", s.name, maxToken)
	}
	n, err := s.r.Read(p)
	s.read += int64(n)
	s.since += int64(n)
	return n, err
}

// next gives the next token, io.EOF behind the last. A part that ends too early is another error.
func (s *stream) next() (xml.Token, error) {
	t, err := s.d.Token()
	if err == io.EOF { //nolint:errorlint // the decoder gives it as it is, at the end of a whole document only
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of the workbook: %w", s.name, err)
	}
	s.since = 0
	switch t.(type) {
	case xml.StartElement:
		if s.depth++; s.depth > maxDepth {
			return nil, fmt.Errorf("%s of the workbook nests more than %d deep", s.name, maxDepth)
		}
	case xml.EndElement:
		s.depth--
	}
	return t, nil
}

// inside calls f for each element inside the one that was just begun, until that ends; f reads its element to the end, or says that it did not.
func (s *stream) inside(f func(xml.StartElement) (done bool, err error)) error {
	for depth := s.depth; ; {
		t, err := s.next()
		if err != nil {
			return unexpected(err)
		}
		switch e := t.(type) {
		case xml.StartElement:
			done, err := f(e)
			if err == nil && !done {
				err = s.skip()
			}
			if err != nil {
				return err
			}
		case xml.EndElement:
			if s.depth < depth {
				return nil
			}
		}
	}
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
func (s *stream) text() (string, error) {
	var b strings.Builder
	for depth := s.depth; s.depth >= depth; {
		t, err := s.next()
		if err != nil {
			return "", unexpected(err)
		}
		if c, ok := t.(xml.CharData); ok {
			if b.Write(c); b.Len() > maxToken {
				return "", fmt.Errorf("%s of the workbook has a text of more than %d bytes", s.name, maxToken)
			}
		}
	}
	return b.String(), nil
}

// rich reads a text of runs with formats of their own. What says how Japanese is spoken is no part of it.
func (s *stream) rich() (string, error) {
	var b strings.Builder
	var runs func(xml.StartElement) (bool, error)
	runs = func(e xml.StartElement) (bool, error) {
		switch e.Name.Local {
		case "t":
			text, err := s.text()
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
