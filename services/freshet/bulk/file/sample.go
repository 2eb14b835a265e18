package file

import (
	"bytes"
	"io"
)

// sampled is how much of a packed file is unpacked for a look at it, in bytes.
const sampled = 8 << 20

// Sample gives the unpacked content for a look at it: all of a plain file, the first 8 MiB of a packed one. whole says that it is all.
func (f *File) Sample() (at io.ReaderAt, size int64, whole bool, err error) {
	if plain, err := f.Plain(); err != nil || plain {
		return f.f, f.Size, true, err
	}
	r, err := f.Reader()
	if err != nil {
		return nil, 0, false, err
	}
	head, err := io.ReadAll(io.LimitReader(r, sampled))
	return bytes.NewReader(head), int64(len(head)), len(head) < sampled, err
}

// Plain says that the content is not packed: bytes of the file are bytes of the content.
func (f *File) Plain() (bool, error) {
	kind, err := detect(f.f)
	return kind == plain, err
}

// Section gives the content of a plain file from a byte on, beside the reader.
func (f *File) Section(from int64) io.Reader { return io.NewSectionReader(f.f, from, f.Size-from) }
