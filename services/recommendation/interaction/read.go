package interaction

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
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
	// ShapeLists is one user a line: the user and all items, between blanks, without times.
	ShapeLists = "lists"
	// ShapeNetflix is the Netflix Prize's: a film's number and a colon, and behind it user,rating,date a line.
	ShapeNetflix = "netflix"
	// ShapeMIND is behaviors.tsv of MIND: what was clicked is touched.
	ShapeMIND = "mind"
)

// Shapes are their names.
var Shapes = []string{ShapeRows, ShapeSessions, ShapeBaskets, ShapeLists, ShapeNetflix, ShapeMIND}

// Options say how a file is read.
type Options struct {
	// Shape is one of the shapes; empty means what the file looks like. Baskets must be said.
	Shape string
	// User, Item, Time and Value name columns. Empty ones are found by the usual names (user_id, visitorid, session, CustomerID, item_id, movieId,
	// StockCode, timestamp, InvoiceDate, rating, ...); Time and Value may be missing. "-" says that a column is not to be used.
	// Time may be two columns with a + between them: the second is in milliseconds and is added.
	User, Item, Time, Value string
	// Users takes the column of users where a file has one of sessions as well; otherwise the sessions are taken.
	Users bool
	// Only is column=value, or column=one|other: other rows are left out. Empty leaves out none.
	Only string
	// Columns names the columns of a file without a header. Empty means a header, or for files whose first line has a number or a time what named says.
	Columns []string
	// MinValue leaves out rows whose value is below it: ratings of 4 and more are what people like. Zero leaves out none but negative ones.
	MinValue float64
	// Stdin is read where the path is "-".
	Stdin io.Reader
	// Progress is told of the bytes of the file, as it is stored, now and then; nil tells nobody.
	Progress func(done, of int64)
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
	if o.Only != "" && (o.Shape != ShapeRows || !strings.Contains(o.Only, "=")) {
		return fmt.Errorf("only rows with %q in a file of %s: want column=value and a file of rows", o.Only, o.Shape)
	}
	l.As, l.Rated, l.Sessions = o.Shape, o.Shape == ShapeNetflix, o.Shape == ShapeSessions || o.Shape == ShapeBaskets
	switch _, lines := lined[o.Shape]; {
	case o.Shape == ShapeRows:
		err = l.readRows(f, o)
	case lines:
		err = l.readLines(f, o)
	default:
		err = fmt.Errorf("a file of %q: want one of %s", o.Shape, strings.Join(Shapes, ", "))
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

var (
	film  = regexp.MustCompile(`^\d+:$`)
	shown = regexp.MustCompile(`(^|\s)\S+-[01]$`)
)

// shape tells what is no row by the first lines: an array of plain values, a film's number, impressions behind four tabs, or numbers between blanks, not as many in each.
func shape(f *file.File) (string, error) {
	lines, err := firstLines(f)
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(lines[0])
	rest, array := strings.CutPrefix(line, "[")
	rest = strings.TrimSpace(rest)
	words := strings.Fields(line)
	switch {
	case array && rest != "" && rest[0] != '{':
		return ShapeSessions, nil
	case film.MatchString(line):
		return ShapeNetflix, nil
	case strings.Count(lines[0], "\t") == 4 && shown.MatchString(line):
		return ShapeMIND, nil
	case len(words) > 1 && !strings.ContainsAny(line, "\t,;|{") && !alike(lines) && !slices.ContainsFunc(words, func(word string) bool { _, ok := number(word); return !ok }):
		return ShapeLists, nil
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
	l.As = bound.String()
	l.Rated = rated(bound.Value)
	l.Sessions = slices.Contains(usual.session[:3], plainName(bound.User))
	_, only, _ := strings.Cut(o.Only, "=")
	wanted := strings.Split(only, "|")
	l.Timed, l.Valued = l.Timed || bound.Time != "", l.Valued || bound.Value != ""
	for n := 1; ; n++ {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if bound.Only != "" && row.Fault == nil && !slices.Contains(wanted, row.Value(5).Text) {
			l.Other++
			continue
		}
		l.take(row, bound, o.MinValue)
		if o.Progress != nil && n%1024 == 0 {
			o.Progress(f.Done(), f.Size)
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
	l.add(e, least)
}

func (l *Log) add(e rowEvent, least float64) {
	if e.value < least || e.value < 0 {
		l.Low++
		return
	}
	l.Events = append(l.Events, Event{User: l.Users.ID(e.user), Item: l.Items.ID(e.item), AtMs: e.atMs, Value: float32(e.value)})
}
