package rows

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// sampled is a record that is looked at: its fields, nil when it could not be cut, and the text that Format.Ignore is held against.
type sampled struct {
	line      int
	raw, lead string
	fields    []string
	open      bool // of a sheet, whose rows end with their last cell
}

// filled is how many fields are not empty.
func (s sampled) filled() (n int) {
	for _, f := range s.fields {
		if strings.TrimSpace(f) != "" {
			n++
		}
	}
	return n
}

// width is how many fields a record has, without empty ones at its end.
func (s sampled) width() int {
	n := len(s.fields)
	for n > 0 && strings.TrimSpace(s.fields[n-1]) == "" {
		n--
	}
	return n
}

// usual is the number of fields of the records that hold the most values, and how many records have it: a small file may have more lines of titles
// and remarks than rows, but not more in them.
func usual(sample []sampled) (width, n int) {
	count, values := map[int]int{}, map[int]int{}
	for _, s := range sample {
		if s.fields != nil {
			count[len(s.fields)]++
			values[len(s.fields)] += s.filled()
		}
	}
	most := 0
	for w, v := range values {
		if count[w] == 1 {
			v = 0 // nothing is like it
		}
		if v > most || v == most && (count[w] > n || count[w] == n && w > width) {
			width, n, most = w, count[w], v
		}
	}
	return width, n
}

// isValue says that a text is a number, a time, an address or the like: what a header does not have.
func isValue(s string) bool {
	if strings.Contains(s, "@") {
		return true
	}
	letters, figures := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			figures++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return figures > 0 && figures >= letters
}

// look finds the header in the first records, and what is no row in the last ones. begin is how many lines before the first record are known.
func (f *Found) look(head, tail []sampled, begin int) {
	width, _ := usual(head)
	f.Width = width
	typical := typicallyFilled(head, width)
	at := slices.IndexFunc(head, func(s sampled) bool { return f.mayBegin(s, width, typical) })
	if at < 0 {
		f.unsure("no record looks like a header")
		return
	}
	if before := at - 1; at == len(head)-1 && at > 0 && len(head[before].fields) == len(head[at].fields) {
		at = before // a header has a row below it
	}
	if head[at].open {
		width = head[at].width()
		f.Width = width
	}
	f.judge(head[at], head[at+1:], width)
	if at > 0 {
		f.SkipLines = begin + head[at].line - 1
		f.because("%d lines before it are no rows: %s", f.SkipLines, quoted(head[0].lead))
	}
	f.ends(tail, slices.Concat(head[at:], tail), width, typical)
	rest := slices.DeleteFunc(slices.Clone(head[at:]), func(s sampled) bool { return s.filled() == 0 || (&Format{Ignore: f.Ignore}).ignores(s.lead) })
	if _, n := usual(rest); !head[at].open && 5*n < 4*len(rest) {
		f.unsure("only %d of the first %d records have %d fields, as most have", n, len(rest), width)
	}
}

// typicallyFilled is how many fields of a full row are not empty: the upper quartile, because a small file may be half titles.
func typicallyFilled(sample []sampled, width int) int {
	var all []int
	for _, s := range sample {
		if len(s.fields) == width {
			all = append(all, s.filled())
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)*3/4]
}

// mayBegin says that a record is filled as the rows are.
func (f *Found) mayBegin(s sampled, width, typical int) bool {
	if !s.open && (len(s.fields) < width || s.width() > width) {
		return false
	}
	return s.filled() >= min(2, width) && 2*s.filled() > typical && s.width()*2 > width
}

