package collector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
)

// budget bounds the memory of all bodies together. Over it a request is turned away, not queued.
type budget struct {
	limit int64
	// kept is the part that large bodies may not take, so that many of them do not shut out the small ones, which most are.
	kept int64
	used atomic.Int64
}

// newMemory is the budget for bodies. One that has room for a few of the largest only keeps nothing back.
func newMemory(l directory.Limits) budget {
	return budget{limit: l.InFlightBytes, kept: max(0, min(l.InFlightBytes/8, l.InFlightBytes-2*int64(l.BodyBytes)))}
}

// take reserves n bytes, or reports that there is no room.
func (b *budget) take(n int64) bool { return b.within(b.limit, n) }

// takeLarge is take for a part of a large body.
func (b *budget) takeLarge(n int64) bool { return b.within(b.limit-b.kept, n) }

func (b *budget) within(limit, n int64) bool {
	if b.used.Add(n) > limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

var (
	gunzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	bom     = []byte("\xef\xbb\xbf")
)

// firstRead is how much is read at first from a body that does not say how long it is, in bytes; firstRoom is the most that is reserved for
// one that does, before any of it is there. Beyond it memory is reserved as the body arrives, twice as much each time: a few clients that
// name a large body and send none would take all of it, with no key at all.
const firstRead, firstRoom = 4096, 64 << 10

// unpackerBytes is what unpacking holds while the body arrives, ten times as much as a small body: thousands of clients that
// send one slowly would take the memory that a bound on bodies alone does not see. Measured.
const unpackerBytes = 44 << 10

// readBody reads the request's body into w.body, decompressed, and never more of
// it than limit bytes, whatever its headers or its compression promise. Memory is
// reserved in w before it is used; the caller gives back w.reserved.
func (s *Service) readBody(w *work, r *http.Request, limit int) *refusal {
	if r.ContentLength > int64(limit) {
		return tooLarge(limit)
	}
	from, plain := io.Reader(r.Body), true
	switch encoding := encodingOf(r.Header); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		plain = false
		if !s.memory.take(unpackerBytes) {
			return busy()
		}
		defer s.memory.give(unpackerBytes)
		z := gunzips.Get().(*gzip.Reader)
		defer gunzips.Put(z)
		if err := z.Reset(r.Body); err != nil {
			return unreadBody(err)
		}
		from = z
	default:
		return refused(http.StatusUnsupportedMediaType, "unsupported_encoding",
			fmt.Sprintf("Content-Encoding %.20q is not supported: use gzip or none", encoding))
	}
	for want := max(firstRead, min(int(r.ContentLength)+1, firstRoom)); ; want *= 2 {
		if want = min(want, limit+1); plain && r.ContentLength >= 0 {
			want = min(want, max(firstRead, int(r.ContentLength)+1))
		}
		if !s.reserve(w, int64(want)) {
			return busy()
		}
		if done, err := w.fill(from, want); err != nil {
			return unreadBody(err)
		} else if done {
			s.metrics.bytes.Add(float64(len(w.Body)))
			w.whole = true
			w.Body = bytes.TrimPrefix(w.Body, bom)
			return nil
		}
		if len(w.Body) > limit {
			return tooLarge(limit)
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

// reserve makes w's reservation at least n bytes.
func (s *Service) reserve(w *work, n int64) bool {
	more := n - w.reserved
	if more <= 0 {
		return true
	}
	take := s.memory.take
	if n > firstRoom {
		take = s.memory.takeLarge
	}
	if !take(more) {
		return false
	}
	w.reserved = n
	return true
}

// fill reads until w.body has want bytes or the input ends.
func (w *work) fill(from io.Reader, want int) (done bool, err error) {
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
func unreadBody(err error) *refusal {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refused(http.StatusRequestTimeout, "body_timeout", "the body did not arrive in time: send it again")
	}
	return refused(http.StatusBadRequest, "unreadable_body", "the body cannot be read to its end: "+err.Error())
}

func tooLarge(limit int) *refusal {
	return refused(http.StatusRequestEntityTooLarge, decode.ReasonTooLarge,
		fmt.Sprintf("the body is larger than %d bytes after decompression: send fewer events at once", limit))
}

func busy() *refusal {
	return refused(http.StatusServiceUnavailable, "busy", "too much is being taken in at once: send the same request again")
}
