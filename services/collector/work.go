package collector

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/freshet/freshet/pkg/broker"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// work is what one request needs while it is decoded. It is pooled: nothing in it
// may be handed to the broker, which can hold on to a record after a request has timed out.
type work struct {
	body         []byte
	items        []item
	envelope     envelope
	outer, inner jsonscan.Scanner
	event        eventv1.Event
	identifiers  []*eventv1.Identifier // reused, one struct each
	naming       naming
	enriching    enrich.Work
	orders       orderReader
	msgs         []broker.Message
	rejections   []Rejection
	told         []Told
	live         int    // accepted events that are no history
	whole        bool   // the body was read to its end
	reserved     int64  // bytes taken from the service's budget
	page         string // the web origin that may read the answer; empty when there is none, or any may
	paged        bool   // the answer depends on the web origin
}

// envelope is what a batch says about all its events, as raw JSON.
type envelope struct {
	context, integrations, sentAt, writeKey []byte
	sentMS                                  int64 // sentAt as Unix milliseconds, 0 when not sent
	odd                                     bool  // readers may disagree about a member
	ignored                                 []ignored
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

func (r *refusal) Error() string { return r.message }

var works = sync.Pool{New: func() any { return new(work) }}

// release gives the work back to the pool, unless it would keep a large request in memory.
func (s *Service) release(w *work) {
	s.memory.give(w.reserved)
	if cap(w.body) > 256<<10 || cap(w.items) > 512 {
		return
	}
	w.body = w.body[:0]
	clear(w.items)
	clear(w.msgs)
	w.items, w.msgs, w.rejections = w.items[:0], w.msgs[:0], nil
	w.told = nil
	w.envelope, w.reserved, w.page, w.paged, w.whole = envelope{}, 0, "", false, false
	w.outer.Reset(nil, 0, jsonscan.Limits{})
	w.inner.Reset(nil, 0, jsonscan.Limits{})
	works.Put(w)
}

// next appends an empty item.
func (w *work) next() *item {
	w.items = append(w.items, item{})
	return &w.items[len(w.items)-1]
}

// parseSingle reads the body as one event. Whatever is wrong with it is noted in the item.
func (w *work) parseSingle(limits Limits) *refusal {
	s := &w.inner
	s.Reset(w.body, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	if c := s.Peek(); c == 0 {
		return refused(http.StatusBadRequest, "empty_body", "the body is empty: send one event as a JSON object")
	} else if c != '{' {
		if _, err := s.Skip(); err == nil {
			return refused(http.StatusBadRequest, reasonNotAnObject, "the body must be a JSON object")
		}
	}
	w.items = w.items[:0]
	w.readAlone(w.body, limits)
	w.envelope.writeKey = w.items[0].writeKey
	return nil
}

// parseBatch reads the body as an envelope around events.
func (w *work) parseBatch(limits Limits) *refusal {
	s := &w.outer
	s.Reset(w.body, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	if s.Peek() == 0 {
		return refused(http.StatusBadRequest, "empty_body", `the body is empty: send {"batch":[...]}`)
	}
	clean := utf8.Valid(w.body)
	batch := false
	err := s.Object(func(key []byte) error {
		switch string(key) {
		case "batch":
			batch = true
			return w.scanBatch(limits, clean)
		}
		return w.scanMember(key, limits)
	})
	if err == nil {
		err = s.End()
	}
	switch {
	case err != nil:
		return bodyRefusal(err, limits)
	case !batch:
		return refused(http.StatusBadRequest, "missing_batch", `the body has no "batch": send {"batch":[...]}`)
	case len(w.items) == 0:
		return refused(http.StatusBadRequest, "empty_batch", "the batch has no event")
	}
	w.settleEnvelope(clean)
	return nil
}

// scanBatch finds the events of the array at the outer scanner's position. A
// second "batch" in the envelope replaces the first, as any key that comes twice.
func (w *work) scanBatch(limits Limits, clean bool) error {
	w.items = w.items[:0]
	outer, inner := &w.outer, &w.inner
	if outer.Peek() != '[' {
		return refused(http.StatusBadRequest, "batch_not_an_array", `"batch" must be an array of events`)
	}
	return outer.Array(func() error {
		if len(w.items) == limits.BatchEvents {
			return tooManyEvents(limits)
		}
		outer.Peek()
		start := outer.Offset()
		inner.Reset(w.body, start, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
		if err := w.next().read(inner, start, limits, clean); err != nil {
			return err
		}
		outer.Seek(start + w.items[len(w.items)-1].length)
		return nil
	})
}

func tooManyEvents(limits Limits) *refusal {
	return refused(http.StatusBadRequest, "too_many_events",
		fmt.Sprintf("the request has more than %d events: send them in several", limits.BatchEvents))
}

// read scans one element of a batch. It returns an error only when the end of the
// element cannot be found, so that its neighbours cannot be either.
func (it *item) read(s *jsonscan.Scanner, start int, limits Limits, clean bool) error {
	err := it.walk(s)
	if err == nil {
		length := s.Offset() - start
		if it.fault == nil {
			it.settle(s, clean)
		}
		it.length = length
		return nil
	}
	raw, ok := s.Resync(start)
	if !ok || len(bytes.TrimSpace(raw)) == 0 {
		return err
	}
	it.length, it.raw, it.fault = len(raw), bytes.TrimSpace(raw), scanFault(err, start, limits)
	return nil
}

// walk scans the value at the scanner's position, which may turn out to be no event.
func (it *item) walk(s *jsonscan.Scanner) (err error) {
	if s.Peek() == '{' {
		return it.scan(s)
	}
	if it.raw, err = s.Skip(); err == nil {
		it.fault = &fault{reasonNotAnObject, "an event must be a JSON object, not " + kind(it.raw)}
	}
	return err
}

// bodyRefusal is the answer to a body whose envelope cannot be read.
func bodyRefusal(err error, limits Limits) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	f := scanFault(err, 0, limits)
	return refused(http.StatusBadRequest, f.reason, "the body cannot be read as JSON: "+err.Error())
}
