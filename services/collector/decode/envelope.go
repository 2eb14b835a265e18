package decode

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// The rule for members of the wrong kind: what an event or a batch says beside its point never costs an event. It is left out, and a note on each
// event concerned says so. Only where the events themselves cannot be found is the body refused.

// ignored is a member of the envelope that was left out, and why.
type ignored struct{ path, detail string }

// Ignore leaves a member out.
func (e *Envelope) Ignore(path, format string, args ...any) {
	if len(e.ignored) < maxNotes {
		e.ignored = append(e.ignored, ignored{path, fmt.Sprintf(format, args...) + ": it was left out of every event of the batch"})
	}
}

// noteEnvelope says on w.event what of its batch was left out.
func (w *Work) noteEnvelope() {
	for _, i := range w.Envelope.ignored {
		w.Note(NoteBadEnvelope, i.path, i.detail)
	}
}

// scanMember reads a member of the envelope at the outer scanner's position, and walks around one that is not JSON, or is nested too deep, if its end can be found.
func (w *Work) scanMember(key []byte, limits Limits) error {
	var to *[]byte
	name := ""
	switch string(key) {
	case "context":
		name, to = "context", &w.Envelope.Context
	case "integrations":
		name, to = "integrations", &w.Envelope.Integrations
	case "sentAt":
		name, to = "sentAt", &w.Envelope.sentAt
	case "writeKey":
		name, to = "writeKey", &w.Envelope.WriteKey
	}
	outer, inner := &w.outer, &w.inner
	outer.Peek()
	start := outer.Offset()
	inner.Reset(w.Body, start, jsonscan.Limits{Depth: max(1, limits.Depth-1), Keys: limits.Keys}) // as deep as in an event
	raw, err := inner.Skip()
	if err == nil && inner.Peek() != ',' && inner.Peek() != '}' {
		err = fmt.Errorf("there is more behind %s at byte %d", kind(raw), inner.Offset())
	}
	if err == nil {
		outer.Seek(start + len(raw))
		w.Envelope.odd = w.Envelope.odd || inner.Odd()
	} else {
		if !outer.Around(start) {
			return err
		}
		raw = nil
		if to != nil {
			w.Envelope.Ignore(name, "%s of the batch cannot be read: %v", name, err)
		}
	}
	if to != nil {
		*to = raw
	}
	return nil
}

// settleEnvelope checks what all events share. clean says that the whole body is valid UTF-8.
func (w *Work) settleEnvelope(clean bool) {
	e := &w.Envelope
	e.Context = e.settle("context", e.Context, clean)
	e.Integrations = e.settle("integrations", e.Integrations, clean)
	var f *Fault
	if e.SentMS, f = timeOf("sentAt", e.sentAt); f != nil {
		e.Ignore("sentAt", "%s", f.Detail)
	}
}

// settle makes an object of the envelope agree with every other reader of its JSON, or leaves it out.
func (e *Envelope) settle(name string, raw []byte, clean bool) []byte {
	raw, f := object(name, raw)
	switch {
	case f != nil:
		e.Ignore(name, "%s", f.Detail)
		return nil
	case len(raw) > 0 && !clean && !utf8.Valid(raw):
		e.Ignore(name, "%s is not valid UTF-8", name)
		return nil
	case len(raw) == 0 || !e.odd:
		return raw
	}
	canonical, err := jsonscan.Canonical(raw)
	if err != nil {
		e.Ignore(name, "%s holds a value nobody can read: %v", name, err)
		return nil
	}
	return canonical
}

// object returns a member of w.event that has to be an object; what else was sent is left out with a note.
func (w *Work) object(field string, raw []byte) []byte {
	raw, f := object(field, raw)
	if f != nil {
		w.Note(NoteWrongType, field, f.Detail+": it was left out")
	}
	return raw
}

// object returns a member that has to be an object, nil when it is absent, null or
// the empty array that PHP makes of an empty object.
func object(field string, raw []byte) ([]byte, *Fault) {
	switch {
	case !present(raw), raw[0] == '[' && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0:
		return nil, nil
	case raw[0] != '{':
		return nil, wrongType(field, "an object", raw)
	case len(raw) == 2:
		return nil, nil
	}
	return raw, nil
}