// judge says whether the first record is a header: what is a value in the rows is none in it.
func (f *Found) judge(header sampled, rows []sampled, width int) {
	names, values := 0, 0
	for c := range width {
		is, all := 0, 0
		for _, r := range rows {
			if len(r.fields) > c && (r.open || len(r.fields) == width) && strings.TrimSpace(r.fields[c]) != "" {
				if all++; isValue(r.fields[c]) {
					is++
				}
			}
		}
		if all == 0 || 5*is < 4*all || c >= len(header.fields) || header.fields[c] == "" {
			continue
		}
		if isValue(header.fields[c]) {
			values++
		} else {
			names++
		}
	}
	what := quoted(strings.Join(header.fields, ", "))
	switch {
	case names == 0 && values > 0:
		f.Headless = true
		f.unsure("the file has no header: line %d, %s, is a row as the others are", header.line, what)
	case values > names:
		f.unsure("line %d, %s, may be a header or a row", header.line, what)
	case len(rows) == 0:
		f.unsure("there is a header, %s, and no row", what)
	default:
		f.because("the header is line %d: %s", header.line, what)
	}
}

// ends finds records at the end that are no rows: sums, remarks, lines.
func (f *Found) ends(tail, body []sampled, width, typical int) {
	for i := len(tail) - 1; i >= 0; i-- {
		s := tail[i]
		if s.line <= f.SkipLines && len(tail) == len(body) {
			return
		}
		sum := isSum(s) && 3*s.filled() < 2*typical
		few := 2
		if s.open {
			few = 4 // cells of a good row may be empty, and then it is short
		}
		ragged := len(s.fields) < width && few*s.filled() <= typical || s.filled() == 0
		if !sum && !ragged {
			return
		}
		if s.filled() == 0 {
			continue // empty rows are skipped anyway
		}
		pattern := patternOf(s.lead)
		if f.has(pattern) {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(body), func(b sampled) bool { return isSum(b) || !b.open && len(b.fields) < width || b.lead == s.lead })
		if pattern == "" || slices.ContainsFunc(rest, func(b sampled) bool { return (&Format{Ignore: []string{pattern}}).ignores(b.lead) }) {
			f.unsure("the record %s near the end seems to be no row, and no beginning tells it from rows: look whether it is rejected", quoted(s.lead))
			continue
		}
		f.Ignore = append(f.Ignore, pattern)
		f.because("the record %s near the end is no row", quoted(s.lead))
	}
}

func (f *Found) has(pattern string) bool { return slices.Contains(f.Ignore, pattern) }

// sumWords begin the records that add up the others, in languages that exports have. The longer forms are there where the short one is another word.
var sumWords = []string{"total", "grand total", "subtotal", "sub-total", "sum", "summary", "totals", "summe", "gesamt", "gesamtsumme", "zwischensumme", "endsumme", "totale", "totaal", "totaux",
	"suma", "somme", "celkem", "razem", "итого", "всего", "合计", "合計", "总计", "總計", "小计", "小計", "共计", "共", "end of report", "end of file", "generated", "record count", "rows:", "count"}

// isSum says that the first text of a record is one of sumWords, or no word at all.
func isSum(s sampled) bool {
	text := ""
	for _, field := range s.fields {
		if text = strings.ToLower(strings.TrimSpace(field)); text != "" {
			break
		}
	}
	if text != "" && strings.Trim(text, "-=_*# ") == "" {
		return true
	}
	for _, w := range sumWords {
		rest, ok := strings.CutPrefix(text, w)
		next := []rune(rest)
		if ok && (len(next) == 0 || !unicode.IsLetter(next[0]) || unicode.Is(unicode.Han, next[0])) {
			return true
		}
	}
	return false
}

// patternOf is what a record begins with, up to what changes from file to file: the first figure.
func patternOf(lead string) string {
	text := strings.TrimPrefix(lead, `"`)
	if end := strings.IndexFunc(text, unicode.IsDigit); end >= 0 {
		text = text[:end]
	}
	text = strings.TrimRight(text, " \t,;|:\"-+$€£¥(")
	if text == "" && strings.HasPrefix(lead, "--") {
		text = "--"
	}
	if len([]rune(text)) > 40 {
		text = string([]rune(text)[:40])
	}
	if strings.Trim(text, " \t,;|\"") == "" {
		return ""
	}
	return text + "*"
}

// quoted shortens a text for a sentence.
func quoted(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return fmt.Sprintf("%q", s)
}
