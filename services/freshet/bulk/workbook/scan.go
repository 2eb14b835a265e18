package workbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// scanner cuts the XML of a part into tags and texts. It is a fraction of XML, as workbooks have it, at several times the speed of encoding/xml, and as
// strict: a part that is no XML is an error (TestScannerAgainstEncodingXML). A document type, which packages of Office may not have, is one too.
type scanner struct {
	r    io.Reader
	buf  []byte
	from int // of what is not scanned, in buf
	read int64
	end  error // what came behind buf

	// Of the token scanned last, until the next: the name and attributes of a tag, or a text.
	tag   []byte
	attrs []attribute
	text  []byte
	alone bool // the tag ends itself: <c/>

	scratch []byte
	names   []byte // of the tags that are open
	opened  []int  // where each begins in names
}

// attribute is a name and the value as it stands, without its quotes.
type attribute struct{ name, value []byte }

// token is what stands next in a part.
type token uint8

const (
	begins token = iota + 1
	ends
	textual
)

// errTooLong is of a token that is longer than maxToken.
var errTooLong = errors.New("a text or tag is too long")

func newScanner(r io.Reader) *scanner { return &scanner{r: r, buf: make([]byte, 0, 64<<10)} }

// more reads on behind the buffer, whose scanned part goes. False at the end.
func (s *scanner) more() bool {
	if s.end != nil {
		return false
	}
	if s.from > 0 {
		s.buf, s.from = s.buf[:copy(s.buf, s.buf[s.from:])], 0
	}
	if len(s.buf) > maxToken {
		s.end = errTooLong
		return false
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf, s.read, s.end = s.buf[:len(s.buf)+n], s.read+int64(n), err
	return n > 0 || err == nil
}

// find is where the text stands first at or behind a place of the unscanned, which it reads in as far as needed; -1 when it does not come.
func (s *scanner) find(text string, at int) int {
	for {
		if i := bytes.Index(s.buf[s.from+at:], []byte(text)); i >= 0 {
			return at + i
		}
		at = max(at, len(s.buf)-s.from-len(text)+1)
		if !s.more() {
			return -1
		}
	}
}

// broken is why a part ends in the middle.
func (s *scanner) broken() error {
	if s.end != nil && !errors.Is(s.end, io.EOF) {
		return s.end
	}
	return io.ErrUnexpectedEOF
}

// next scans a token; io.EOF at the end. Comments and instructions are passed over.
func (s *scanner) next() (token, error) {
	for {
		for s.from == len(s.buf) {
			if !s.more() {
				return 0, s.end
			}
		}
		if s.buf[s.from] != '<' {
			return textual, s.chars()
		}
		for len(s.buf)-s.from < len("<![CDATA[") && s.more() { //nolint:revive // what is there of it
		}
		switch head := s.buf[s.from:]; {
		case bytes.HasPrefix(head, []byte("<!--")):
			inside, err := s.upTo("<!--", "-->")
			if err == nil && (bytes.Contains(inside, []byte("--")) || bytes.HasSuffix(inside, []byte("-"))) {
				err = errors.New(`a comment has "--" in it`)
			}
			if err != nil {
				return 0, err
			}
		case bytes.HasPrefix(head, []byte("<![CDATA[")):
			inside, err := s.upTo("<![CDATA[", "]]>")
			if err == nil {
				s.text, err = s.decode(inside, cdata)
			}
			return textual, err
		case bytes.HasPrefix(head, []byte("<?")):
			if err := s.instruction(); err != nil {
				return 0, err
			}
		case bytes.HasPrefix(head, []byte("<!")):
			return 0, errors.New("it has a document type, which no workbook has")
		case bytes.HasPrefix(head, []byte("</")):
			return ends, s.closing()
		default:
			return begins, s.opening()
		}
	}
}

// upTo is what stands between a beginning, which is next, and an end.
func (s *scanner) upTo(begin, end string) ([]byte, error) {
	at := s.find(end, len(begin))
	if at < 0 {
		return nil, s.broken()
	}
	inside := s.buf[s.from+len(begin) : s.from+at]
	s.from += at + len(end)
	return inside, nil
}

// chars scans a text up to the next tag, or to the end of the part.
func (s *scanner) chars() error {
	at := s.find("<", 0)
	if at < 0 {
		if !errors.Is(s.end, io.EOF) {
			return s.end
		}
		at = len(s.buf) - s.from
	}
	raw := s.buf[s.from : s.from+at]
	s.from += at
	var err error
	s.text, err = s.decode(raw, content)
	return err
}

// instruction passes over <?...?>, and looks what a part says it is written in.
func (s *scanner) instruction() error {
	inside, err := s.upTo("<?", "?>")
	if err != nil {
		return err
	}
	name, rest := cutName(inside)
	if len(name) == 0 || len(rest) > 0 && !bytes.ContainsAny(rest[:1], " \t\r\n") {
		return fmt.Errorf("the instruction <?%.40s?> cannot be read", inside)
	}
	if string(name) != "xml" {
		return nil
	}
	if v := parameter(rest, "version"); v != "" && v != "1.0" {
		return fmt.Errorf("it is XML of version %q", v)
	}
	if code := parameter(rest, "encoding"); code != "" {
		return charsetOf(code)
	}
	return nil
}

// parameter is a member of <?xml ...?>; "" when it is not there.
func parameter(rest []byte, name string) string {
	_, value, ok := bytes.Cut(rest, []byte(" "+name+"="))
	if !ok || len(value) < 2 || value[0] != '"' && value[0] != '\'' {
		return ""
	}
	value, _, ok = bytes.Cut(value[1:], value[:1])
	if !ok {
		return ""
	}
	return string(value)
}

// closing scans </name>, which must be that of the tag that is open.
func (s *scanner) closing() error {
	inside, err := s.upTo("</", ">")
	if err != nil {
		return err
	}
	name, rest := cutName(inside)
	if len(name) == 0 || len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return fmt.Errorf("the tag </%.40s> cannot be read", inside)
	}
	if len(s.opened) == 0 {
		return fmt.Errorf("</%.40s> closes nothing", name)
	}
	last := s.opened[len(s.opened)-1]
	if !bytes.Equal(name, s.names[last:]) {
		return fmt.Errorf("<%.40s> is closed by </%.40s>", s.names[last:], name)
	}
	s.pop()
	return nil
}

