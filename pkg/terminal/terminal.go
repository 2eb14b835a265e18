// Package terminal makes what strangers wrote safe to show: names, ids and texts come from whoever has a browser's write key, and a
// terminal obeys control characters. Whatever a person may see goes through it; what a program reads keeps its meaning: in JSON an escape
// says the same character. It is not for logs, which slog quotes, nor for HTML.
//
// Escaped are the controls (C0, DEL, C1), what turns the direction of text or is not seen at all (Unicode's Cf, except the joiners that
// scripts and emoji need), separators of lines, what no character is assigned to, and bytes that are no UTF-8. TestSafe.
package terminal

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Safe is a text for one place in a line: line breaks and tabs in it are escaped too, so that nobody writes lines or columns of their own.
func Safe(s string) string { return escape(s, "") }

// Lines is a text of several lines, such as an error: what is in it may break lines, and nothing else.
func Lines(s string) string { return escape(s, "\n\t") }

// escape replaces what is not safe, except the characters in keep.
func escape(s, keep string) string {
	at := strings.IndexFunc(s, func(r rune) bool { return !shown(r) })
	if at < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
				continue
			}
		}
		if shown(r) || strings.ContainsRune(keep, r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(escaped(r))
	}
	return b.String()
}

// shown says that a terminal draws a character and does nothing else with it.
func shown(r rune) bool {
	const zwnj, zwj = '\u200c', '\u200d'
	return r != utf8.RuneError && unicode.IsGraphic(r) || r == zwnj || r == zwj
}

// escaped is a character as JSON and Go write it: \n, \t, \u001b, and as two halves beyond 16 bits.
func escaped(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case utf8.RuneError:
		return string(r)
	}
	if r > 0xffff {
		r -= 0x10000
		return hex4(0xd800+r>>10) + hex4(0xdc00+r&0x3ff)
	}
	return hex4(r)
}

func hex4(r rune) string { return `\u` + strconv.FormatUint(uint64(r)|0x10000, 16)[1:] }

// Writer is an output that shows nothing but text, line breaks and tabs. What is escaped in JSON means the same there.
type Writer struct {
	to   io.Writer
	rest []byte // the beginning of a character that was not written whole
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Write writes p with escapes. A character that ends in a later write is written with it.
func (w *Writer) Write(p []byte) (int, error) {
	text := append(w.rest, p...)
	whole := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if start := text[len(text)-back:]; utf8.RuneStart(start[0]) {
			if !utf8.FullRune(start) {
				whole -= back
			}
			break
		}
	}
	w.rest = append([]byte(nil), text[whole:]...)
	if _, err := io.WriteString(w.to, Lines(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Exact is for what a program reads and an escape would change, such as YAML: the output itself, unless a person looks at it.
func (w *Writer) Exact() io.Writer {
	if f, ok := w.to.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return w
	}
	return w.to
}
