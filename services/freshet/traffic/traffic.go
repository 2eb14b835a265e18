// Package traffic reads observed events as tracking plans look at them: out of NDJSON files of Segment bodies or of what `freshet tail`
// prints, and out of events.raw.v1. It is not for sending, and it judges nothing.
package traffic

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/plan"
)

// Event is one observed event.
type Event struct {
	plan.Event
	// Source is the write key's name; empty when the input does not say it.
	Source string
}

// maxLine is the longest line of a file, in bytes: a batch as large as the collector takes, four times.
const maxLine = 16 << 20

// Report is what became of a file's lines.
type Report struct {
	// Lines that were not blank, and Events in them.
	Lines, Events int64
	// Skipped lines hold no event, or none that can be read; Fault says why of the first.
	Skipped int64
	Fault   error
}

// Read hands every event of an NDJSON text to take, until it fails or the text ends. A line that cannot be read is counted and passed over.
// read is told how many bytes are done.
func Read(in io.Reader, take func(Event) error, read func(bytes int)) (Report, error) {
	var rep Report
	lines := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		line, size, err := next(lines)
		read(size)
		if size == 0 && errors.Is(err, io.EOF) {
			return rep, nil
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLong) {
			return rep, fmt.Errorf("read line %d: %w", n, err)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && err == nil {
			continue
		}
		rep.Lines++
		events, fault := decode(line)
		if errors.Is(err, errLong) {
			fault = err
		}
		if fault != nil {
			rep.Skipped++
			if rep.Fault == nil {
				rep.Fault = fmt.Errorf("line %d: %w", n, fault)
			}
			continue
		}
		for _, e := range events {
			rep.Events++
			if err := take(e); err != nil {
				return rep, err
			}
		}
	}
}

var errLong = fmt.Errorf("longer than %d bytes", maxLine)

// next reads one line; of a line that is too long nothing is kept.
func next(r *bufio.Reader) (line []byte, size int, err error) {
	for {
		part, err := r.ReadSlice('\n')
		size += len(part)
		if size <= maxLine {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if size > maxLine {
			return nil, size, errLong
		}
		if errors.Is(err, io.EOF) && size > 0 {
			err = nil
		}
		return line, size, err
	}
}

// wire is any of the forms an event comes in.
type wire struct {
	// Segment's.
	Type       string            `json:"type"`
	Event      json.RawMessage   `json:"event"`
	Name       string            `json:"name"`
	Category   json.RawMessage   `json:"category"`
	Context    json.RawMessage   `json:"context"`
	Properties json.RawMessage   `json:"properties"`
	Traits     json.RawMessage   `json:"traits"`
	Batch      []json.RawMessage `json:"batch"`
	// The event's as `freshet tail` prints it.
	Source         string          `json:"source"`
	ContextJSON    json.RawMessage `json:"context_json"`
	PropertiesJSON json.RawMessage `json:"properties_json"`
	TraitsJSON     json.RawMessage `json:"traits_json"`
	// The line's of `freshet tail`.
	Topic string          `json:"topic"`
	Value json.RawMessage `json:"value"`
}

// maxNest is how deeply the forms may lie in each other: a line's value, a resolved event's event.
const maxNest = 4

func decode(line []byte) ([]Event, error) { return unfold(line, nil, maxNest) }

// unfold finds the events in a value. shared is the context of the batch around it.
func unfold(raw, shared json.RawMessage, depth int) ([]Event, error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, fmt.Errorf("no event: %w", err)
	}
	object := len(w.Event) > 0 && w.Event[0] == '{'
	switch {
	case depth == 0:
		return nil, errors.New("no event: nested too deeply")
	case w.Topic != "" && len(w.Value) > 0:
		return unfold(w.Value, nil, depth-1)
	case object:
		return unfold(w.Event, nil, depth-1)
	case w.Batch != nil:
		var out []Event
		for _, b := range w.Batch {
			events, err := unfold(b, w.Context, depth-1)
			if err != nil {
				return nil, err
			}
			out = append(out, events...)
		}
		return out, nil
	}
	e, err := w.event(shared)
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// event reads one event of either form.
func (w *wire) event(shared json.RawMessage) (Event, error) {
	if number, ok := eventv1.EventType_value[w.Type]; ok && number != 0 {
		e := plan.Event{Type: eventv1.EventType(number), Name: w.Name, Context: w.ContextJSON}
		e.Body = w.PropertiesJSON
		if plan.TraitsOf(e.Type) {
			e.Body = w.TraitsJSON
		}
		return Event{Event: e, Source: w.Source}, nil
	}
	number, ok := eventv1.EventType_value["EVENT_TYPE_"+strings.ToUpper(w.Type)]
	if !ok || number == 0 || strings.ToLower(w.Type) != w.Type {
		return Event{}, fmt.Errorf("no event: type %.40q is none of track, identify, page, screen, group, alias", w.Type)
	}
	e := plan.Event{Type: eventv1.EventType(number), Name: w.Name, Context: object(w.Context), Body: object(w.Properties)}
	if e.Context == nil {
		e.Context = object(shared)
	}
	switch e.Type {
	case eventv1.EventType_EVENT_TYPE_TRACK:
		if err := json.Unmarshal(w.Event, &e.Name); err != nil {
			return Event{}, errors.New(`no event: a track call has its name in "event"`)
		}
	case eventv1.EventType_EVENT_TYPE_PAGE, eventv1.EventType_EVENT_TYPE_SCREEN:
		if err := w.categorise(&e); err != nil {
			return Event{}, err
		}
	case eventv1.EventType_EVENT_TYPE_IDENTIFY, eventv1.EventType_EVENT_TYPE_GROUP:
		e.Name, e.Body = "", object(w.Traits)
		if e.Body == nil && e.Type == eventv1.EventType_EVENT_TYPE_IDENTIFY {
			e.Body = contextTraits(e.Context)
		}
	}
	return Event{Event: e}, nil
}

// contextTraits are the traits of a client that sends them in the context alone, as RudderStack's browser client does.
func contextTraits(context []byte) []byte {
	var w struct {
		Traits json.RawMessage `json:"traits"`
	}
	if len(context) == 0 || json.Unmarshal(context, &w) != nil {
		return nil
	}
	return object(w.Traits)
}

// categorise puts the category of a page among its properties, as the collector does.
func (w *wire) categorise(e *plan.Event) error {
	if len(w.Category) == 0 || string(w.Category) == "null" {
		return nil
	}
	var has struct {
		Category json.RawMessage `json:"category"`
	}
	if len(e.Body) > 0 {
		if err := json.Unmarshal(e.Body, &has); err != nil {
			return fmt.Errorf("no event: %w", err)
		}
	}
	if has.Category != nil {
		return nil
	}
	member := append([]byte(`{"category":`), w.Category...)
	if inner := bytes.TrimSpace(bytes.TrimPrefix(e.Body, []byte("{"))); len(inner) > 1 {
		e.Body = append(append(member, ','), inner...)
	} else {
		e.Body = append(member, '}')
	}
	return nil
}

// object is a raw object, nil for what the collector takes as none.
func object(raw json.RawMessage) []byte {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return raw
}
