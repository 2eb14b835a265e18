// Package file opens a file to import: it finds the identity of its content when asked, unpacks what is packed and says how far it was read. It is not for
// what the bytes mean: see rows.
package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Stdin is the path that means standard input.
const Stdin = "-"

// File is an open file. Close it.
type File struct {
	// Name is the file's name without its folders; "stdin" for standard input.
	Name string
	// Size is its length in bytes, as stored: packed, when it is packed.
	Size int64

	member   string // of a zip archive
	sum      string
	f        *os.File
	path     string
	changed  time.Time
	read     atomic.Int64
	unpacked *os.File
	growing  bool
}

// Open opens a file and reads nothing of it. Of a zip archive with several files, "set.zip/folder/name.csv" is one. Standard input ("-") is copied to a temporary file first, which nobody else can open and which is
// gone when the process is: it needs that much room in the folder for temporary files.
func Open(path string, stdin io.Reader) (*File, error) {
	f := &File{path: path, Name: filepath.Base(path)}
	var err error
	if path == Stdin {
		f.Name, f.path = "stdin", ""
		f.f, err = scratch()
	} else {
		if archive, member, ok := cutArchive(path); ok {
			f.path, f.member = archive, member
		}
		f.f, err = os.Open(f.path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the file: %w", err)
	}
	if err := f.measure(stdin); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return f, nil
}

// OpenGrowing opens a file that somebody may be writing to: of plain text its whole lines, as they are now, are the content. More may come behind them
// while it is read.
func OpenGrowing(path string) (*File, error) {
	f, err := Open(path, nil)
	if err != nil || f.Packed() || !f.text() {
		return f, err
	}
	f.growing = true
	block := make([]byte, 64<<10)
	for end := f.Size; end > 0; end -= int64(len(block)) {
		from := max(end-int64(len(block)), 0)
		n, err := f.f.ReadAt(block[:end-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), f.Close())
		}
		if at := bytes.LastIndexByte(block[:n], '\n'); at >= 0 {
			f.Size = from + int64(at) + 1
			return f, nil
		}
	}
	f.Size = 0
	return f, nil
}

// text says that the content does not begin as a binary file does.
func (f *File) text() bool {
	head := make([]byte, 4)
	n, err := f.f.ReadAt(head, 0)
	return (err == nil || errors.Is(err, io.EOF)) && !bytes.HasPrefix(head[:n], []byte("PAR1")) && !bytes.HasPrefix(head[:n], []byte("PK\x03\x04")) &&
		!bytes.HasPrefix(head[:n], []byte("\xff\xfe")) && !bytes.HasPrefix(head[:n], []byte("\xfe\xff"))
}

// scratch is a temporary file without a name.
func scratch() (*os.File, error) {
	f, err := os.CreateTemp("", "freshet-import-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

func (f *File) measure(stdin io.Reader) (err error) {
	if f.path == "" {
		f.Size, err = io.Copy(f.f, stdin)
		return err
	}
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file: give a file, or - for standard input")
	}
	f.Size, f.changed = info.Size(), info.ModTime()
	return nil
}

// Sum is the SHA-256 of the file's bytes as stored, in hexadecimal: the content's identity. The first call reads the whole file, at the speed of
// the disk or of SHA-256 (about 1 GB/s), whichever is slower: a draft never asks.
func (f *File) Sum() (string, error) {
	if f.sum != "" {
		return f.sum, nil
	}
	hash := sha256.New()
	n, err := io.Copy(hash, io.NewSectionReader(f.f, 0, f.Size))
	if err == nil && n < f.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", fmt.Errorf("read %s, to know it by its content: %w", f.Name, err)
	}
	f.sum = hex.EncodeToString(hash.Sum(nil))
	return f.sum, nil
}

// Reader gives the unpacked content from its beginning. Only one reader may be in use.
func (f *File) Reader() (io.Reader, error) {
	f.read.Store(0)
	return unpack(f.f, f.Size, f.member, f.count)
}

// At gives the unpacked content for reading at any place, and its size. Packed content is unpacked into a temporary file once.
func (f *File) At() (io.ReaderAt, int64, error) {
	kind, err := detect(f.f, f.Size)
	if err != nil {
		return nil, 0, err
	}
	if kind == plain {
		return f.f, f.Size, nil
	}
	r, err := f.Reader()
	if err != nil {
		return nil, 0, err
	}
	if f.unpacked == nil {
		if f.unpacked, err = scratch(); err != nil {
			return nil, 0, fmt.Errorf("make a temporary file to unpack %s: %w", f.Name, err)
		}
	}
	n, err := io.Copy(f.unpacked, r)
	if err != nil {
		return nil, 0, fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	return f.unpacked, n, nil
}

// Packed says that the content is not as it is stored, so that its end is reached only by reading it all.
func (f *File) Packed() bool {
	kind, err := detect(f.f, f.Size)
	return err != nil || kind != plain
}

// Done is how many of Size bytes the reader has taken.
func (f *File) Done() int64 { return f.read.Load() }

// SetDone says how far a reader of At is, in bytes of Size.
func (f *File) SetDone(n int64) { f.read.Store(n) }

func (f *File) count(n int) { f.read.Add(int64(n)) }

// Unchanged is an error when somebody wrote to the file since it was opened: what was read is then neither the old content nor the new.
func (f *File) Unchanged() error {
	if f.path == "" {
		return nil
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("look at the file again: %w", err)
	}
	if f.growing && info.Size() >= f.Size {
		return nil
	}
	if info.Size() != f.Size || !info.ModTime().Equal(f.changed) {
		return fmt.Errorf("%s changed while it was read: import a copy that nobody writes to", f.path)
	}
	return nil
}

// Close releases the file and removes what was unpacked.
func (f *File) Close() error {
	var errs []error
	for _, c := range []*os.File{f.f, f.unpacked} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
