// Package rows reads the rows of a file one after the other, in memory that does not grow with the file: CSV and its kin, JSON by lines or as an
// array, Parquet, and the sheets of Excel. A row that cannot be read is a row with a Fault, never the end of the file. It is not for what columns mean: see mapping.
package rows

import (
	"strings"
)

// MaxRow is the longest row taken, in bytes: twice the largest event that the collector takes.
const MaxRow = 1 << 20

// Kind says what a Value is.
type Kind uint8

const (
	// Absent is a value that is not there, is null, or is one of the texts that mean so.
	Absent Kind = iota
	// Text is any text.
	Text
	// Number holds a JSON number, digit for digit as the file has it.
	Number
	// Boolean holds true or false.
	Boolean
	// Instant holds a time in RFC 3339.
	Instant
	// JSON holds an object or an array.
	JSON
)

// Value is one cell. Its text is exact: no number passes through a float.
type Value struct {
	Kind Kind
	Text string
}

// Fault is why a row, or an event of it, is refused: a word for counting and a sentence for people.
type Fault struct{ Reason, Detail string }

func (f *Fault) Error() string { return f.Reason + ": " + f.Detail }

// The reasons of faults found while reading. docs/import.md explains them.
const (
	ReasonRagged   = "ragged_row"
	ReasonQuotes   = "bad_quotes"
	ReasonEncoding = "bad_encoding"
	ReasonJSON     = "invalid_json"
	ReasonTooLarge = "too_large"
	ReasonResult   = "no_result"
)

// Row is one row. It stays as it is when the next one is read.
type Row struct {
	// Number counts rows from 1; the header is none. Line is the line of the file the row begins on; 0 where a file has no lines.
	Number, Line int64
	// Offset is the byte of the file that the row begins at; 0 where a reader cannot begin there: Resume.
	Offset int64
	// Fault is set when the row could not be read; it then has no values.
	Fault *Fault
	// Skipped is why a record is no row though it was read, "" for a row: it is ignored, empty, or the header again. It then has no values.
	Skipped string

	raw    string
	size   int // of fields that do not share raw's memory
	fields []Value
	slots  []int // of the reader: where in fields each bound column is
	rest   []member
}

type member struct {
	name  string
	value Value
}

// Value is the cell of the i-th bound column.
func (r *Row) Value(i int) Value {
	if at := r.slots[i]; at >= 0 && at < len(r.fields) {
		return r.fields[at]
	}
	return Value{}
}

// Rest calls f with every column that is not bound, in the file's order. The reader must have been bound with rest.
func (r *Row) Rest(f func(name string, v Value)) {
	for _, m := range r.rest {
		f(m.name, m.value)
	}
}

// Size is about what the row takes in memory, in bytes.
func (r *Row) Size() int { return len(r.raw) + r.size + 24*len(r.fields) + 120 }

// Reader reads rows. Bind once, before the first Next.
type Reader interface {
	// Columns are the names of the columns. closed is false where rows may have others, as in JSON: the names are then those of the first rows.
	Columns() (names []string, closed bool)
	// Bind says which columns Row.Value gives, and whether Row.Rest is wanted. A column that no row has is always Absent.
	Bind(columns []string, rest bool)
	// Next gives the next row, io.EOF after the last; another error ends the file. What is Skipped is given by the reader of OpenAll only.
	Next() (*Row, error)
	// Data describes a row for people, as JSON: an object of its columns, or a text of what could not be read.
	Data(*Row) []byte
}

// tidy turns a text of a file into a value.
func (f *Format) tidy(s string) Value {
	if !f.KeepBlanks {
		s = strings.TrimSpace(s)
	}
	if in, ok := strings.CutPrefix(s, `="`); ok && strings.HasSuffix(in, `"`) { // a formula that is a text: so Excel keeps the zeros of a number
		s = in[:len(in)-1]
	}
	if f.TextSign != "" {
		s = strings.TrimPrefix(s, f.TextSign)
	}
	if s == "" {
		return Value{}
	}
	for _, n := range f.Null {
		if s == n {
			return Value{}
		}
	}
	return Value{Kind: Text, Text: s}
}
