package file

import (
	"bytes"
	"io"
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

// Section gives the content of a plain file from a byte on, beside the reader.
func (f *File) Section(from int64) io.Reader { return io.NewSectionReader(f.f, from, f.Size-from) }
