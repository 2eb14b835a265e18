package rows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// csvReader reads records as RFC 4180 has them, and as people write them: any line end, quotes inside a field that does not begin with one, and
// a quote that is never closed costs one line, not the rest of the file.
type csvReader struct {
	in      records
	format  Format
	foreign bool
	plain   bool // its bytes are the file's
	columns []string
	header  []string // as it stands in the file; nil without one
	notes   []string
	used    []bool
	slots   []int
	rest    bool
	number  int64
	ended   bool
}

func openCSV(b *bufio.Reader, f Format) (Reader, error) {
	at := marked(b)
	text, foreign, err := decode(b, f.Encoding)
	if err != nil {
		return nil, err
	}
	r := &csvReader{in: records{in: text, at: at, quote: f.Quotes != "none"}, format: f, foreign: foreign, plain: text == b, columns: f.Columns}
	for range f.SkipLines {
		if err := r.in.skipLine(); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	if err := r.named(text); err != nil {
		return nil, err
	}
	if r.in.delimiter == 0 {
		if r.in.delimiter, err = r.delimiter(text); err != nil {
			return nil, err
		}
	}
	if len(r.columns) > 0 {
		return r, given(r.columns)
	}
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	r.columns, r.notes = name(r.header)
	return r, nil
}

// named reads the line "sep=;" by which Excel tells itself the delimiter. A delimiter that is configured counts all the same.
func (r *csvReader) named(text *bufio.Reader) error {
	head, err := text.Peek(len("sep=;\r\n"))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	line, _, ended := strings.Cut(string(head), "\n")
	line = strings.TrimSuffix(line, "\r")
	if !ended || len(line) != len("sep=;") || !strings.EqualFold(line[:4], "sep=") || line[4] >= 0x80 {
		return nil
	}
	if r.format.Delimiter == "" && r.format.Type != "tsv" {
		r.in.delimiter = line[4]
	}
	return r.in.skipLine()
}

// delimiter is the one configured, or the most frequent candidate of the first line.
func (r *csvReader) delimiter(text *bufio.Reader) (byte, error) {
	switch {
	case r.format.Delimiter == "tab", r.format.Delimiter == "" && r.format.Type == "tsv":
		return '\t', nil
	case r.format.Delimiter != "":
		return r.format.Delimiter[0], nil
	}
	head, err := text.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	line, _, _ := strings.Cut(string(head), "\n")
	best, most := byte(','), 0
	for _, d := range []byte(",;\t|") {
		n, quoted := 0, false
		for i := range len(line) {
			if line[i] == '"' {
				quoted = !quoted
			} else if line[i] == d && !quoted {
				n++
			}
		}
		if n > most {
			best, most = d, n
		}
	}
	return best, nil
}

func (r *csvReader) readHeader() error {
	rec, err := r.in.next()
	for err == nil && r.format.ignores(rec.text) {
		rec, err = r.in.next()
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty: there is not even a header")
	}
	if err != nil {
		return err
	}
	if !utf8.ValidString(rec.text) {
		return errors.New("the header is not UTF-8: name the encoding in format.encoding, such as windows-1252 or gb18030")
	}
	switch text := strings.ReplaceAll(rec.text, "\r\n", ""); {
	case strings.Contains(text, "\x00"):
		return errors.New("the header holds zero bytes, which no text has: a file of UTF-16 without a byte order mark needs format.encoding: utf-16")
	case strings.Contains(text, "\r"):
		return errors.New(`some lines of the file end in CR alone, and others do not: convert them, with ` + "`tr '\\r' '\\n'`" + ` for instance`)
	}
	fields, fault := r.split(rec)
	if fault != nil {
		return fmt.Errorf("the header cannot be read: %s", fault.Detail)
	}
	for _, name := range fields {
		r.header = append(r.header, strings.TrimSpace(name))
	}
	return nil
}

func (r *csvReader) Columns() ([]string, bool) { return r.columns, true }

func (r *csvReader) Bind(columns []string, rest bool) {
	r.slots, r.used, r.rest = bind(r.columns, columns, rest)
}

// bind finds the place of each wanted column, -1 for none, and which of all are wanted.
func bind(all, wanted []string, rest bool) (slots []int, used []bool, r bool) {
	place := map[string]int{}
	for i, c := range all {
		place[c] = i
	}
	used = make([]bool, len(all))
	for _, c := range wanted {
		at, ok := place[c]
		if !ok {
			slots = append(slots, -1)
			continue
		}
		used[at] = true
		slots = append(slots, at)
	}
	return slots, used, rest
}

func (r *csvReader) Next() (*Row, error) {
	rec, err := r.in.next()
	if err != nil {
		return nil, err
	}
	r.number++
	row := &Row{Number: r.number, Line: rec.line, raw: rec.text, slots: r.slots}
	if r.plain && r.format.End == "" {
		row.Offset = rec.at
	}
	if r.ended = r.ended || r.format.ends(rec.text); r.ended {
		row.Skipped = skippedEnd
		return row, nil
	}
	if r.format.ignores(rec.text) {
		row.Skipped = skippedIgnored
		return row, nil
	}
	fields, fault := r.split(rec)
	if fault != nil {
		row.Fault = fault
		return row, nil
	}
	if row.Skipped = r.skipped(fields); row.Skipped != "" {
		return row, nil
	}
	if fields, row.Fault = fit(fields, r.columns, r.header); row.Fault != nil {
		return row, nil
	}
	row.fields = make([]Value, len(fields))
	for i, s := range fields {
		row.fields[i] = r.format.tidy(s)
		if r.rest && !r.used[i] {
			row.rest = append(row.rest, member{r.columns[i], row.fields[i]})
		}
	}
	return row, nil
}

// split checks a record and cuts it into fields.
func (r *csvReader) split(rec record) ([]string, *Fault) {
	switch {
	case rec.fault != nil:
		return nil, rec.fault
	case !utf8.ValidString(rec.text):
		return nil, &Fault{ReasonEncoding, "the row is not UTF-8: name the file's encoding in format.encoding"}
	case r.foreign && strings.ContainsRune(rec.text, utf8.RuneError):
		return nil, &Fault{ReasonEncoding, "the row holds bytes that the encoding does not have"}
	}
	fields, fault := r.in.fields(rec.text, len(r.columns))
	if fault != nil {
		return nil, fault
	}
	return fields, nil
}

func (r *csvReader) Data(row *Row) []byte {
	fields, fault := r.in.fields(row.raw, len(r.columns))
	if fault == nil {
		fields, fault = fit(fields, r.columns, r.header)
	}
	if row.Fault != nil || row.Skipped != "" || fault != nil {
		return AppendText(nil, strings.ToValidUTF8(row.raw, "\uFFFD"))
	}
	b := []byte{'{'}
	for i, s := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendText(b, r.columns[i]), ':')
		b = AppendText(b, s)
	}
	return append(b, '}')
}
