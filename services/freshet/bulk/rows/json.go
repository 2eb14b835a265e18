package rows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// sample is how many rows are read ahead to learn the columns of JSON.
const sample = 200

// maxDepth bounds how deep one row of JSON may be nested; the collector takes 32.
const maxDepth = 100

// jsonReader reads JSON objects, one a line or as the elements of one array. A column is a member, a dotted path the member of an object inside.
type jsonReader struct {
	next    func() (record, error)
	format  Format
	foreign bool
	lines   *records // of JSON by lines whose bytes are the file's; else nil
	ahead   []record
	end     error // what came behind ahead
	paths   *path
	size    int // bound columns
	rest    bool
	number  int64
	scan    jsonscan.Scanner
}

// path is a node of the bound columns, by the keys that lead there.
type path struct {
	slots []int
	below map[string]*path
}

func openJSON(b *bufio.Reader, f Format) (Reader, error) {
	at := marked(b)
	text, foreign, err := decode(b, f.Encoding)
	if err != nil {
		return nil, err
	}
	r := &jsonReader{format: f, foreign: foreign}
	if f.Type == "json" {
		r.next = (&elements{in: text}).next
	} else {
		lines := &records{in: text, at: at, delimiter: 0}
		if r.next = lines.next; text == b {
			r.lines = lines
		}
	}
	bytes := 0
	for len(r.ahead) < sample && bytes < MaxRow {
		rec, err := r.next()
		if err != nil {
			r.end = err
			break
		}
		r.ahead, bytes = append(r.ahead, rec), bytes+len(rec.text)
	}
	if len(r.ahead) == 0 && !errors.Is(r.end, io.EOF) {
		return nil, r.end
	}
	return r, nil
}

// Columns are the paths of the first rows' members.
func (r *jsonReader) Columns() ([]string, bool) {
	var names []string
	seen := map[string]bool{}
	for _, rec := range r.ahead {
		r.scan.Reset([]byte(rec.text), 0, jsonscan.Limits{Depth: maxDepth})
		if rec.fault == nil && r.scan.Peek() == '{' {
			_ = r.list("", &names, seen) // a row that is no JSON is a fault when it is its turn
		}
	}
	return names, false
}

func (r *jsonReader) list(prefix string, names *[]string, seen map[string]bool) error {
	return r.scan.Object(func(key []byte) error {
		name := prefix + string(key)
		if r.scan.Peek() == '{' {
			return r.list(name+".", names, seen)
		}
		if !seen[name] && utf8.ValidString(name) && len(seen) < 10_000 {
			seen[name] = true
			*names = append(*names, name)
		}
		_, err := r.scan.Skip()
		return err
	})
}

func (r *jsonReader) Bind(columns []string, rest bool) {
	r.paths, r.size, r.rest = &path{}, len(columns), rest
	for i, c := range columns {
		r.paths.child(c).slots = append(r.paths.child(c).slots, i) // a key that holds dots itself
		at := r.paths
		parts := strings.Split(c, ".")
		for _, key := range parts {
			at = at.child(key)
		}
		if len(parts) > 1 {
			at.slots = append(at.slots, i)
		}
	}
}

func (p *path) child(key string) *path {
	if p.below == nil {
		p.below = map[string]*path{}
	}
	if p.below[key] == nil {
		p.below[key] = &path{}
	}
	return p.below[key]
}

func (r *jsonReader) record() (record, error) {
	if len(r.ahead) > 0 {
		rec := r.ahead[0]
		r.ahead = r.ahead[1:]
		return rec, nil
	}
	if r.end != nil {
		return record{}, r.end
	}
	return r.next()
}

func (r *jsonReader) Next() (*Row, error) {
	rec, err := r.record()
	if err != nil {
		return nil, err
	}
	r.number++
	row := &Row{Number: r.number, Line: rec.line, raw: rec.text, Fault: rec.fault}
	if r.lines != nil {
		row.Offset = rec.at
	}
	if row.Fault != nil {
		return row, nil
	}
	if !utf8.ValidString(rec.text) {
		row.Fault = &Fault{ReasonEncoding, "the row is not UTF-8: name the file's encoding in format.encoding"}
		return row, nil
	}
	if r.foreign && strings.ContainsRune(rec.text, utf8.RuneError) {
		row.Fault = &Fault{ReasonEncoding, "the row holds bytes that the encoding does not have"}
		return row, nil
	}
	row.fields = make([]Value, r.size)
	row.slots = identity(r.size)
	if err := r.read(row); err != nil {
		row.Fault, row.fields = &Fault{ReasonJSON, "the row is no JSON object: " + err.Error()}, nil
	}
	return row, nil
}

