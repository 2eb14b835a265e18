package rows

import (
	"bufio"
	"io"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// Slice reads rows of a plain CSV file behind the first line end after a byte, with the columns and the delimiter of a reader of its beginning. It
// is for looking, not for importing: inside quotes a line end may be none, and row numbers count from the slice's own first row. nil is a file
// that can be read from its beginning only: packed, in UTF-16, or no CSV.
func Slice(of Reader, in *file.File, from int64) (Reader, error) {
	if o, is := of.(only); is {
		of = o.Reader
	}
	r, ok := of.(*csvReader)
	if !ok || in.Packed() {
		return nil, nil //nolint:nilnil // a file without slices is no error
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(in.Section(0), head); err != nil || marked16(head) || strings.HasPrefix(strings.ToLower(r.format.Encoding), "utf-16") {
		return nil, err
	}
	f := r.format
	f.Columns, f.SkipLines, f.Delimiter = r.columns, 1, string(r.in.delimiter)
	if f.Delimiter == "\t" {
		f.Delimiter = "tab"
	}
	part, err := openCSV(bufio.NewReaderSize(in.Section(from), MaxRow+64), f)
	if err != nil {
		return nil, err
	}
	return only{part}, nil
}
