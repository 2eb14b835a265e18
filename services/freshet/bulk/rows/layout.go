package rows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/workbook"
)

// Found is how a file is laid out, by the evidence of its beginning and its end. Of JSON and Parquet, which say it themselves, it is empty and Sure.
type Found struct {
	// SkipLines, Delimiter and Ignore are for Format, whose names they have; zero where Format's defaults are right.
	SkipLines int
	Delimiter string
	Ignore    []string
	// Headless says that the file has no header: its first row is a row. Format.Columns must name Width columns then.
	Headless bool
	Width    int
	// Sheets are the names of a workbook's sheets that are shown, in its order; Sheet is the one with the most in it, for Format.
	Sheets []string
	Sheet  string
	// Sure is false where a person should look; Why says what was found, a sentence each, for people.
	Sure bool
	Why  []string
}

func (f *Found) because(format string, args ...any) {
	f.Why = append(f.Why, fmt.Sprintf(format, args...))
}

func (f *Found) unsure(format string, args ...any) {
	f.Sure = false
	f.because(format, args...)
}

const (
	// looked is how much of each end of a file is looked at, in bytes; records how many of its first records.
	looked, lookedRecords = 256 << 10, 500
	// lookedSheet is the largest sheet, in bytes of XML, that is read to its end.
	lookedSheet = 64 << 20
)

// Layout finds out how a file is laid out: lines before the header, the delimiter, sums and remarks at the end. f is what is known already: its
// encoding is needed for text that is not UTF-8. It reads the first and the last 256 KiB of a plain file, the beginning only of a packed one, and the
// largest sheet of a workbook up to 64 MiB of XML.
func Layout(in *file.File, f Format) (Found, error) {
	r, err := in.Reader()
	if err != nil {
		return Found{}, err
	}
	b := bufio.NewReaderSize(r, MaxRow+64)
	head, err := b.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return Found{}, err
	}
	kind := f.Type
	if kind == "" {
		kind = guess(head)
	}
	switch kind {
	case "xlsx":
		return layoutOfBook(in, f)
	case "csv", "tsv":
		return layoutOfText(in, b, f)
	}
	return Found{Sure: true}, nil
}

// layoutOfText looks at both ends of CSV.
func layoutOfText(in *file.File, b *bufio.Reader, f Format) (Found, error) {
	text, _, err := decode(b, f.Encoding)
	if err != nil {
		return Found{}, err
	}
	head, whole, err := beginning(text)
	if err != nil {
		return Found{}, err
	}
	found, begin := Found{Sure: true}, 0
	if line, rest, ok := strings.Cut(head, "\n"); ok && f.Delimiter == "" && strings.HasPrefix(strings.ToLower(line), "sep=") && len(strings.TrimSuffix(line, "\r")) == 5 {
		f.Delimiter, head, begin = line[4:5], rest, 1
		found.because("its first line says that the delimiter is %q", f.Delimiter)
	}
	delimiter, sample := separated(head, f, whole)
	if len(sample) == 0 {
		return found, nil
	}
	tail, looked := sample, true
	if !whole {
		if tail, looked, err = ending(in, f, delimiter); err != nil {
			return Found{}, err
		}
	}
	found.look(sample, tail, begin)
	if !looked {
		found.because("the end of the file was not looked at, because it is packed")
	}
	for _, s := range sample {
		if s.line > found.SkipLines {
			if delimiter != frequent(s.raw) || begin > 0 && found.SkipLines > 0 {
				found.Delimiter = strings.ReplaceAll(string(delimiter), "\t", "tab")
				found.because("its fields are separated by %q", delimiter)
			}
			break
		}
	}
	return found, nil
}

// beginning reads the first of a text; whole says that it is all.
func beginning(r io.Reader) (text string, whole bool, err error) {
	b, err := io.ReadAll(io.LimitReader(r, looked+1))
	if err != nil {
		return "", false, err
	}
	if whole = len(b) <= looked; !whole {
		b = b[:looked]
	}
	return lines(string(b)), whole, nil
}

// lines makes one of all kinds of line ends.
func lines(s string) string {
	if !strings.Contains(s, "\n") {
		return strings.ReplaceAll(s, "\r", "\n")
	}
	return s
}

// ending reads the last records of a plain file; not ok for one that is packed.
func ending(in *file.File, f Format, delimiter byte) (tail []sampled, ok bool, err error) {
	if in.Packed() {
		return nil, false, nil
	}
	at, size, err := in.At()
	if err != nil {
		return nil, false, err
	}
	from := max(size-looked, 0) &^ 3 // the encodings of two and four bytes stay in step
	text, _, err := decode(bufio.NewReaderSize(io.NewSectionReader(at, from, size-from), MaxRow+64), f.Encoding)
	if err != nil {
		return nil, false, err
	}
	b, err := io.ReadAll(text)
	if err != nil {
		return nil, false, err
	}
	_, rest, _ := strings.Cut(lines(string(b)), "\n") // the first record may be cut in two
	return recordsOf(rest, delimiter, f.Quotes != "none", true), true, nil
}

