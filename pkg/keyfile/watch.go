package keyfile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// maxFile bounds a file, in bytes: a hundred thousand holders take less.
const maxFile = 64 << 20

// settled is how old a change must be before the file's times are believed to show the next one: two writes within one tick of the file
// system's clock have the same times.
const settled = 2 * time.Second

// Watch notices changes to a set of files by looking: it works for files that are written in place, replaced by a rename, or behind a
// symbolic link that is turned, as Kubernetes does. It is for one goroutine.
type Watch struct{ marks map[string]mark }

// mark is how a file was when it was last looked at.
type mark struct {
	info fs.FileInfo // nil when there is none
	sum  [sha256.Size]byte
	at   time.Time
}

// Note remembers how files are now. Call it before reading them: a change in between is then noticed.
func (w *Watch) Note(paths ...string) {
	if w.marks == nil {
		w.marks = map[string]mark{}
	}
	for _, path := range paths {
		w.marks[path] = look(path, mark{})
	}
}

// Only forgets every file but these.
func (w *Watch) Only(paths ...string) {
	keep := map[string]mark{}
	for _, path := range paths {
		if m, ok := w.marks[path]; ok {
			keep[path] = m
		}
	}
	w.marks = keep
}

// Changed says whether a noted file has other content than when it was last looked at, has come or has gone. It reads a file only when its
// times, size or inode changed, or did so a moment ago.
func (w *Watch) Changed() bool {
	changed := false
	for path, before := range w.marks {
		now := look(path, before)
		if (now.info == nil) != (before.info == nil) || now.sum != before.sum {
			changed = true
		}
		w.marks[path] = now
	}
	return changed
}

// Settle waits until the noted files have stood still for as long as still, and at most for most: a file written in place is seen half,
// and half a list may be a good one. It reports false when ctx has ended.
func (w *Watch) Settle(ctx context.Context, still, most time.Duration) bool {
	tick := time.NewTicker(still)
	defer tick.Stop()
	for range most / still {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if !w.Changed() {
			break
		}
	}
	return true
}

// look reads how a file is. One that cannot be read is as good as gone.
func look(path string, before mark) mark {
	m := mark{at: time.Now()}
	info, err := os.Stat(path)
	if err != nil {
		return m
	}
	if b := before.info; b != nil && os.SameFile(b, info) && b.Size() == info.Size() && b.ModTime().Equal(info.ModTime()) &&
		before.at.Sub(info.ModTime()) > settled {
		return mark{info: info, sum: before.sum, at: m.at}
	}
	data, err := Read(path)
	if err != nil {
		return m
	}
	m.info, m.sum = info, sha256.Sum256(data)
	return m
}

// Read reads a file of bounded size.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return data, errors.Join(err, f.Close())
}
