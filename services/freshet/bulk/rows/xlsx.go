package rows

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/workbook"
)

// xlsxReader reads one sheet of a workbook. Empty rows are none, as empty lines of CSV are. Cells behind the last column of the header, where people
// write remarks, are left out.
type xlsxReader struct {
	in      *file.File
	book    *workbook.Book
	sheet   workbook.Sheet
	cells   *workbook.Rows
	format  Format
	columns []string
	header  []string
	notes   []string
	used    []bool
	slots   []int
	rest    bool
	ended   bool
	number  int64
}

func openXLSX(in *file.File, f Format) (Reader, error) {
	at, size, err := in.At()
	if err != nil {
		return nil, err
	}
	book, err := workbook.Open(at, size)
	if err != nil {
		return nil, err
	}
	r := &xlsxReader{in: in, book: book, format: f, columns: f.Columns}
	if err := r.choose(); err != nil {
		return nil, err
	}
	if r.cells, err = book.Rows(r.sheet); err != nil {
		return nil, err
	}
	if len(r.columns) > 0 {
		return r, given(r.columns)
	}
	row, err := r.record()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the sheet %q is empty: there is not even a header", r.sheet.Name)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range row.Cells {
		text := strings.TrimSpace(c.Text)
		if text == "" || c.Column < len(r.header) {
			continue
		}
		r.header = append(r.header, make([]string, c.Column-len(r.header))...)
		r.header = append(r.header, text)
	}
	columns, notes := name(r.header)
	r.columns, r.notes = columns, append(r.notes, notes...)
	return r, nil
}

// choose finds the sheet: the one that is named, or the first that is shown and has cells.
func (r *xlsxReader) choose() error {
	var shown []workbook.Sheet
	var names []string
	for _, s := range r.book.Sheets {
		if s.Name == r.format.Sheet && s.Name != "" {
			r.sheet = s
			return nil
		}
		if !s.Hidden {
			shown, names = append(shown, s), append(names, strconv.Quote(s.Name))
		}
	}
	if r.format.Sheet != "" {
		n, err := strconv.Atoi(r.format.Sheet)
		if err != nil || n < 1 || n > len(shown) {
			return fmt.Errorf("format.sheet: the workbook has no sheet %q; it shows %s", r.format.Sheet, strings.Join(names, ", "))
		}
		r.sheet = shown[n-1]
		return nil
	}
	var full []workbook.Sheet
	for _, s := range shown {
		has, err := filled(r.book, s)
		if err != nil {
			return err
		}
		if has {
			full = append(full, s)
		}
	}
	if len(full) == 0 {
		return errors.New("the workbook shows no sheet with cells; format.sheet names a hidden one")
	}
	if r.sheet = full[0]; len(full) > 1 {
		r.notes = append(r.notes, fmt.Sprintf("the workbook shows %d sheets with cells, %s: %q is read; format.sheet chooses another", len(full), strings.Join(names, ", "), r.sheet.Name))
	}
	return nil
}

// filled says that a sheet has a cell.
func filled(book *workbook.Book, s workbook.Sheet) (bool, error) {
	cells, err := book.Rows(s)
	if err != nil {
		return false, err
	}
	defer func() { _ = cells.Close() }()
	_, err = cells.Next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// record gives the next row that has a text, behind the rows to skip.
func (r *xlsxReader) record() (workbook.Row, error) {
	for {
		row, err := r.cells.Next()
		if err != nil || row.Fault != "" {
			return row, err
		}
		if row.Number > r.format.SkipLines && slices.ContainsFunc(row.Cells, func(c workbook.Cell) bool { return strings.TrimSpace(c.Text) != "" || c.Kind == workbook.NoResult }) &&
			(len(r.columns) > 0 || !r.format.ignores(first(row))) {
			return row, nil
		}
	}
}

// first is the first text of a row.
func first(row workbook.Row) string {
	for _, c := range row.Cells {
		if strings.TrimSpace(c.Text) != "" {
			return c.Text
		}
	}
	return ""
}

func (r *xlsxReader) Columns() ([]string, bool) { return r.columns, true }

func (r *xlsxReader) Bind(columns []string, rest bool) {
	r.slots, r.used, r.rest = bind(r.columns, columns, rest)
}

func (r *xlsxReader) Next() (*Row, error) {
	cells, err := r.record()
	if err != nil {
		return nil, err
	}
	r.number++
	r.in.SetDone(int64(float64(r.in.Size) * min(1, float64(r.cells.Read())/float64(max(r.sheet.Size, 1)))))
	row := &Row{Number: r.number, Line: int64(cells.Number), slots: r.slots}
	r.ended = r.ended || r.format.ends(first(cells))
	switch {
	case r.ended:
		row.Skipped = skippedEnd
	case cells.Fault != "":
		row.Fault = &Fault{ReasonTooLarge, cells.Fault}
	case r.format.ignores(first(cells)):
		row.Skipped = skippedIgnored
	case r.again(cells):
		row.Skipped = skippedHeader
	default:
		r.fill(row, cells)
		return row, nil
	}
	row.raw = plainText(cells)
	return row, nil
}

// again says that a row is the header once more.
func (r *xlsxReader) again(row workbook.Row) bool {
	if len(r.header) < 2 {
		return false
	}
	texts := make([]string, len(r.header))
	for _, c := range row.Cells {
		if c.Column < len(texts) {
			texts[c.Column] = strings.TrimSpace(c.Text)
		}
	}
	return slices.Equal(texts, r.header)
}

// fill sets the values of a row.
func (r *xlsxReader) fill(row *Row, cells workbook.Row) {
	row.fields = make([]Value, len(r.columns))
	for _, c := range cells.Cells {
		if c.Column >= len(r.columns) {
			continue
		}
		wanted := r.rest || c.Column < len(r.used) && r.used[c.Column]
		if c.Kind == workbook.NoResult && wanted {
			row.Fault = &Fault{ReasonResult, fmt.Sprintf("column %s has a formula that was never calculated: open the workbook, calculate and save it", r.columns[c.Column])}
			row.raw, row.fields = plainText(cells), nil
			return
		}
		row.fields[c.Column] = r.value(c)
	}
	for i, v := range row.fields {
		if row.size += len(v.Text); r.rest && !r.used[i] {
			row.rest = append(row.rest, member{r.columns[i], v})
		}
	}
}

// value is a cell as a value. What could not be calculated is absent.
func (r *xlsxReader) value(c workbook.Cell) Value {
	switch c.Kind {
	case workbook.Number:
		return Value{Number, c.Text}
	case workbook.Boolean:
		return Value{Boolean, c.Text}
	case workbook.Error, workbook.NoResult:
		return Value{}
	}
	return r.format.tidy(c.Text)
}

// plainText is a row as text, with tabs between.
func plainText(row workbook.Row) string {
	var b strings.Builder
	for i, c := range row.Cells {
		if i > 0 {
			b.WriteByte('\t')
		}
		if b.WriteString(c.Text); b.Len() > 64<<10 {
			return b.String()[:64<<10]
		}
	}
	return b.String()
}

func (r *xlsxReader) Data(row *Row) []byte {
	if row.Fault != nil || row.Skipped != "" {
		return AppendText(nil, strings.ToValidUTF8(row.raw, "\uFFFD"))
	}
	b := []byte{'{'}
	for i, v := range row.fields {
		if v.Kind == Absent {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = v.Append(append(AppendText(b, r.columns[i]), ':'))
	}
	return append(b, '}')
}
