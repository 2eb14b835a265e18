package rows

import (
	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// Found is how a file is laid out, by the evidence of its beginning and its end. Of JSON and Parquet, which say it themselves, it is empty and Sure.
type Found struct {
	// SkipLines, Delimiter and Ignore are for Format, whose names they have; zero where Format's defaults are right.
	SkipLines int
	Delimiter string
	Ignore    []string
	// Headless says that the file has no header: its first row is a row. Format.Columns must name the columns then.
	Headless bool
	// Sheets are the names of a workbook's sheets that are shown, in its order; Sheet is the one with the most rows, for Format.
	Sheets []string
	Sheet  string
	// Sure is false where a person should look; Why says what was found, a sentence each, for people.
	Sure bool
	Why  []string
}

// Layout finds out how a file is laid out: lines before the header, the delimiter, sums and remarks at the end. f is what is known already: its
// encoding is needed for text that is not UTF-8. It reads the first and the last 256 KiB of a plain file, and the beginning only of a packed one.
func Layout(in *file.File, f Format) (Found, error) {
	r, err := OpenAll(in, f)
	if err != nil {
		return Found{}, err
	}
	_, text := r.(*csvReader)
	return Found{Sure: !text}, nil
}
