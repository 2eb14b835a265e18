package rows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Why a record is no row.
const (
	skippedIgnored = "format.ignore names it"
	skippedEnd     = "it stands behind format.end"
	skippedEmpty   = "it is empty"
	skippedHeader  = "it is the header again"
)

// only leaves out what is no row.
type only struct{ Reader }

func (o only) Next() (*Row, error) {
	for {
		row, err := o.Reader.Next()
		if err != nil || row.Skipped == "" {
			return row, err
		}
	}
}

// Notes are what people should know of how a file was read: columns that were given another name, and what is no column and cannot be read.
func Notes(r Reader) []string {
	switch r := r.(type) {
	case only:
		return Notes(r.Reader)
	case *csvReader:
		return r.notes
	case *xlsxReader:
		return r.notes
	case *parquetReader:
		var out []string
		for _, path := range r.unread {
			out = append(out, path+" is a list inside a list: it cannot be read and is left out")
		}
		return out
	}
	return nil
}

// ignores says that a record is none by Format.Ignore.
func (f *Format) ignores(record string) bool { return matches(f.Ignore, record) }

// ends says that a record is the first behind the rows, by Format.End.
func (f *Format) ends(record string) bool { return f.End != "" && matches([]string{f.End}, record) }

// matches holds a record against patterns. The quote around a first field is not part of its text.
func matches(patterns []string, record string) bool {
	if len(patterns) == 0 {
		return false
	}
	text := strings.TrimSpace(record)
	for _, candidate := range []string{text, strings.TrimPrefix(text, `"`)} {
		for _, pattern := range patterns {
			begins, open := strings.CutSuffix(pattern, "*")
			if open && strings.HasPrefix(candidate, begins) || candidate == pattern {
				return true
			}
		}
	}
	return false
}

// validateIgnore reports patterns that take every record.
func (f *Format) validateIgnore() (faults []error) {
	for i, pattern := range f.Ignore {
		if strings.TrimSuffix(pattern, "*") == "" {
			faults = append(faults, fmt.Errorf("format.ignore[%d]: %q takes every record: give what it begins with", i, pattern))
		}
	}
	if f.End == "*" {
		faults = append(faults, errors.New(`format.end: "*" is every record: give what the first one behind the rows begins with`))
	}
	return faults
}

// skipped says why a record's fields are no row, "" for a row.
func (r *csvReader) skipped(fields []string) string {
	empty, again := true, len(r.header) > 1 && len(fields) >= len(r.header)
	for i, s := range fields {
		s = strings.TrimSpace(s)
		empty = empty && s == ""
		again = again && (i < len(r.header) && s == r.header[i] || i >= len(r.header) && s == "")
		if !empty && !again {
			return ""
		}
	}
	if empty {
		return skippedEmpty
	}
	return skippedHeader
}

// fit makes a record's fields as many as the columns: fields behind the last one may be there when they are empty, and those of unnamed last columns
// may be missing. Other records are ragged: which field is missing or too many cannot be known.
func fit(fields, columns, header []string) ([]string, *Fault) {
	got := len(fields)
	for len(fields) > len(columns) && strings.TrimSpace(fields[len(fields)-1]) == "" {
		fields = fields[:len(fields)-1]
	}
	for len(fields) < len(columns) && len(header) == len(columns) && !slices.ContainsFunc(header[len(fields):], func(name string) bool { return name != "" }) {
		fields = append(fields, "")
	}
	if len(fields) != len(columns) {
		return nil, &Fault{ReasonRagged, fmt.Sprintf("the row has %d fields, the header has %d", got, len(columns))}
	}
	return fields, nil
}

// given checks the names of Format.Columns.
func given(columns []string) error {
	for i, c := range columns {
		if c == "" {
			return fmt.Errorf("format.columns[%d] is empty", i)
		}
		if slices.Contains(columns[:i], c) {
			return fmt.Errorf("format.columns has the name %q twice", c)
		}
	}
	return nil
}

// name makes columns of a header: one without a name is called by its number, a name that was there before gets a number behind. Unnamed columns
// behind the last name, which spreadsheets write for nothing, need no note.
func name(header []string) (columns, notes []string) {
	last := len(header) - 1
	for last >= 0 && header[last] == "" {
		last--
	}
	taken := map[string]bool{}
	for _, h := range header {
		taken[h] = true
	}
	seen := map[string]bool{}
	for i, h := range header {
		is, base, n := h, h, 2
		if h == "" {
			base, n = "column", i+1
		}
		for ; is == "" || seen[is] || is != h && taken[is]; n++ {
			is = fmt.Sprintf("%s_%d", base, n)
		}
		seen[is] = true
		columns = append(columns, is)
		switch {
		case h == "" && i <= last:
			notes = append(notes, fmt.Sprintf("column %d of the header has no name: it is called %s", i+1, is))
		case h != "" && is != h:
			notes = append(notes, fmt.Sprintf("the header has the name %q more than once: column %d is called %s", h, i+1, is))
		}
	}
	return columns, notes
}
