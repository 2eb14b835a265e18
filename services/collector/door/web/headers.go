package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/services/collector/intake"
)

// later tells a client when to come again. Segment's browser library reads X-RateLimit-Reset as seconds from now; newer ones read
// Retry-After. Scripts see neither unless they are exposed.
func later(h http.Header, wait time.Duration) {
	text := strconv.Itoa(intake.Seconds(wait))
	h.Set("Retry-After", text)
	h.Set("X-RateLimit-Reset", text)
	h.Set("Access-Control-Expose-Headers", "Retry-After, X-RateLimit-Reset")
}

// share lets the page that sent the request read its answer: any page, or the one that is allowed. A page that is not allowed may
// read why: to a client whose answer is hidden it looks like a broken network, and it would send again and again.
func share(w *intake.Work, h http.Header) {
	if !w.Paged {
		return
	}
	if w.Page != "" {
		h.Set("Access-Control-Allow-Origin", w.Page)
	}
	if !strings.Contains(h.Get("Vary"), "Origin") {
		h.Add("Vary", "Origin")
	}
}

// BehindHeader says in an answer how late what was taken is, in seconds.
const BehindHeader = "X-Freshet-Behind"

// tellBehind says in an answer that what was taken is late.
func (s *Server) tellBehind(h http.Header) {
	if n := s.intake.BehindSeconds(); n > 0 {
		h.Set(BehindHeader, strconv.Itoa(n))
	}
}

// retried says that the client tells it has sent the request before: Segment's clients leave the header out at first and count in it then.
func retried(h http.Header) bool { return intake.Retried(h.Get("X-Retry-Count")) }

// preflight lets pages of any origin post: a write key is public in a web page anyway.
func preflight(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Vary", "Access-Control-Request-Headers")
	rw.WriteHeader(http.StatusNoContent)
}
