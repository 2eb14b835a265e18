package frame

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Raw is a table as it was read: texts, each kept once a column. It is made by Read.
type Raw struct {
	columns []rawColumn
	rows    int
	report  []string
	// comma says that numbers are written with a decimal comma.
	comma bool
}

// rawColumn keeps each text once.
type rawColumn struct {
	name  string
	texts []string
	codes []int32
	place map[string]int32
}

func newRaw(names []string) *Raw {
	r := &Raw{}
	for i, n := range names {
		if n = strings.TrimSpace(n); n == "" {
			n = fmt.Sprintf("column_%d", i+1)
		}
		for r.column(n) != nil {
			n += "_"
		}
		r.columns = append(r.columns, rawColumn{name: n, place: map[string]int32{}})
	}
	return r
}

func (r *Raw) column(name string) *rawColumn {
	if i := slices.IndexFunc(r.columns, func(c rawColumn) bool { return c.name == name }); i >= 0 {
		return &r.columns[i]
	}
	return nil
}

func (r *Raw) note(format string, args ...any) {
	r.report = append(r.report, fmt.Sprintf(format, args...))
}

// add appends a value to a column.
func (c *rawColumn) add(text string) {
	code, ok := c.place[text]
	if !ok {
		text = strings.Clone(text)
		code = int32(len(c.texts))
		c.texts = append(c.texts, text)
		c.place[text] = code
	}
	c.codes = append(c.codes, code)
}

// Rows is how many rows were read.
func (r *Raw) Rows() int { return r.rows }

// Names are the columns' in the file.
func (r *Raw) Names() []string {
	out := make([]string, len(r.columns))
	for i := range r.columns {
		out[i] = r.columns[i].name
	}
	return out
}

// Text is a value as it stood in the file; missing ones are empty.
func (r *Raw) Text(column string, row int) string {
	c := r.column(column)
	if c == nil || absent(c.texts[c.codes[row]]) {
		return ""
	}
	return c.texts[c.codes[row]]
}

// absent says that a text stands for nothing.
func absent(s string) bool {
	switch s = strings.TrimSpace(s); len(s) {
	case 0:
		return true
	case 2, 3, 4:
		switch strings.ToLower(s) {
		case "na", "n/a", "nan", "null", "<na>":
			return true
		}
	}
	return s == "\\N"
}

// number reads a number; infinities are missing values.
func (r *Raw) number(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if r.comma && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if strings.ContainsAny(s, "xXpP_") { // hexadecimal, which people do not mean
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(x, 0) {
		return 0, false
	}
	if math.IsInf(x, 0) {
		x = math.NaN()
	}
	return x, true
}

// layouts are how times are written in tables.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "20060102", "2006-01"}

// moment reads a time: Unix seconds, or milliseconds, or as layouts say, in UTC where no zone is named.
func moment(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 && n < 1e14 {
		if n >= 1e11 {
			return time.UnixMilli(int64(n)), true
		}
		return time.Unix(int64(n), 0), true
	}
	return time.Time{}, false
}

// Times reads a column as times. The error names the first row that is none.
func (r *Raw) Times(column string) ([]time.Time, error) {
	c := r.column(column)
	if c == nil {
		return nil, fmt.Errorf("there is no column %q; there are %s", column, strings.Join(r.Names(), ", "))
	}
	read := make([]time.Time, len(c.texts))
	for i, text := range c.texts {
		t, ok := moment(text)
		if !ok {
			return nil, fmt.Errorf("column %s, row %d: %q is no time; write 2026-11-28 or 2026-11-28T10:00:00Z or Unix seconds", column, slices.Index(c.codes, int32(i))+1, text)
		}
		read[i] = t
	}
	out := make([]time.Time, r.rows)
	for i, code := range c.codes {
		out[i] = read[code]
	}
	return out, nil
}

// levels are the different texts of a column, missing ones aside, alphabetically; numbers by size.
func (r *Raw) levels(c *rawColumn) []string {
	var out []string
	for _, t := range c.texts {
		if !absent(t) && !slices.Contains(out, strings.TrimSpace(t)) {
			out = append(out, strings.TrimSpace(t))
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		x, okX := r.number(a)
		y, okY := r.number(b)
		if okX && okY && x != y {
			return cmp.Compare(x, y)
		}
		return strings.Compare(a, b)
	})
	return out
}