func (r *jsonReader) read(row *Row) error {
	r.scan.Reset([]byte(row.raw), 0, jsonscan.Limits{Depth: maxDepth})
	if r.scan.Peek() != '{' {
		return errors.New("it does not begin with {")
	}
	if err := r.object(row, r.paths, "", r.rest); err != nil {
		return err
	}
	return r.scan.End()
}

// object walks an object and notes the values of the paths below p. rest says that what has no path is wanted too, under prefix and its key.
func (r *jsonReader) object(row *Row, p *path, prefix string, rest bool) error {
	return r.scan.Object(func(key []byte) error {
		next := p.below[string(key)]
		r.scan.Peek()
		start := r.scan.Offset()
		inside := next != nil && next.below != nil && row.raw[start] == '{'
		if inside {
			below := rest && len(next.slots) == 0 // a path that takes the whole object leaves no rest of it
			name := prefix
			if below {
				name = prefix + string(key) + "."
			}
			if err := r.object(row, next, name, below); err != nil {
				return err
			}
		} else if _, err := r.scan.Skip(); err != nil {
			return err
		}
		switch {
		case next != nil && len(next.slots) > 0:
			v := r.value(row.raw[start:r.scan.Offset()])
			for _, slot := range next.slots {
				row.fields[slot] = v
			}
		case rest && !inside:
			row.rest = append(row.rest, member{prefix + string(key), r.value(row.raw[start:r.scan.Offset()])})
		}
		return nil
	})
}

func (r *jsonReader) value(raw string) Value {
	switch raw[0] {
	case 'n':
		return Value{}
	case '"':
		if inner := raw[1 : len(raw)-1]; !strings.Contains(inner, `\`) {
			return r.format.tidy(inner)
		}
		return r.format.tidy(strings.ToValidUTF8(string(jsonscan.Text([]byte(raw))), "\uFFFD"))
	case '{', '[':
		return Value{Kind: JSON, Text: raw}
	case 't', 'f':
		return Value{Kind: Boolean, Text: raw}
	}
	return Value{Kind: Number, Text: raw}
}

func (r *jsonReader) Data(row *Row) []byte {
	if row.Fault != nil {
		return AppendText(nil, strings.ToValidUTF8(row.raw, "\uFFFD"))
	}
	return []byte(row.raw)
}

// counting is 0, 1, 2, ...: the places of a JSON row's bound columns.
var counting [64]int

func init() {
	for i := range counting {
		counting[i] = i
	}
}

// identity is 0, 1, 2, ...
func identity(n int) []int {
	if n <= len(counting) {
		return counting[:n]
	}
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// elements splits one array without holding more than one element.
type elements struct {
	in     *bufio.Reader
	line   int64
	opened bool
	closed bool
}

func (e *elements) next() (record, error) {
	if e.closed {
		return record{}, io.EOF
	}
	c, err := e.blank()
	if err == nil && !e.opened {
		if c != '[' {
			return record{}, errors.New("the file is no JSON array")
		}
		e.opened = true
		if c, err = e.blank(); err == nil && c == ']' {
			e.closed = true
			return record{}, io.EOF
		}
	} else if err == nil && c == ',' {
		c, err = e.blank()
	} else if err == nil && c == ']' {
		e.closed = true
		return record{}, io.EOF
	}
	if err != nil {
		return record{}, cut(err)
	}
	return e.element(c)
}

// blank skips blanks and gives the byte behind them.
func (e *elements) blank() (byte, error) {
	for {
		c, err := e.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if c == '\n' {
			e.line++
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, nil
		}
	}
}

// element reads up to the comma or bracket behind an element that begins with c.
func (e *elements) element(c byte) (record, error) {
	rec := record{line: e.line + 1}
	var text []byte
	depth, quoted, escaped := 0, false, false
	for {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case depth > 0 && (c == '}' || c == ']'):
			depth--
		case depth == 0 && (c == ',' || c == ']'):
			rec.text = string(text)
			return rec, e.in.UnreadByte()
		}
		if c == '\n' {
			e.line++
		}
		if len(text) < MaxRow {
			text = append(text, c)
		} else if rec.fault == nil {
			rec.fault = &Fault{ReasonTooLarge, fmt.Sprintf("the row has more than %d bytes", MaxRow)}
			text = text[:200]
		}
		var err error
		if c, err = e.in.ReadByte(); err != nil {
			return rec, cut(err)
		}
	}
}

// cut says that the end of the file came before that of its array.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file ends before its JSON array does: it was cut off")
	}
	return err
}
