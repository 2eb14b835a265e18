package workbook

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Rows reads the rows of a sheet. Close it.
type Rows struct {
	book   *Book
	s      *stream
	number int
	width  int // cells of the row before
	inData bool
}

// Rows begins to read a sheet of the book.
func (b *Book) Rows(sheet Sheet) (*Rows, error) {
	r, err := open(sheet.part, maxUnpacked)
	if err != nil {
		return nil, err
	}
	return &Rows{book: b, s: newStream(r, sheet.part.Name)}, nil
}

// Read is how many bytes of the sheet's Size were read.
func (r *Rows) Read() int64 { return r.s.read }

// Close releases the sheet.
func (r *Rows) Close() error { return r.s.part.Close() }

// Next gives the next row that has a cell, io.EOF behind the last; another error ends the sheet: it is broken.
func (r *Rows) Next() (Row, error) {
	for {
		t, err := r.s.next()
		if err != nil {
			return Row{}, err
		}
		switch tag := known(r.s.tag); {
		case t != begins:
		case tag == "sheetData":
			r.inData = true
		case r.inData && tag == "row":
			row, err := r.row()
			if err != nil || len(row.Cells) > 0 || row.Fault != "" {
				return row, err
			}
		case r.inData:
			r.inData = false // what follows the cells is none of ours
		}
	}
}

func (r *Rows) row() (Row, error) {
	r.number++
	if n, err := strconv.Atoi(string(r.s.attr("r"))); err == nil && n > 0 {
		r.number = n
	}
	row, column, size := Row{Number: r.number}, -1, 0
	if r.width > 0 {
		row.Cells = make([]Cell, 0, r.width)
	}
	err := r.s.inside(func(tag string) (bool, error) {
		if tag != "c" {
			return false, nil
		}
		column++
		if at, ok := columnOf(r.s.attr("r")); ok {
			column = at
		}
		cell, there, err := r.cell()
		if err != nil || !there || row.Fault != "" {
			return true, err
		}
		if size += len(cell.Text); size > MaxRow {
			row.Fault = fmt.Sprintf("the row has more than %d bytes", MaxRow)
			return true, nil
		}
		cell.Column = column
		row.Cells = append(row.Cells, cell)
		return true, nil
	})
	r.width = len(row.Cells)
	return row, err
}

// cell reads a cell to its end; there is false for an empty one.
func (r *Rows) cell() (c Cell, there bool, err error) {
	kind, style, raw, inline, formula := kindOf(r.s.attr("t")), 0, "", "", false
	if n, err := strconv.Atoi(string(r.s.attr("s"))); err == nil {
		style = n
	} else if len(r.s.attr("s")) > 0 {
		style = -1
	}
	err = r.s.inside(func(tag string) (bool, error) {
		var err error
		switch tag {
		case "v":
			raw, err = r.s.content()
		case "is":
			inline, err = r.s.rich()
		case "f":
			formula = true
			return false, nil
		default:
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return c, false, err
	}
	switch {
	case kind == "inlineStr":
		return Cell{Kind: Text, Text: inline}, inline != "", nil
	case raw == "" && formula && kind != "str":
		return Cell{Kind: NoResult}, true, nil
	case raw == "":
		return c, false, nil
	}
	c, err = r.book.value(kind, style, raw)
	return c, c.Text != "", err
}

// value says what the value of a cell means.
func (b *Book) value(kind string, style int, raw string) (Cell, error) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || n >= len(b.texts) {
			return Cell{}, fmt.Errorf("the workbook is broken: a cell has text number %s of %d", raw, len(b.texts))
		}
		return Cell{Kind: Text, Text: b.texts[n]}, nil
	case "b":
		return Cell{Kind: Boolean, Text: strconv.FormatBool(raw == "1" || raw == "true")}, nil
	case "e":
		return Cell{Kind: Error, Text: raw}, nil
	case "d":
		return Cell{Kind: Time, Text: strings.TrimSuffix(raw, "Z")}, nil
	case "str":
		return Cell{Kind: Text, Text: unescaped(raw)}, nil
	}
	f := format{}
	if style >= 0 && style < len(b.formats) {
		f = b.formats[style]
	}
	return f.read(raw, b.epoch1904), nil
}

// kindOf is what a cell says it holds; "" for a number.
func kindOf(t []byte) string {
	for _, kind := range [...]string{"s", "str", "b", "e", "d", "inlineStr"} {
		if string(t) == kind {
			return kind
		}
	}
	return ""
}

// columnOf is the column of a reference such as AB12, from 0.
func columnOf(reference []byte) (int, bool) {
	n := 0
	for i := 0; i < len(reference) && i < 4; i++ {
		c := reference[i] | 0x20
		if c < 'a' || c > 'z' {
			break
		}
		n = n*26 + int(c-'a') + 1
	}
	return n - 1, n > 0 && n <= 16384
}

var _ io.Closer = (*Rows)(nil)