func (s *scanner) pop() {
	last := len(s.opened) - 1
	s.names, s.opened = s.names[:s.opened[last]], s.opened[:last]
}

// opening scans <name a="1">.
func (s *scanner) opening() error {
	end, err := s.tagEnd()
	if err != nil {
		return err
	}
	inside := s.buf[s.from+1 : s.from+end]
	s.from += end + 1
	whole := inside
	inside, s.alone = bytes.CutSuffix(inside, []byte("/"))
	name, rest := cutName(inside)
	local, ok := localName(name)
	if !ok {
		return fmt.Errorf("the tag <%.40s> cannot be read", whole)
	}
	s.tag, s.attrs = local, s.attrs[:0]
	for rest = bytes.TrimLeft(rest, " \t\r\n"); len(rest) > 0; rest = bytes.TrimLeft(rest, " \t\r\n") {
		var a attribute
		if a, rest, ok = cutAttribute(rest); !ok {
			return fmt.Errorf("the tag <%.40s> cannot be read", whole)
		}
		if _, err := s.decode(a.value, quoted); err != nil {
			return err
		}
		s.attrs = append(s.attrs, a)
	}
	s.opened, s.names = append(s.opened, len(s.names)), append(s.names, name...)
	return nil
}

// tagEnd is where the tag that is next ends: a > in quotes ends none.
func (s *scanner) tagEnd() (int, error) {
	quote := byte(0)
	for at := 1; ; at++ {
		for s.from+at == len(s.buf) {
			if !s.more() {
				return 0, s.broken()
			}
		}
		switch c := s.buf[s.from+at]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return at, nil
		}
	}
}

// attr is the value of an attribute, nil when there is none.
func (s *scanner) attr(name string) []byte {
	for _, a := range s.attrs {
		if string(a.name) == name {
			v, _ := s.decode(a.value, quoted) // it was checked
			return v
		}
	}
	return nil
}
