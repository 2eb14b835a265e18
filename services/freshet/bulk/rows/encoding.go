package rows

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// mark is UTF-8's byte order mark, which Excel writes.
const mark = "\xef\xbb\xbf"

// encodings by their names; nil is UTF-8.
var encodings = map[string]encoding.Encoding{
	"": nil, "utf-8": nil, "utf8": nil,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"latin1": charmap.ISO8859_1, "iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15,
	"windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252,
	"gbk": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030,
}

var encodingNames = strings.Join(slices.Sorted(maps.Keys(encodings))[1:], ", ")

// marked16 says that a text begins with the byte order mark of UTF-16.
func marked16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}

// GuessEncoding names, by a file's first 64 KiB, an encoding for format.encoding: "" for UTF-8, for UTF-16 with its mark and for what is no text.
// The rest is a guess between the two that are met: in gb18030 bytes above ASCII stand in pairs, in windows-1252 most stand alone.
func GuessEncoding(in *file.File) (string, error) {
	r, err := in.Reader()
	if err != nil {
		return "", err
	}
	head, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return "", err
	}
	if cut := bytes.LastIndexByte(head, '\n'); cut >= 0 {
		head = head[:cut] // a character may be cut in two at the end
	}
	if utf8.Valid(head) || marked16(head) || guess(head) == "parquet" {
		return "", nil
	}
	high, paired := 0, 0
	for i, b := range head {
		if b < utf8.RuneSelf {
			continue
		}
		high++
		if i > 0 && head[i-1] >= utf8.RuneSelf || i+1 < len(head) && head[i+1] >= utf8.RuneSelf {
			paired++
		}
	}
	if 2*paired > high {
		return "gb18030", nil
	}
	return "windows-1252", nil
}

// decode reads text as UTF-8. foreign says that the text is translated: a byte that does not belong to the encoding is then U+FFFD.
func decode(b *bufio.Reader, name string) (out *bufio.Reader, foreign bool, err error) {
	head, err := b.Peek(3)
	if err != nil && len(head) == 0 && err != io.EOF { //nolint:errorlint // Peek gives the reader's own errors
		return nil, false, err
	}
	e := encodings[strings.ToLower(name)]
	if e == nil && marked16(head) {
		e = encodings["utf-16"]
	}
	if e == nil {
		if string(head) == mark {
			_, err = b.Discard(len(mark))
			return b, false, err
		}
		return b, false, nil
	}
	return bufio.NewReaderSize(e.NewDecoder().Reader(b), MaxRow+64), true, nil
}
