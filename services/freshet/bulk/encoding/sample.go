package encoding

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

const (
	// whole is up to what size a file is read as a whole; beyond, blocks of it are, spread over the file.
	whole = 8 << 20
	// block is how long one of them is, narrow is how many there are. When all are ASCII, more are looked through for a first byte that is not.
	block  = 128 << 10
	narrow = 64
	long   = 1 << 20
	many   = 256
	// most is how many different cells are weighed.
	most = 1500
)

// sample is what of a file is looked at.
type sample struct {
	head  []byte   // the first bytes
	parts [][]byte // whole lines
	read  int64
	n     int  // how many blocks
	all   bool // the parts are the whole file
}

// take reads a sample.
func take(r io.ReaderAt, size int64) (s sample, err error) {
	if size <= whole {
		b, err := readAt(r, 0, size)
		return sample{head: b, parts: [][]byte{b}, read: int64(len(b)), all: true}, err
	}
	if err = s.spread(r, size, block, narrow); err != nil || !s.ascii() {
		return s, err
	}
	return s, s.spread(r, size, min(long, size/many), many)
}

// spread reads n blocks of a length, each cut to whole lines.
func (s *sample) spread(r io.ReaderAt, size, length, n int64) error {
	s.parts, s.read, s.n = nil, 0, int(n)
	for i := range n {
		at := min(i*(size/n), size-length)
		b, err := readAt(r, at, length)
		if err != nil {
			return err
		}
		if s.read += int64(len(b)); i == 0 {
			s.head = b
		} else {
			b = b[bytes.IndexByte(b, '\n')+1:]
		}
		if cut := bytes.LastIndexByte(b, '\n'); cut >= 0 {
			b = b[:cut+1]
		}
		if n == narrow || !ascii(b) { // of the many, those without a foreign byte need not be held
			s.parts = append(s.parts, b)
		}
	}
	return nil
}

func readAt(r io.ReaderAt, at, length int64) ([]byte, error) {
	b := make([]byte, length)
	n, err := r.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

func (s *sample) ascii() bool {
	for _, p := range s.parts {
		if !ascii(p) {
			return false
		}
	}
	return true
}

func ascii(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lines calls f with each line that is not ASCII.
func (s *sample) lines(f func(line []byte)) {
	for _, p := range s.parts {
		for from := 0; from < len(p); {
			end := bytes.IndexByte(p[from:], '\n')
			if end < 0 {
				end = len(p) - from
			}
			line := p[from : from+end]
			from += end + 1
			if ascii(line) {
				continue
			}
			for len(line) > 0 { // lines of old Macs end in CR alone
				cut := bytes.IndexByte(line, '\r')
				if cut < 0 {
					cut = len(line)
				}
				if cut > 0 && !ascii(line[:cut]) {
					f(line[:cut])
				}
				line = line[min(cut+1, len(line)):]
			}
		}
	}
}

// cells are the different ones that are not ASCII, without quotes. They are cut at bytes that no encoding uses for the second half of a character.
func (s *sample) cells() (out []string) {
	seen := map[string]bool{}
	stride, n := 1, 0
	s.lines(func([]byte) { n++ })
	if n > 4*most {
		stride = n / (4 * most) // all parts of the file count
	}
	i := 0
	s.lines(func(line []byte) {
		if i++; i%stride != 0 || len(out) >= most {
			return
		}
		for len(line) > 0 {
			end := bytes.IndexAny(line, "\t,;\"")
			if end < 0 {
				end = len(line)
			}
			cell := line[:min(end, 200)]
			line = line[min(end+1, len(line)):]
			if !ascii(cell) && !seen[string(cell)] {
				seen[string(cell)] = true
				out = append(out, string(cell))
			}
		}
	})
	return out
}
