package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Rejects is the file of the rows that became no event, or none that the collector took: one JSON object a line, in the file's order. Close it.
type Rejects struct {
	// Path is where it is.
	Path string
	f    *os.File
	w    *bufio.Writer
	n    int64
}

// reject is one line.
type reject struct {
	Row       int64           `json:"row"`
	Line      int64           `json:"line,omitempty"`
	By        string          `json:"by"`
	Reason    string          `json:"reason"`
	Detail    string          `json:"detail"`
	MessageID string          `json:"message_id,omitempty"`
	Data      json.RawMessage `json:"data"`
}

// ClaimRejects makes a file of rejects and gives its absolute path. A file that is there and not empty is another import's dead letter: the next
// free name with a number is taken then.
func ClaimRejects(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the file of rejects: %w", err)
	}
	bare, found := strings.CutSuffix(path, ".ndjson")
	for n, name := 2, path; ; n++ {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			return name, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("make the file of rejects (--rejects names another): %w", err)
		}
		if name = fmt.Sprintf("%s.%d", bare, n); found {
			name += ".ndjson"
		}
	}
}

// OpenRejects begins the file, or goes on behind its first keep bytes: what is beyond was written before a crash and will be written again.
func OpenRejects(path string, keep int64) (*Rejects, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the file of rejects (--rejects names another): %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() < keep {
		err = fmt.Errorf("%s has %d bytes where the interrupted import left %d: put it back, or begin anew with --again", path, info.Size(), keep)
	}
	if err == nil {
		err = f.Truncate(keep)
	}
	if err == nil {
		_, err = f.Seek(keep, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the file of rejects: %w", err), f.Close())
	}
	return &Rejects{Path: path, f: f, w: bufio.NewWriter(f), n: keep}, nil
}

func (r *Rejects) write(one reject) error {
	b, err := json.Marshal(one)
	if err != nil {
		return fmt.Errorf("write the reject of row %d: %w", one.Row, err)
	}
	n, err := r.w.Write(append(b, '\n'))
	r.n += int64(n)
	if err != nil {
		return fmt.Errorf("write the reject of row %d: %w", one.Row, err)
	}
	return nil
}

// sync makes durable what was written, and returns how many bytes there are.
func (r *Rejects) sync() (int64, error) {
	if err := errors.Join(r.w.Flush(), r.f.Sync()); err != nil {
		return 0, fmt.Errorf("write %s: %w", r.Path, err)
	}
	return r.n, nil
}

// Close ends the file. That of a finished import is removed when nothing was rejected; until then it keeps its name from other imports.
func (r *Rejects) Close(finished bool) error {
	err := errors.Join(r.w.Flush(), r.f.Close())
	if finished && r.n == 0 && err == nil {
		err = os.Remove(r.Path)
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", r.Path, err)
	}
	return nil
}
