package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/freshet/freshet/services/collector/intake"
)

var (
	gunzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	bom     = []byte("\xef\xbb\xbf")
)

// firstRead is how much is read at first from a body that does not say how long it is, in bytes.
const firstRead = 4096

// unpackerBytes is what unpacking holds while the body arrives, ten times as much as a small body: thousands of clients that
// send one slowly would take the memory that a bound on bodies alone does not see. Measured.
const unpackerBytes = 44 << 10

// readBody reads the request's body into w.body, decompressed, and never more of
// it than limit bytes, whatever its headers or its compression promise. Memory is
// reserved in w before it is used.
func (s *Server) readBody(w *intake.Work, r *http.Request, limit int) *intake.Refusal {
	if r.ContentLength > int64(limit) {
		return intake.TooLarge(limit)
	}
	from, plain := io.Reader(r.Body), true
	switch encoding := encodingOf(r.Header); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		plain = false
		if !s.intake.Memory.Take(unpackerBytes) {
			return intake.Busy()
		}
		defer s.intake.Memory.Give(unpackerBytes)
		z := gunzips.Get().(*gzip.Reader)
		defer gunzips.Put(z)
		if err := z.Reset(r.Body); err != nil {
			return unreadBody(err)
		}
		from = z
	default:
		return intake.Refuse(http.StatusUnsupportedMediaType, "unsupported_encoding",
			fmt.Sprintf("Content-Encoding %.20q is not supported: use gzip or none", encoding))
	}
	for want := max(firstRead, min(int(r.ContentLength)+1, intake.FirstRoom)); ; want *= 2 {
		if want = min(want, limit+1); plain && r.ContentLength >= 0 {
			want = min(want, max(firstRead, int(r.ContentLength)+1))
		}
		if !s.intake.Reserve(w, int64(want)) {
			return intake.Busy()
		}
		if done, err := fill(w, from, want); err != nil {
			return unreadBody(err)
		} else if done {
			s.intake.Read(len(w.Body))
			w.Whole = true
			w.Body = bytes.TrimPrefix(w.Body, bom)
			return nil
		}
		if len(w.Body) > limit {
			return intake.TooLarge(limit)
		}
	}
}

// encodingOf is what the request says its body is packed with, "" for nothing.
func encodingOf(h http.Header) string {
	said := h["Content-Encoding"]
	if len(said) == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(strings.Join(said, ", ")))
}

// fill reads until w.body has want bytes or the input ends.
func fill(w *intake.Work, from io.Reader, want int) (done bool, err error) {
	if cap(w.Body) < want {
		w.Body = append(make([]byte, 0, want), w.Body...)
	}
	for len(w.Body) < want {
		n, err := from.Read(w.Body[len(w.Body):want])
		w.Body = w.Body[:len(w.Body)+n]
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// unreadBody is the answer to a body that could not be read to its end.
func unreadBody(err error) *intake.Refusal {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return intake.Refuse(http.StatusRequestTimeout, "body_timeout", "the body did not arrive in time: send it again")
	}
	return intake.Refuse(http.StatusBadRequest, "unreadable_body", "the body cannot be read to its end: "+err.Error())
}
