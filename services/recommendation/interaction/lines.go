package interaction

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// lineOf takes the touches of a line, the n-th.
type lineOf func(line string, n int64, take func(rowEvent)) error

// lined are the shapes that are read by lines; each call begins a file.
var lined = map[string]func() lineOf{
	ShapeSessions: func() lineOf { return grouped(session) },
	ShapeBaskets:  func() lineOf { return grouped(basket) },
	ShapeLists:    func() lineOf { return list },
	ShapeNetflix:  netflix,
	ShapeMIND:     mind,
}

func (l *Log) readLines(f *file.File, o Options) error {
	r, err := f.Reader()
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(r, rows.MaxRow)
	read := lined[o.Shape]()
	take := func(e rowEvent) {
		l.Timed, l.Valued = l.Timed || e.atMs != 0, l.Valued || e.value != 1
		l.add(e, o.MinValue)
	}
	for n := int64(1); ; n++ {
		line, err := next(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errLong) {
			return err
		}
		if err == nil {
			err = read(strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")), n, take)
		}
		if err != nil {
			l.fault(n, n, err.Error())
		}
		if o.Progress != nil && n%1024 == 0 {
			o.Progress(f.Done(), f.Size)
		}
	}
}

// grouped is a line that is a session or basket: its user is the line's number.
func grouped(items func(string) ([]string, error)) lineOf {
	return func(line string, n int64, take func(rowEvent)) error {
		all, err := items(line)
		for _, item := range all {
			take(rowEvent{user: strconv.FormatInt(n, 10), item: item, value: 1})
		}
		return err
	}
}

// list is a user and what he took, between blanks: the form in which papers on graphs publish Gowalla, Yelp and Amazon. Some users took nothing.
func list(line string, _ int64, take func(rowEvent)) error {
	if !utf8.ValidString(line) {
		return errors.New("not UTF-8")
	}
	words := strings.Fields(line)
	for i := 1; i < len(words); i++ {
		take(rowEvent{user: words[0], item: words[i], value: 1})
	}
	return nil
}

// netflix is "12:" for film 12, and behind it user,rating,date of who rated it.
func netflix() lineOf {
	film := ""
	return func(line string, _ int64, take func(rowEvent)) error {
		if before, ok := strings.CutSuffix(line, ":"); ok {
			film = before
			return nil
		}
		fields := strings.Split(line, ",")
		if line == "" {
			return nil
		}
		if film == "" || len(fields) != 3 || fields[0] == "" {
			return errors.New("want a film's number and a colon, or user,rating,date")
		}
		stars, err := strconv.ParseFloat(fields[1], 64)
		if err != nil || !(stars >= 0 && stars <= math.MaxFloat32) {
			return fmt.Errorf("%q is no rating", fields[1])
		}
		at, err := parseTime(fields[2])
		if err == nil {
			take(rowEvent{user: fields[0], item: film, atMs: at, value: stars})
		}
		return err
	}
}

// mind is a line of MIND's behaviors.tsv: impression, user, time, what he read before, and what he was shown with -1 behind what he clicked. What he read before has no
// time: it is taken once, a second before the first line that tells it.
func mind() lineOf {
	told := map[string]bool{}
	return func(line string, _ int64, take func(rowEvent)) error {
		fields := strings.Split(line, "\t")
		if len(fields) != 5 || fields[1] == "" {
			return fmt.Errorf("%d columns: want impression, user, time, history, impressions", len(fields))
		}
		user := fields[1]
		at, err := parseTime(fields[2])
		if err != nil {
			return err
		}
		if !told[user] {
			told[user] = true
			for item := range strings.FieldsSeq(fields[3]) {
				take(rowEvent{user: user, item: item, atMs: at - 1000, value: 1})
			}
		}
		for shown := range strings.FieldsSeq(fields[4]) {
			if item, ok := strings.CutSuffix(shown, "-1"); ok {
				take(rowEvent{user: user, item: item, atMs: at, value: 1})
			}
		}
		return nil
	}
}

var errLong = fmt.Errorf("the line has more than %d bytes", rows.MaxRow)

// next gives the next line; errLong for one that is too long, which is then behind us.
func next(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", errLong
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil
	}
	return string(line), err
}

// session reads a JSON array of numbers and texts. An empty line is an empty session.
func session(line string) ([]string, error) {
	if line == "" {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var values []any
	if err := d.Decode(&values); err != nil {
		return nil, fmt.Errorf("not a JSON array: %w", err)
	}
	if d.More() {
		return nil, errors.New("something follows the array")
	}
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case json.Number:
			out[i] = v.String()
		case string:
			out[i] = v
		}
		if out[i] == "" {
			return nil, fmt.Errorf("element %d is neither a number nor a text", i+1)
		}
	}
	return out, nil
}

// basket reads names between commas. Empty names are passed over.
func basket(line string) ([]string, error) {
	if !utf8.ValidString(line) {
		return nil, errors.New("not UTF-8")
	}
	var out []string
	for name := range strings.SplitSeq(line, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out, nil
}
