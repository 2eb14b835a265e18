package enrich

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// maxText is the longest value kept in a field, in bytes.
const maxText = 255

// view shows bytes as a string without a copy; good only as long as the request's body is.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// str reads a raw JSON value that should be a string; "" when it is something else. At most limit bytes are looked at.
func str(raw []byte, limit int) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if len(raw) > 6*limit+2 { // an escape takes at most six bytes for one
		return ""
	}
	return view(jsonscan.Text(raw))
}

// field reads a raw JSON string and makes it fit for a field.
func field(raw []byte) string { return clean(str(raw, 4*maxText), maxText) }

// clean makes a text fit for a field: valid UTF-8, no control characters, no blanks around it, at most limit bytes.
func clean(s string, limit int) string {
	s = strings.TrimSpace(s)
	if plain(s) {
		return cut(s, limit)
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || r == utf8.RuneError {
			return -1
		}
		return r
	}, cut(s, 4*limit))
	return cut(strings.TrimSpace(s), limit)
}

// plain says that a text is printable ASCII, which most are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// cut shortens a text to at most limit bytes, between characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// number reads a raw JSON integer or string as text: ids of sessions come as either.
func number(raw []byte) string {
	if len(raw) == 0 || raw[0] == '"' {
		return field(raw)
	}
	for i, c := range raw {
		if (c < '0' || c > '9') && (i > 0 || c != '-') {
			return ""
		}
	}
	return cut(view(raw), maxText)
}
