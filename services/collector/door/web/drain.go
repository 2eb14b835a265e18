package web

import (
	"io"
	"net/http"
	"time"
)

// A refusal is often decided before the body is read, and a connection that is closed while the client still sends is reset by the kernel:
// the client, or the proxy before it, finds a broken connection in place of the answer, says 502, and sends again. So the answer is written
// first, and then what the client still sends is read and thrown away, with none of the memory for bodies, until it has sent
// all, has closed its side, or one of these bounds is reached: then our half is closed, and half a second later all of it.
//
// This is for connections that end after the answer: HTTP/1.0 and Connection: close, as nginx speaks by default, and where
// unread ends it. On one that stays open net/http reads a small body before it answers; HTTP/2 ends a stream alone.
const (
	// unwantedBytes is how much of one body is read for nothing.
	unwantedBytes = 16 << 20
	// maxDrains is how many bodies at once are; what is beyond is closed at once. Each holds 8 KB.
	maxDrains = 512
	// smallBody is what the server may read of a body that nobody wants, to keep the connection for the next request, in bytes.
	smallBody = 64 << 10
)

// unread ends the connection after the answer when a large body, or one of unknown size, was not read: the server would read on
// first, for as long as a request may take, and only then answer.
func unread(h http.Header, r *http.Request) {
	if r.ProtoMajor == 1 && (r.ContentLength < 0 || r.ContentLength > smallBody) {
		h.Set("Connection", "close")
	}
}

// drain is called after the answer, whatever it was. For a body that was read to its end it does nothing.
func (s *Server) drain(rw http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 1 || r.ContentLength == 0 || !r.Close && rw.Header().Get("Connection") != "close" {
		return
	}
	defer s.draining.Add(-1)
	if s.draining.Add(1) > maxDrains {
		return
	}
	answer := http.NewResponseController(rw)
	if answer.Flush() != nil || answer.SetReadDeadline(time.Now().Add(s.cfg.ReadTimeout)) != nil {
		return // the client is gone
	}
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(rw, r.Body, unwantedBytes)) // an end like any other: the answer is on its way
}