// separated finds the delimiter under which the most records have the same number of fields, and those records.
func separated(head string, f Format, whole bool) (byte, []sampled) {
	candidates := []byte{',', ';', '\t', '|'}
	switch {
	case f.Delimiter == "tab", f.Delimiter == "" && f.Type == "tsv":
		candidates = []byte{'\t'}
	case f.Delimiter != "":
		candidates = []byte{f.Delimiter[0]}
	}
	best, sample, most, wide := candidates[0], []sampled(nil), -1.0, 0
	for _, d := range candidates {
		got := recordsOf(head, d, f.Quotes != "none", whole)
		width, n := usual(got)
		share := float64(n) / float64(max(len(got), 1))
		if width < 2 {
			share = 0
		}
		if share > most || share == most && width > wide { // the commas of decimals part nothing
			best, sample, most, wide = d, got, share, width
		}
	}
	return best, sample
}

// frequent is the delimiter that a reader takes for a header by itself.
func frequent(header string) byte {
	best, most := byte(','), 0
	for _, d := range []byte{',', ';', '\t', '|'} {
		if n := strings.Count(header, string(d)); n > most {
			best, most = d, n
		}
	}
	return best
}

// recordsOf reads the records of a text; the last one counts only when the text is the end of the file.
func recordsOf(text string, delimiter byte, quote, whole bool) (out []sampled) {
	in := records{in: bufio.NewReaderSize(strings.NewReader(text), MaxRow+64), delimiter: delimiter, quote: quote}
	for {
		rec, err := in.next()
		if err != nil {
			break
		}
		one := sampled{line: int(rec.line), raw: rec.text, lead: strings.TrimSpace(rec.text)}
		if rec.fault == nil {
			if fields, fault := in.fields(rec.text, 0); fault == nil {
				one.fields = fields
			}
		}
		if out = append(out, one); !whole && len(out) > lookedRecords {
			break
		}
	}
	if !whole && len(out) > 0 {
		out = out[:len(out)-1]
	}
	return out
}

// layoutOfBook looks at the sheet with the most in it, or the one that is chosen.
func layoutOfBook(in *file.File, f Format) (Found, error) {
	at, size, err := in.At()
	if err != nil {
		return Found{}, err
	}
	book, err := workbook.Open(at, size)
	if err != nil {
		return Found{}, err
	}
	found := Found{Sure: true}
	most := int64(-1)
	for _, s := range book.Sheets {
		if s.Hidden {
			continue
		}
		if found.Sheets = append(found.Sheets, s.Name); s.Size > most {
			found.Sheet, most = s.Name, s.Size
		}
	}
	if f.Sheet != "" {
		found.Sheet = f.Sheet
	}
	if found.Sheet == "" {
		return found, errors.New("the workbook shows no sheet with cells; format.sheet names a hidden one")
	}
	r := &xlsxReader{in: in, book: book, format: Format{Sheet: found.Sheet}}
	if err := r.choose(); err != nil {
		return found, err
	}
	sample, tail, ended, err := sheetSample(book, r.sheet)
	if err != nil {
		return found, err
	}
	found.look(sample, tail, 0)
	if len(found.Sheets) > 1 {
		found.because("the workbook shows %d sheets; %q has the most in it", len(found.Sheets), found.Sheet)
	}
	if !ended {
		found.unsure("the end of the sheet was not looked at, because it is large")
	}
	return found, nil
}

// sheetSample gives the first and the last rows of a sheet.
func sheetSample(book *workbook.Book, s workbook.Sheet) (head, tail []sampled, ended bool, err error) {
	rows, err := book.Rows(s)
	if err != nil {
		return nil, nil, false, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Read() <= lookedSheet {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return head, append(head, tail...), true, nil
		}
		if err != nil {
			return nil, nil, false, err
		}
		one := sampled{line: row.Number, lead: strings.TrimSpace(first(row)), open: true}
		for _, c := range row.Cells {
			if c.Column >= len(one.fields) {
				one.fields = append(one.fields, make([]string, c.Column-len(one.fields))...)
				one.fields = append(one.fields, c.Text)
			}
		}
		if one.filled() == 0 {
			continue
		}
		if len(head) < lookedRecords {
			head = append(head, one)
		} else if tail = append(tail, one); len(tail) > 2*lookedRecords {
			tail = append(tail[:0], tail[lookedRecords:]...)
		}
	}
	return head, tail, false, nil
}
