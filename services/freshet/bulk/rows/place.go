package rows

import (
	"bufio"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// Place is a place between two rows. The zero Place is none.
type Place struct {
	// Offset is the byte of the file that the row behind it begins at; Rows and Lines are how many are before it.
	Offset, Rows, Lines int64
}

// Place is where the row begins; none where a reader cannot begin there.
func (r *Row) Place() Place {
	if r.Offset == 0 {
		return Place{}
	}
	return Place{r.Offset, r.Number - 1, r.Line - 1}
}

// Resume has the reader of a file's beginning, which was bound and gave no row yet, go on at a place that a row of the same content told. False for
// files that are read from their beginning only: those that are translated from their encoding, end in format.end, or are neither CSV nor JSON by lines.
func Resume(r Reader, in *file.File, p Place) bool {
	var at *records
	switch r := r.(type) {
	case *csvReader:
		if !r.plain || r.format.End != "" {
			return false
		}
		at, r.number = &r.in, p.Rows
	case *jsonReader:
		if r.lines == nil {
			return false
		}
		at, r.number, r.ahead, r.end = r.lines, p.Rows, nil, nil
	default:
		return false
	}
	at.in = bufio.NewReaderSize(in.Section(p.Offset), MaxRow+64)
	at.at, at.line, at.suspect = p.Offset, p.Lines, 0
	return true
}
