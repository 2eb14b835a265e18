package file

import (
	"bytes"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// sampled is how much of a packed file is unpacked for a look at it, in bytes.
const sampled = 8 << 20

// Sample gives the unpacked content for a look at it: all of a plain file, the first 8 MiB of a packed one.
func (f *File) Sample() (at io.ReaderAt, size int64, err error) {
	if !f.Packed() {
		return f.f, f.Size, nil
	}
	r, err := f.Reader()
	if err != nil {
		return nil, 0, err
	}
	head, err := io.ReadAll(io.LimitReader(r, sampled))
	if cut := bytes.LastIndexByte(head, '\n'); cut >= 0 && len(head) == sampled {
		head = head[:cut+1] // a character may be cut in two at the end
	}
	return bytes.NewReader(head), int64(len(head)), err
}

// Prefix is a hash of the beginning of a plain file, which moves on in the file. It is no proof against who wants to deceive.
type Prefix struct {
	hash *xxhash.Digest
	f    *File
	at   int64
}

// Prefix begins the hash of a file.
func (f *File) Prefix() *Prefix { return &Prefix{xxhash.New(), f, 0} }

// Sum is the hash of the first bytes, up to a place that is not before that of the last call. It reads what is between the two, at some GB/s. A file that
// is shorter gives the empty text.
func (p *Prefix) Sum(to int64) (string, error) {
	if to > p.f.Size || to < p.at {
		return "", nil
	}
	n, err := io.Copy(p.hash, io.NewSectionReader(p.f.f, p.at, to-p.at))
	if p.at += n; err != nil {
		return "", fmt.Errorf("read %s, to know it by its content: %w", p.f.Name, err)
	}
	if p.at < to {
		return "", nil
	}
	return fmt.Sprintf("%016x", p.hash.Sum64()), nil
}

// Section gives the content of a plain file from a byte on, beside the reader.
func (f *File) Section(from int64) io.Reader { return io.NewSectionReader(f.f, from, f.Size-from) }
