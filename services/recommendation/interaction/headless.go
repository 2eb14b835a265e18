package interaction

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// signs part the columns of files without a header, in the order in which they are tried.
var signs = []string{"::", "\t", ",", ";", "|", " "}

// firstLines are up to 50 whole lines of the beginning, without their ends and without empty ones; one of no text where there is none.
func firstLines(f *file.File) ([]string, error) {
	b, err := head(f)
	if err != nil {
		return nil, err
	}
	all := bytes.Split(bytes.TrimPrefix(b, []byte("\ufeff")), []byte("\n"))
	if len(all) > 1 {
		all = all[:len(all)-1] // the last is cut, or empty
	}
	var out []string
	for _, line := range all {
		if text := strings.TrimRight(string(line), "\r"); len(out) < 50 && strings.TrimSpace(text) != "" {
			out = append(out, text)
		}
	}
	if out == nil {
		out = []string{""}
	}
	return out, nil
}

// formatOf says how rows are written where the file does not say it itself: MovieLens parts by "::", and many published sets have no header.
func formatOf(f *file.File, columns []string) (rows.Format, error) {
	lines, err := firstLines(f)
	if err != nil {
		return rows.Format{}, err
	}
	format := rows.Format{Null: []string{"NULL", `\N`, "NaN", "nan"}}
	line := lines[0]
	if strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[") || strings.HasPrefix(line, "PAR1") || strings.HasPrefix(line, "PK\x03\x04") {
		return format, nil
	}
	for _, sign := range signs {
		fields := strings.Split(line, sign)
		if n := len(fields); n < 2 || n > 20 || sign == " " && !alike(lines) {
			continue
		}
		names := columns
		if len(names) == 0 {
			if names = named(fields); names == nil && sign != "::" {
				continue
			}
		}
		switch {
		case sign == "::":
			return doubled(format, names)
		case len(columns) > 0 && len(fields) != len(columns):
			continue
		}
		format.Type, format.Delimiter, format.Columns = "csv", sign, names
		if sign == "\t" {
			format.Delimiter, format.Quotes = "tab", "none" // titles of songs have quotes of their own
		}
		return format, nil
	}
	format.Columns = columns
	return format, nil
}

// doubled reads columns that are parted by "::": one ':' parts, so that every second column is empty.
func doubled(format rows.Format, columns []string) (rows.Format, error) {
	if columns == nil {
		return format, fmt.Errorf("columns are parted by :: and none is a number or a time: name them by --columns")
	}
	for i, c := range columns {
		if i > 0 {
			format.Columns = append(format.Columns, fmt.Sprintf("empty %d", i))
		}
		format.Columns = append(format.Columns, c)
	}
	format.Type, format.Delimiter, format.Quotes = "csv", ":", "none"
	return format, nil
}

// alike says that all lines have as many words, 2 to 4: they are rows, and no lists.
func alike(lines []string) bool {
	n := len(strings.Fields(lines[0]))
	return n >= 2 && n <= 4 && !slices.ContainsFunc(lines, func(line string) bool { return line != "" && len(strings.Fields(line)) != n })
}

func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.Trim(strings.TrimSpace(text), `"`), 64)
	return n, err == nil
}

// clock says that a text is a time that is written as one, and unix that it is a number as large as one in seconds or milliseconds.
func clock(text string) bool {
	if _, ok := number(text); ok {
		return false
	}
	_, err := parseTime(strings.Trim(strings.TrimSpace(text), `"`))
	return err == nil
}

func unix(text string) bool {
	n, ok := number(text)
	return ok && (n > 1e8 && n < 5e9 || n > 1e11 && n < 5e12)
}

// Amazon's names of products and of people, which some of its files have the other way round.
var (
	asin     = regexp.MustCompile(`^"?(B[0-9A-Z]{9}|[0-9]{9}[0-9X])"?$`)
	reviewer = regexp.MustCompile(`^"?A[0-9A-Z]{9,20}"?$`)
)

// named names the columns of a first line of data: one with a number or a time in it, which no header has; nil for a header. Published sets put the user or session first and the item
// behind it, a time between them (Yoochoose, LastFM) or last (MovieLens), and, of up to four columns, a value behind the item. The others are "column 3".
func named(fields []string) []string {
	at := slices.IndexFunc(fields, clock)
	last := len(fields) - 1
	numbers := 0
	for _, f := range fields {
		if _, ok := number(f); ok {
			numbers++
		}
	}
	switch {
	case at < 0 && numbers == 0:
		return nil
	case at < 0 && len(fields) > 2 && (unix(fields[last]) || numbers == 4 && len(fields) == 4):
		at = last
	}
	names := make([]string, len(fields))
	var rest []int
	for i := range fields {
		names[i] = fmt.Sprintf("column %d", i+1)
		if i != at {
			rest = append(rest, i)
		}
	}
	if at >= 0 {
		names[at] = "time"
	}
	if len(rest) < 2 {
		return nil
	}
	user, item := rest[0], rest[1]
	for _, i := range rest[1:] { // places have latitude and longitude before their number
		if _, ok := number(fields[i]); !ok || !strings.Contains(fields[i], ".") {
			item = i
			break
		}
	}
	if asin.MatchString(fields[user]) && reviewer.MatchString(fields[item]) {
		user, item = item, user
	}
	names[user], names[item] = "user", "item"
	if i := rest[len(rest)-1]; len(fields) <= 4 && len(rest) > 2 && names[i] != "item" && (at < 0 || at > i) {
		if _, ok := number(fields[i]); ok {
			if names[i] = "value"; at >= 0 {
				names[i] = "rating" // counts of plays come without a time
			}
		}
	}
	return names
}
