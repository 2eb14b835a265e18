package decode

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// Work is what the decoding of one body needs, to be used again for the next. Nothing in it may outlive the request: the event's strings are
// views of the body.
type Work struct {
	// Body is the request's, whole.
	Body []byte
	// Items are the events found in it, in their order.
	Items []Item
	// Envelope is what a batch says of all of them.
	Envelope Envelope
	// Event is the one that was decoded last.
	Event eventv1.Event

	outer, inner jsonscan.Scanner
	identifiers  []*eventv1.Identifier // reused, one struct each
	naming       naming
	orders       orderReader
}

// Reset forgets the body and what was found in it, and keeps the memory.
func (w *Work) Reset() {
	w.Body = w.Body[:0]
	clear(w.Items)
	w.Items, w.Envelope = w.Items[:0], Envelope{}
	w.outer.Reset(nil, 0, jsonscan.Limits{})
	w.inner.Reset(nil, 0, jsonscan.Limits{})
}

// Limits bound the form of what is read.
type Limits struct {
	// BatchEvents is the greatest number of events in a body.
	BatchEvents int
	// Keys is the greatest number of object keys in one event.
	Keys int
	// Depth is how deeply objects and arrays of one event may be nested.
	Depth int
}

// Envelope is what a batch says about all its events, as raw JSON.
type Envelope struct {
	// Context and Integrations are objects that every event has a copy of, WriteKey a string; nil when absent.
	Context, Integrations, WriteKey []byte
	// SentMS is sentAt as Unix milliseconds, 0 when not sent.
	SentMS int64

	sentAt  []byte
	odd     bool // readers may disagree about a member
	ignored []ignored
}

// Next appends an empty item. It is good until the next one.
func (w *Work) Next() *Item {
	w.Items = append(w.Items, Item{})
	return &w.Items[len(w.Items)-1]
}

// ParseSingle reads the body as one event. Whatever is wrong with it is noted in the item.
func (w *Work) ParseSingle(limits Limits) *Fault {
	s := &w.inner
	s.Reset(w.Body, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	if c := s.Peek(); c == 0 {
		return &Fault{EmptyBody, "the body is empty: send one event as a JSON object"}
	} else if c != '{' {
		if _, err := s.Skip(); err == nil {
			return &Fault{ReasonNotAnObject, "the body must be a JSON object"}
		}
	}
	w.Items = w.Items[:0]
	w.ReadAlone(w.Body, limits)
	w.Envelope.WriteKey = w.Items[0].writeKey
	return nil
}

// ParseBatch reads the body as an envelope around events.
func (w *Work) ParseBatch(limits Limits) *Fault {
	s := &w.outer
	s.Reset(w.Body, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	if s.Peek() == 0 {
		return &Fault{EmptyBody, `the body is empty: send {"batch":[...]}`}
	}
	clean := utf8.Valid(w.Body)
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
		return bodyFault(err, limits)
	case !batch:
		return &Fault{MissingBatch, `the body has no "batch": send {"batch":[...]}`}
	case len(w.Items) == 0:
		return &Fault{EmptyBatch, "the batch has no event"}
	}
	w.settleEnvelope(clean)
	return nil
}

// scanBatch finds the events of the array at the outer scanner's position. A
// second "batch" in the envelope replaces the first, as any key that comes twice.
func (w *Work) scanBatch(limits Limits, clean bool) error {
	w.Items = w.Items[:0]
	outer, inner := &w.outer, &w.inner
	if outer.Peek() != '[' {
		return &Fault{BatchNotAnArray, `"batch" must be an array of events`}
	}
	return outer.Array(func() error {
		if len(w.Items) == limits.BatchEvents {
			return TooManyEvents(limits)
		}
		outer.Peek()
		start := outer.Offset()
		inner.Reset(w.Body, start, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
		if err := w.Next().read(inner, start, limits, clean); err != nil {
			return err
		}
		outer.Seek(start + w.Items[len(w.Items)-1].length)
		return nil
	})
}

// TooManyEvents is why a request with more events than that is refused.
func TooManyEvents(limits Limits) *Fault {
	return &Fault{TooManyEventsReason, fmt.Sprintf("the request has more than %d events: send them in several", limits.BatchEvents)}
}

// read scans one element of a batch. It returns an error only when the end of the
// element cannot be found, so that its neighbours cannot be either.
func (it *Item) read(s *jsonscan.Scanner, start int, limits Limits, clean bool) error {
	err := it.walk(s)
	if err == nil {
		length := s.Offset() - start
		if it.Fault == nil {
			it.settle(s, clean)
		}
		it.length = length
		return nil
	}
	raw, ok := s.Resync(start)
	if !ok || len(bytes.TrimSpace(raw)) == 0 {
		return err
	}
	it.length, it.Raw, it.Fault = len(raw), bytes.TrimSpace(raw), scanFault(err, start, limits)
	return nil
}

// walk scans the value at the scanner's position, which may turn out to be no event.
func (it *Item) walk(s *jsonscan.Scanner) (err error) {
	if s.Peek() == '{' {
		return it.scan(s)
	}
	if it.Raw, err = s.Skip(); err == nil {
		it.Fault = &Fault{ReasonNotAnObject, "an event must be a JSON object, not " + kind(it.Raw)}
	}
	return err
}

// bodyFault is why a body is refused whose envelope cannot be read.
func bodyFault(err error, limits Limits) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{scanFault(err, 0, limits).Reason, "the body cannot be read as JSON: " + err.Error()}
}

// ReadAlone adds an event that is a text of its own, so that nothing has to be split.
func (w *Work) ReadAlone(raw []byte, limits Limits) {
	it, s := w.Next(), &w.inner
	s.Reset(raw, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	err := it.walk(s)
	if err == nil {
		err = s.End()
	}
	switch {
	case err != nil:
		it.Raw, it.Fault = raw, scanFault(err, 0, limits)
	case it.Fault == nil:
		it.settle(s, utf8.Valid(raw))
	}
}

// OneValue says why a text is not one JSON value; nil when it is.
func (w *Work) OneValue(text []byte, limits Limits) *Fault {
	s := &w.inner
	s.Reset(text, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	_, err := s.Skip()
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return scanFault(err, 0, limits)
	}
	return nil
}
