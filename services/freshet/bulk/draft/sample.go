package draft

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

const (
	// first is how many rows of the file's beginning are looked at: they stand together, so that rows of one order do.
	first = 4000
	// blocks and perBlock are the rows looked at elsewhere, where the file is not read through: its end may be written otherwise than its beginning.
	blocks, perBlock = 6, 300
)

// sample is the rows a draft is made of.
type sample struct {
	names  []string
	rows   [][]rows.Value // the first ones, as they follow one another
	spread [][]rows.Value // of places behind them
	unread int            // rows of the beginning that could not be read
	all    bool           // the first rows are the whole file
	bare   bool           // there is no header: the names are made up
}

// take reads the sample.
func take(in *file.File, format rows.Format) (*sample, error) {
	r, err := rows.Open(in, format)
	if err != nil {
		return nil, err
	}
	names, _ := r.Columns()
	if len(names) == 0 {
		return nil, errors.New("there is no column to draft a mapping of")
	}
	s := &sample{names: names, bare: len(format.Columns) > 0}
	r.Bind(names, false)
	if s.rows, s.all, err = s.read(r, first); err != nil || s.all {
		return s, err
	}
	head := s.unread
	for i := range blocks {
		part, err := rows.Slice(r, in, in.Size*int64(i+1)/(blocks+1))
		if err != nil || part == nil {
			return s, err
		}
		part.Bind(names, false)
		more, _, err := s.read(part, perBlock)
		if err != nil {
			return nil, err
		}
		s.spread = append(s.spread, more...)
	}
	s.unread = head // a slice may begin inside a quoted text
	return s, nil
}

// read takes up to n rows; end says that there are no more.
func (s *sample) read(r rows.Reader, n int) (out [][]rows.Value, end bool, err error) {
	for range n {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		if row.Fault != nil {
			s.unread++
			continue
		}
		values := make([]rows.Value, len(s.names))
		for i := range values {
			values[i] = row.Value(i)
		}
		out = append(out, values)
	}
	return out, false, nil
}

// columns is the evidence of each column. order is the column whose equal neighbours are one order, -1 for none.
func (s *sample) columns(order int) []*column {
	out := make([]*column, len(s.names))
	for i, n := range s.names {
		out[i] = newColumn(n)
	}
	last := ""
	for _, row := range s.rows {
		same := order >= 0 && row[order].Kind != rows.Absent && row[order].Text == last
		for i, c := range out {
			c.add(row[i], same)
		}
		if order >= 0 {
			last = row[order].Text
		}
	}
	for _, row := range s.spread {
		for i, c := range out {
			c.add(row[i], false)
		}
	}
	return out
}

// repeats says that neighbours have the same value of a column.
func (s *sample) repeats(column int) bool {
	for i := 1; i < len(s.rows); i++ {
		if v := s.rows[i][column]; v.Kind != rows.Absent && v.Text == s.rows[i-1][column].Text {
			return true
		}
	}
	return false
}

// textSign is the sign that an export puts before values so that spreadsheets take them for texts: before all values of a column; empty for none.
func (s *sample) textSign() string {
	for _, sign := range []string{"`", "'"} {
		for i := range s.names {
			with, filled := 0, 0
			for _, row := range s.rows {
				text := row[i].Text
				if row[i].Kind != rows.Text {
					continue
				}
				filled++
				if rest, ok := strings.CutPrefix(text, sign); ok && (sign == "`" || rest != "" && strings.ContainsAny(rest[:1], "0123456789+")) {
					with++
				}
			}
			if with >= 2 && with == filled {
				return sign
			}
		}
	}
	return ""
}

// nothings are texts that programs and people write for "no value".
var nothings = []string{"-", "--", "—", "/", "n/a", "N/A", "#N/A", "NA", "NULL", "null", "(null)", "None", "nan", "NaN", "\\N", "?"}

// nulls are the texts for "no value" that stand among values of another kind: in columns that are numbers or times without them.
func (s *sample) nulls() (found []string) {
	for i, name := range s.names {
		with := map[string]bool{}
		c := newColumn(name)
		for _, row := range slices.Concat(s.rows, s.spread) {
			if row[i].Kind == rows.Text && slices.Contains(nothings, row[i].Text) {
				with[row[i].Text] = true
				continue
			}
			c.add(row[i], false)
		}
		if len(with) == 0 {
			continue
		}
		if c.judge(); c.is == integer || c.is == decimal || c.is == timestamp {
			for text := range with {
				if !slices.Contains(found, text) {
					found = append(found, text)
				}
			}
		}
	}
	slices.Sort(found)
	return found
}
