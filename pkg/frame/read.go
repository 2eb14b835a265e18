package frame

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Read reads a table from a file: .parquet, or CSV with a header, also compressed as .gz.
func Read(path string) (raw *Raw, err error) {
	f, err := os.Open(path) //nolint:gosec // The user names the file.
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	name := strings.ToLower(filepath.Base(path))
	if strings.HasSuffix(name, ".parquet") {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		raw, err = readParquet(f, info.Size())
		return check(path, raw, err)
	}
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		in = z
	}
	raw, err = readCSV(in)
	return check(path, raw, err)
}

// check names the file in an error, and refuses a table without rows.
func check(path string, raw *Raw, err error) (*Raw, error) {
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case raw.rows == 0:
		return nil, fmt.Errorf("read %s: it has a header and no row", path)
	}
	return raw, nil
}
