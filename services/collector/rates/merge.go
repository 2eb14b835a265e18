package rates

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Merged is what Merge did.
type Merged struct {
	// Text is the file as it is to be.
	Text []byte
	// Added are rates that were not there, Same were there with the same value.
	Added, Same int
	// Other were there with another value: replaced, or left as they are.
	Other int
}

// Merge adds lines to a file of rates that lead to the currency to. What the file says stays as it is written, comments included; a line of
// the same day and currency and with another rate stays too, or goes when replace is set. An empty file becomes one with a header. The
// result is checked: no file that Parse refuses comes out, and none goes in.
func Merge(old []byte, lines []Line, to string, replace bool) (Merged, error) {
	if len(bytes.TrimSpace(old)) == 0 {
		old = []byte(strings.Join(columns, ",") + "\n")
	}
	have, err := Parse(old, to)
	if err != nil {
		return Merged{}, fmt.Errorf("the file as it is: %w", err)
	}
	at, width, err := columnsOf(old)
	if err != nil {
		return Merged{}, err
	}
	var m Merged
	var fresh [][]string
	gone := map[string]bool{}
	for _, l := range lines {
		known, ok := have.on(l)
		switch {
		case ok && decimal.New(known, -places12).Equal(l.Rate):
			m.Same++
			continue
		case ok:
			m.Other++
			if !replace {
				continue
			}
			gone[l.Date+l.Currency] = true
		default:
			m.Added++
		}
		record := make([]string, width)
		record[at[0]], record[at[1]], record[at[2]] = l.Date, l.Currency, l.Rate.String()
		fresh = append(fresh, record)
	}
	text, err := written(old, gone, at, fresh)
	if err != nil {
		return Merged{}, err
	}
	if _, err := Parse(text, to); err != nil {
		return Merged{}, fmt.Errorf("the file as it would be: %w", err)
	}
	m.Text = text
	return m, nil
}

// on is the rate that the table has of a line's own day.
func (t *Table) on(l Line) (int64, bool) {
	list := t.of[l.Currency]
	i, found := slices.BinarySearchFunc(list, l.Date, func(r Rate, date string) int { return strings.Compare(r.Date, date) })
	if !found {
		return 0, false
	}
	return list[i].E12, true
}

func columnsOf(text []byte) ([3]int, int, error) {
	header, err := reader(text).Read()
	if err != nil {
		return [3]int{}, 0, err
	}
	at, err := places(header)
	return at, len(header), err
}

// reader reads as Parse does.
func reader(text []byte) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.Comment, r.TrimLeadingSpace = '#', true
	return r
}

// written is old without the records that are gone, and the fresh ones behind it.
func written(old []byte, gone map[string]bool, at [3]int, fresh [][]string) ([]byte, error) {
	var out bytes.Buffer
	kept, err := without(old, gone, at)
	if err != nil {
		return nil, err
	}
	out.Write(kept)
	if n := out.Len(); n > 0 && kept[n-1] != '\n' {
		out.WriteByte('\n')
	}
	w := csv.NewWriter(&out)
	err = w.WriteAll(fresh)
	return out.Bytes(), err
}

// without drops whole records.
func without(text []byte, gone map[string]bool, at [3]int) ([]byte, error) {
	if len(gone) == 0 {
		return text, nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	r := reader(text)
	var out []byte
	from := int64(0)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return append(out, text[from:]...), nil
		}
		if err != nil {
			return nil, err
		}
		if !gone[strings.TrimSpace(record[at[0]])+strings.TrimSpace(record[at[1]])] {
			out = append(out, text[from:r.InputOffset()]...)
		} else {
			out = append(out, comments(text[from:r.InputOffset()])...)
		}
		from = r.InputOffset()
	}
}

// comments are the lines before a record that begin with #.
func comments(text []byte) (out []byte) {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("#")) {
			out = append(out, line...)
		}
	}
	return out
}
