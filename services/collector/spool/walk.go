package spool

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// window is how much of a segment is read at once.
const window = 1 << 20

// pageBytes is how much is given up when the disk cannot read it.
const pageBytes = 4 << 10

// piece is a stretch of a segment: one intact frame, or damage.
type piece struct {
	at, end int64
	header  header
	// payload is the frame's.
	payload []byte
	damaged bool
}

// walker goes through the bytes at..end of a segment, piece by piece.
type walker struct {
	src     io.ReaderAt
	salt    uint64
	at, end int64
	window  int64 // how much is read at once

	buf        []byte // what was read, from base on
	base       int64
	unreadable bool // the disk failed somewhere: zeros stand there
}

// next returns the next piece; false at the end. Payloads are views of a buffer that is
// never written again.
func (w *walker) next() (piece, bool) {
	if w.at >= w.end {
		return piece{}, false
	}
	p := piece{at: w.at}
	h, ok := readHeader(w.view(headerBytes), w.salt, w.at)
	switch {
	case !ok:
		p.damaged, p.end = true, w.resume()
	case w.at+h.size() > w.end:
		p.damaged, p.end, p.header = true, w.end, h
	default:
		p.end, p.header = w.at+h.size(), h
		p.payload = w.view(h.size())[headerBytes:h.size():h.size()]
		p.damaged = crc32.Checksum(p.payload, castagnoli) != h.sum
	}
	w.at = p.end
	return p, true
}

// view returns at least n bytes from w.at on, fewer only at the end.
func (w *walker) view(n int64) []byte {
	n = min(n, w.end-w.at)
	if from := w.at - w.base; w.buf != nil && from >= 0 && from+n <= int64(len(w.buf)) {
		return w.buf[from:]
	}
	w.buf, w.base = w.read(w.at, min(max(n, w.window), w.end-w.at)), w.at
	return w.buf
}

// read returns n bytes at an offset, with zeros where the disk does not give them: that
// is damage like any other, and what stands behind it is found again.
func (w *walker) read(at, n int64) []byte {
	b := make([]byte, n)
	if got, err := w.src.ReadAt(b, at); got == len(b) || errors.Is(err, os.ErrClosed) {
		return b
	}
	w.unreadable = true
	for from := int64(0); from < n; {
		to := min(n, from+pageBytes-(at+from)%pageBytes)
		if got, err := w.src.ReadAt(b[from:to], at+from); err != nil {
			clear(b[from+int64(got) : to])
		}
		from = to
	}
	return b
}

// resume returns where the next good header stands behind a damaged one, or the end.
func (w *walker) resume() int64 {
	rest := w.view(w.end - w.at)
	for i := 1; i < len(rest); i++ {
		found := bytes.Index(rest[i:], magic)
		if found < 0 {
			break
		}
		i += found
		if _, ok := readHeader(rest[i:], w.salt, w.at+int64(i)); ok {
			return w.at + int64(i)
		}
	}
	return w.end
}

// torn is whether damage that reaches a segment's end is a write that a crash cut off: a frame
// without all its bytes, or zeros where the file had grown already. Zeros that stand in for what the disk
// did not give say nothing: behind them may be what was confirmed.
func (w *walker) torn(p piece) bool {
	if p.at+p.header.size() > p.end { // also when there is less than a header
		return true
	}
	zeros := len(bytes.Trim(w.read(p.at, p.end-p.at), "\x00")) == 0
	return zeros && !w.unreadable
}
