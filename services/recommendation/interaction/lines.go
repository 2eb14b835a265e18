package interaction

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// readLines reads one session or basket a line. Its user is the number of the line.
func (l *Log) readLines(f *file.File, o Options) error {
	r, err := f.Reader()
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(r, rows.MaxRow)
	items := session
	if o.Shape == ShapeBaskets {
		items = basket
	}
	for n := int64(1); ; n++ {
		line, err := next(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errLong) {
			return err
		}
		var list []string
		if err == nil {
			list, err = items(strings.TrimSpace(line))
		}
		if err != nil {
			l.fault(n, n, err.Error())
			continue
		}
		user := ""
		for _, item := range list {
			if user == "" {
				user = strconv.FormatInt(n, 10)
			}
			l.Events = append(l.Events, Event{User: l.Users.ID(user), Item: l.Items.ID(item), Value: 1})
		}
		if o.Progress != nil && n%65536 == 0 {
			o.Progress(int(n))
		}
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
