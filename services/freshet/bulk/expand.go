package bulk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Expand finds the files of one import, in the order of their names: an argument is a file, a directory, whose files are all meant, or a pattern such
// as exports/*.csv, for those whose shell does not know it. left are files of directories that are left out: hidden ones and our own rejects.
func Expand(args []string) (files, left []string, err error) {
	for _, arg := range args {
		if arg == file.Stdin {
			if len(args) > 1 {
				return nil, nil, errors.New("standard input (-) is an import by itself")
			}
			return args, nil, nil
		}
		info, err := os.Stat(arg)
		switch {
		case err == nil && info.IsDir():
			in, out, err := inside(arg)
			if err != nil {
				return nil, nil, err
			}
			files, left = append(files, in...), append(left, out...)
		case err == nil || !strings.ContainsAny(arg, "*?["):
			files = append(files, arg) // one that is not there is told when it is opened
		default:
			found, err := filepath.Glob(arg)
			if err != nil {
				return nil, nil, fmt.Errorf("the pattern %q: %w", arg, err)
			}
			found = slices.DeleteFunc(found, func(path string) bool {
				hidden := strings.HasPrefix(filepath.Base(path), ".") && !strings.HasPrefix(filepath.Base(arg), ".")
				return hidden || ours(path) || isDir(path)
			})
			if len(found) == 0 {
				return nil, nil, fmt.Errorf("there is no file %s", arg)
			}
			files = append(files, found...)
		}
	}
	if len(args) > 1 || len(files) > 1 {
		slices.Sort(files)
		files = slices.Compact(files)
	}
	return files, left, nil
}

// inside are the files of a directory.
func inside(dir string) (files, left []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("list the directory: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case isDir(path):
		case strings.HasPrefix(e.Name(), "."), ours(path):
			left = append(left, path)
		default:
			files = append(files, path)
		}
	}
	if len(files) == 0 {
		return nil, nil, fmt.Errorf("there is no file in %s", dir)
	}
	return files, left, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// ours says that a file is one of rejects.
func ours(path string) bool {
	name := filepath.Base(path)
	return strings.Contains(name, ".rejects.") && strings.HasSuffix(name, ".ndjson")
}

// Fits says whether the mapping fits each of the files, and what they have in bytes, before any of them is sent: nobody wants half a directory.
func Fits(files []string, mappingFile string) (size int64, err error) {
	spec, err := load(mappingFile)
	if err != nil {
		return 0, err
	}
	var faults []error
	for _, path := range files {
		n, err := fits(path, mappingFile, spec)
		if size += n; err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) > 10 {
		faults = append(faults[:10], fmt.Errorf("... and %d files more", len(faults)-10))
	}
	return size, errors.Join(faults...)
}

func fits(path, mappingFile string, spec *mapping.Spec) (size int64, err error) {
	in, err := file.Open(path, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	reader, err := rows.Open(in, spec.Format)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	columns, closed := reader.Columns()
	if _, _, err := spec.Compile(mapping.File{Name: in.Name}, columns, closed); err != nil {
		return 0, fmt.Errorf("%s does not fit %s:\n%w", mappingFile, path, err)
	}
	return in.Size, nil
}

// load reads a mapping file.
func load(path string) (*mapping.Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the mapping: %w", err)
	}
	defer func() { _ = f.Close() }()
	spec, err := mapping.Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return spec, nil
}
