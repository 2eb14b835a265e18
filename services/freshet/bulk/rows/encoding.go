package rows

import (
	"bufio"
	"bytes"
	"io"

	"github.com/freshet/freshet/services/freshet/bulk/encoding"
	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// mark is UTF-8's byte order mark, which Excel writes.
const mark = "\xef\xbb\xbf"

// marked16 says that a text begins with the byte order mark of UTF-16.
func marked16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}

// FindEncoding finds the encoding of a file by the whole of it; of a packed one by its beginning.
func FindEncoding(in *file.File) (encoding.Finding, error) {
	at, size, err := in.Sample()
	if err != nil {
		return encoding.Finding{}, err
	}
	return encoding.Guess(at, size)
}

// decode reads text as UTF-8 with lines that end in LF. foreign says that the text is translated: a byte that does not belong to the encoding is then
// U+FFFD.
func decode(b *bufio.Reader, name string) (out *bufio.Reader, foreign bool, err error) {
	head, err := b.Peek(3)
	if err != nil && len(head) == 0 && err != io.EOF { //nolint:errorlint // Peek gives the reader's own errors
		return nil, false, err
	}
	e, _, err := encoding.Decoder(name)
	if err != nil {
		return nil, false, err
	}
	if e == nil && marked16(head) {
		if e, _, err = encoding.Decoder("utf-16"); err != nil {
			return nil, false, err
		}
	}
	switch {
	case e != nil:
		b = bufio.NewReaderSize(e.NewDecoder().Reader(b), MaxRow+64)
	case string(head) == mark:
		if _, err = b.Discard(len(mark)); err != nil {
			return nil, false, err
		}
	}
	if head, _ := b.Peek(64 << 10); bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 {
		b = bufio.NewReaderSize(&oldMac{in: b}, MaxRow+64)
	}
	return b, e != nil, nil
}

// marked is the length of UTF-8's byte order mark where one stands, in bytes.
func marked(b *bufio.Reader) int64 {
	if head, _ := b.Peek(len(mark)); string(head) == mark {
		return int64(len(mark))
	}
	return 0
}

// oldMac reads lines that end in CR alone, as Macs wrote them and Excel for them still does, as lines that end in LF.
type oldMac struct {
	in   io.Reader
	last byte
}

func (m *oldMac) Read(b []byte) (int, error) {
	n, err := m.in.Read(b)
	kept := 0
	for _, c := range b[:n] {
		skip := c == '\n' && m.last == '\r' // the rest of the file may have both
		if m.last = c; skip {
			continue
		}
		if c == '\r' {
			c = '\n'
		}
		b[kept] = c
		kept++
	}
	return kept, err
}
