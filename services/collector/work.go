package collector

import (
	"net/http"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/enrich"
)

// work is what one request needs while it is decoded. It is pooled: nothing in it
// may be handed to the broker, which can hold on to a record after a request has timed out.
type work struct {
	decode.Work
	enriching  enrich.Work
	msgs       []broker.Message
	rejections []Rejection
	told       []Told
	live       int    // accepted events that are no history
	whole      bool   // the body was read to its end
	reserved   int64  // bytes taken from the service's budget
	page       string // the web origin that may read the answer; empty when there is none, or any may
	paged      bool   // the answer depends on the web origin
}

// refusal is why a whole request was refused; nothing of it was taken.
type refusal struct {
	status int
	// code is a word for programs, message a sentence for people.
	code, message string
	// wait is how long the client should wait before it tries again; zero means the configured time.
	wait time.Duration
}

func refused(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

// badBody is the answer to a body whose events cannot be told apart; nil when they can.
func badBody(f *decode.Fault) *refusal {
	if f == nil {
		return nil
	}
	return refused(http.StatusBadRequest, f.Reason, f.Detail)
}

var works = sync.Pool{New: func() any { return new(work) }}

// release gives the work back to the pool, unless it would keep a large request in memory.
func (s *Service) release(w *work) {
	s.memory.give(w.reserved)
	if cap(w.Body) > 256<<10 || cap(w.Items) > 512 {
		return
	}
	w.Reset()
	clear(w.msgs)
	w.msgs, w.rejections, w.told = w.msgs[:0], nil, nil
	w.reserved, w.page, w.paged, w.whole = 0, "", false, false
	works.Put(w)
}
