package interaction

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Shapes of files.
const (
	// ShapeRows is one touch a row.
	ShapeRows = "rows"
	// ShapeSessions is one session a line: a JSON array of items, oldest first.
	ShapeSessions = "sessions"
	// ShapeBaskets is one basket a line: items between commas, without a header.
	ShapeBaskets = "baskets"
)

// Options say how a file is read.
type Options struct {
	// Shape is one of the shapes; empty means rows or sessions, whichever the file looks like. Baskets must be said.
	Shape string
	// User, Item, Time and Value name columns. Empty ones are found by the usual names (user_id, visitorid, session, CustomerID, item_id, movieId,
	// StockCode, timestamp, InvoiceDate, rating, ...); Time and Value may be missing. "-" says that a column is not to be used.
	User, Item, Time, Value string
	// Columns names the columns of a file without a header. Empty means: a header, or for files of 2 to 4 numbers a row the order user, item, value, time.
	Columns []string
	// MinValue leaves out rows whose value is below it: ratings of 4 and more are what people like. Zero leaves out none but negative ones.
	MinValue float64
	// Stdin is read where the path is "-".
	Stdin io.Reader
	// Progress is told of rows, now and then; nil tells nobody.
	Progress func(rows int)
}

// Read adds a file to a log, so that two files share their ids. An error means that the file as a whole cannot be read; the log then holds what came before.
func (l *Log) Read(path string, o Options) (err error) {
	f, err := file.Open(path, o.Stdin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if o.Shape == "" {
		if o.Shape, err = shape(f); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
	}
	switch o.Shape {
	case ShapeRows:
		err = l.readRows(f, o)
	case ShapeSessions, ShapeBaskets:
		err = l.readLines(f, o)
	default:
		err = fmt.Errorf("a file of %q: want %s, %s or %s", o.Shape, ShapeRows, ShapeSessions, ShapeBaskets)
	}
	if err == nil && len(l.Events) == 0 {
		err = errors.New("it holds no event that can be used")
		if l.Bad > 0 {
			err = fmt.Errorf("%w: of %d bad rows the first is line %d: %s", err, l.Bad, l.Faults[0].Line, l.Faults[0].Reason)
		}
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// head is the beginning of the content.
func head(f *file.File) ([]byte, error) {
	r, err := f.Reader()
	if err != nil {
		return nil, err
	}
	b, err := bufio.NewReaderSize(r, 64<<10).Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// shape tells sessions by a line that is an array of plain values.
func shape(f *file.File) (string, error) {
	b, err := head(f)
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\ufeff")), " \t\r\n"), []byte("\n"))
	rest, array := bytes.CutPrefix(line, []byte("["))
	if rest = bytes.TrimSpace(rest); array && len(rest) > 0 && rest[0] != '{' {
		return ShapeSessions, nil
	}
	return ShapeRows, nil
}

func (l *Log) readRows(f *file.File, o Options) error {
	format, err := formatOf(f, o.Columns)
	if err != nil {
		return err
	}
	in, err := rows.Open(f, format)
	if err != nil {
		return err
	}
	names, closed := in.Columns()
	bound, err := o.bind(names, closed)
	if err != nil {
		return err
	}
	in.Bind(bound.list(), false)
	l.Timed, l.Valued = l.Timed || bound.Time != "", l.Valued || bound.Value != ""
	for n := 1; ; n++ {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.take(row, bound, o.MinValue)
		if o.Progress != nil && n%65536 == 0 {
			o.Progress(n)
		}
	}
}

// take takes one row.
func (l *Log) take(row *rows.Row, bound columns, least float64) {
	if row.Fault != nil {
		l.fault(row.Number, row.Line, row.Fault.Error())
		return
	}
	e, err := bound.event(row)
	if err != nil {
		l.fault(row.Number, row.Line, err.Error())
		return
	}
	if e.value < least || e.value < 0 {
		l.Low++
		return
	}
	l.Events = append(l.Events, Event{User: l.Users.ID(e.user), Item: l.Items.ID(e.item), AtMs: e.atMs, Value: float32(e.value)})
}

// formatOf says how rows are written where the file does not say it itself: MovieLens parts by "::", and many published sets have no header.
func formatOf(f *file.File, columns []string) (rows.Format, error) {
	b, err := head(f)
	if err != nil {
		return rows.Format{}, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	line = strings.TrimRight(line, "\r")
	if parts := strings.Split(line, "::"); len(parts) >= 2 && len(parts) <= 8 && !strings.HasPrefix(line, "{") {
		if len(columns) == 0 {
			if columns = guessed(parts); columns == nil {
				return rows.Format{}, errors.New("columns are parted by :: and not all are numbers: name them with Columns")
			}
		}
		var apart []string // one ':' parts, so that every second column is empty
		for i, c := range columns {
			if i > 0 {
				apart = append(apart, fmt.Sprintf("empty %d", i))
			}
			apart = append(apart, c)
		}
		return rows.Format{Type: "csv", Delimiter: ":", Quotes: "none", Columns: apart}, nil
	}
	if len(columns) > 0 {
		return rows.Format{Columns: columns}, nil
	}
	for _, sign := range []string{"\t", ",", ";", "|"} {
		if c := guessed(strings.Split(line, sign)); c != nil {
			format := rows.Format{Type: "csv", Delimiter: sign, Columns: c}
			if sign == "\t" {
				format.Delimiter = "tab"
			}
			return format, nil
		}
	}
	return rows.Format{}, nil
}
