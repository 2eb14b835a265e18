package rows

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// records finds where CSV's records end.
type records struct {
	in        *bufio.Reader // its buffer holds the longest record
	delimiter byte
	quote     bool
	line      int64 // of the next record, from 1 (0 before the first)
	at        int64 // bytes of in before the next record
	suspect   int   // bytes that an open quote seemed to take: a stray quote among them may be its end
}

// record is one record without its line end.
type record struct {
	text  string
	line  int64
	at    int64 // where it begins
	fault *Fault
}

// next gives the next record that is not an empty line.
func (r *records) next() (record, error) {
	for {
		rec, err := r.one()
		if err != nil || rec.text != "" || rec.fault != nil {
			return rec, err
		}
	}
}

func (r *records) one() (record, error) {
	line := r.line + 1
	var scan state
	for want := 4 << 10; ; want = min(want*4, MaxRow) {
		window, err := r.in.Peek(want)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return record{}, err
		}
		if len(window) == 0 {
			return record{}, io.EOF
		}
		end := scan.end(window, r.delimiter, r.quote)
		switch last := err != nil || len(window) >= MaxRow; {
		case scan.garbled:
			return r.lost(window, scan.at, line)
		case end >= 0:
			return r.take(window[:end], end+1, line, nil), nil
		case last && scan.open():
			return r.lost(window, 0, line)
		case last && len(window) >= MaxRow:
			rec := r.take(window[:200], 200, line, &Fault{ReasonTooLarge, fmt.Sprintf("the row has more than %d bytes", MaxRow)})
			return rec, r.skipLine()
		case last:
			return r.take(window, len(window), line, nil), nil
		}
	}
}

// take copies a record and moves behind it.
func (r *records) take(text []byte, length int, line int64, fault *Fault) record {
	rec := record{text: string(bytes.TrimSuffix(text, []byte("\r"))), line: line, at: r.at, fault: fault}
	r.line += int64(bytes.Count(text, []byte("\n")))
	if fault == nil || fault.Reason != ReasonTooLarge {
		r.line++
	}
	if r.suspect > 0 && rec.fault == nil && stray(rec.text, r.delimiter) {
		rec.fault = &Fault{ReasonQuotes, "a quote stands inside a field, behind a row with an open quote: this may be the rest of that row"}
	}
	r.suspect = max(r.suspect-length, 0)
	_, _ = r.in.Discard(length) // it was peeked at
	r.at += int64(length)
	return rec
}

// lost gives up the first line of a record whose quote is not closed, or only by one of a later line that was none's end, so that the rows behind
// it are read. Up to suspect, what looks like a row may be the rest of this one.
func (r *records) lost(window []byte, suspect int, line int64) (record, error) {
	fault := &Fault{ReasonQuotes, "a quote is opened and never closed"}
	if r.suspect = 0; suspect > 0 {
		fault.Detail = "a quote is opened and not closed before that of a later line: quotes inside a quoted field are written twice"
		r.suspect = suspect
	}
	if end := bytes.IndexByte(window, '\n'); end >= 0 {
		return r.take(window[:end], end+1, line, fault), nil
	}
	if len(window) < MaxRow {
		return r.take(window, len(window), line, fault), nil
	}
	rec := r.take(window[:200], 200, line, &Fault{ReasonTooLarge, fault.Detail + fmt.Sprintf(", and its line has more than %d bytes", MaxRow)})
	return rec, r.skipLine()
}

// skipLine moves behind the next line end.
func (r *records) skipLine() error {
	r.line++
	for {
		line, err := r.in.ReadSlice('\n')
		r.at += int64(len(line))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
}

// state is how far a search for a record's end has come.
type state struct {
	at      int
	quoted  bool // inside quotes
	closing bool // the byte before was a quote that may close
	inside  bool // inside a field that did not begin with a quote
	lines   bool // the quotes that are open, or were closed last, span lines
	garbled bool // text follows the closing quote of a field that spans lines: the quote was another field's beginning
}

// end is the position of the line end that ends the record, -1 when it is not in the window. A wider window goes on where the last one ended.
func (s *state) end(window []byte, delimiter byte, quote bool) int {
	if !quote {
		next := bytes.IndexByte(window[s.at:], '\n')
		if next < 0 {
			s.at = len(window)
			return -1
		}
		return s.at + next
	}
	for ; s.at < len(window); s.at++ {
		c := window[s.at]
		switch {
		case s.quoted && s.closing && c == '"':
			s.closing = false // two quotes mean one
		case s.quoted && s.closing:
			if s.lines && c != delimiter && c != '\n' && c != '\r' {
				s.garbled = true
				return -1
			}
			s.quoted, s.closing, s.inside = false, false, true
			s.at-- // judged again, outside
		case s.quoted && c == '"':
			s.closing = true
		case s.quoted:
			next := bytes.IndexByte(window[s.at:], '"')
			if next < 0 {
				s.lines = s.lines || bytes.IndexByte(window[s.at:], '\n') >= 0
				s.at = len(window)
				return -1
			}
			s.lines = s.lines || bytes.IndexByte(window[s.at:s.at+next], '\n') >= 0
			s.at += next - 1
		case c == '\n':
			return s.at
		case c == delimiter:
			s.inside = false
		case c == '"' && !s.inside:
			s.quoted, s.closing, s.lines = true, false, false
		default:
			s.inside = true
		}
	}
	return -1
}

// open says that a quote waits for its end. A quote that ends the window counts as closed: nothing follows when the window is the file's last.
func (s *state) open() bool { return s.quoted && !s.closing }

// stray says that a quote stands inside a field that did not begin with one.
func stray(text string, delimiter byte) bool {
	for text != "" {
		if text[0] == '"' {
			end := closing(text)
			if end < 0 || end+1 < len(text) && text[end+1] != delimiter {
				return true
			}
			text = text[min(end+2, len(text)):]
			continue
		}
		field, rest, _ := strings.Cut(text, string(delimiter))
		if strings.Contains(field, `"`) {
			return true
		}
		text = rest
	}
	return false
}

// fields cuts a record; size is how many there should be. The fields share the record's memory where they can.
func (r *records) fields(text string, size int) ([]string, *Fault) {
	out := make([]string, 0, max(size, 4))
	for {
		if !r.quote || !strings.HasPrefix(text, `"`) {
			field, rest, more := strings.Cut(text, string(r.delimiter))
			if out = append(out, field); !more {
				return out, nil
			}
			text = rest
			continue
		}
		end := closing(text)
		if end < 0 {
			return nil, &Fault{ReasonQuotes, "a quote is opened and never closed"}
		}
		field := text[1:end]
		if strings.Contains(field, `""`) {
			field = strings.ReplaceAll(field, `""`, `"`)
		}
		out = append(out, field)
		switch text = text[end+1:]; {
		case text == "":
			return out, nil
		case text[0] != r.delimiter:
			return nil, &Fault{ReasonQuotes, fmt.Sprintf("field %d goes on behind its closing quote: quotes inside a quoted field are written twice", len(out))}
		}
		text = text[1:]
	}
}

// closing finds the quote that ends the quoted field at the beginning of text, -1 for none.
func closing(text string) int {
	for at := 1; at < len(text); at++ {
		next := strings.IndexByte(text[at:], '"')
		if next < 0 {
			return -1
		}
		at += next
		if at+1 == len(text) || text[at+1] != '"' {
			return at
		}
		at++
	}
	return -1
}
