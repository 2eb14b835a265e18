package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// ParseCloudEvents reads the body as an array of events, which may be empty.
func (w *Work) ParseCloudEvents(limits Limits) *Fault {
	s := &w.outer
	s.Reset(w.Body, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	if s.Peek() != '[' {
		return &Fault{BatchNotAnArray, "the body must be an array of CloudEvents"}
	}
	err := w.scanBatch(limits, utf8.Valid(w.Body))
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return bodyFault(err, limits)
	}
	return nil
}

// ConvertAll makes track calls of the items of ParseSingle or ParseCloudEvents, which were found as CloudEvents; a batch of them has no envelope.
func (w *Work) ConvertAll(limits Limits) {
	w.Envelope = Envelope{}
	for i := range w.Items {
		w.convert(&w.Items[i], limits)
	}
}

// convert makes a track call of a CloudEvent; what is wrong with it is noted in the item.
func (w *Work) convert(it *Item, limits Limits) {
	if it.Fault != nil {
		it.NameAfter(jsonscan.Find(it.Raw, "source"), jsonscan.Find(it.Raw, "id"))
		return
	}
	raw, length := it.Raw, it.length
	*it = Item{Raw: raw, length: length}
	e := cloudEvent{context: []byte(`{"cloudevent":{`)}
	if it.Fault = e.scan(&w.inner, raw); it.Fault == nil {
		it.Fault = e.fill(it, &w.inner, limits)
	}
	if it.Fault != nil {
		it.NameAfter(e.source, e.id)
	}
}

// NameAfter gives an event that is refused the message id that it would have, when both of its names are there.
func (it *Item) NameAfter(source, id []byte) {
	if len(source) > 2 && source[0] == '"' && len(id) > 2 && id[0] == '"' {
		it.MessageID = CloudEventID(jsonscan.Text(source), jsonscan.Text(id))
	}
}

// InItsWords names the attribute where the detail of a fault speaks of Segment's members.
func (o *Origin) InItsWords(f *Fault) *Fault {
	if !o.CloudEvents || f.Reason != ReasonNoIdentifier {
		return f
	}
	return &Fault{f.Reason, "the event names nobody: send the extension attribute userid or anonymousid, userId or anonymousId in data, or subject (values such as null and 0 name nobody)"}
}

// cloudEvent is one event's attributes as raw JSON, nil when absent.
type cloudEvent struct {
	specversion, id, source, typ, subject, time []byte
	userID, anonymousID, data, base64           []byte
	// context is the beginning of an object with every attribute that has no other place.
	context []byte
}

// BadCloudEvent is why a CloudEvent is refused that is JSON and breaks the specification.
func BadCloudEvent(format string, args ...any) *Fault {
	return &Fault{ReasonBadCloudEvent, fmt.Sprintf(format, args...)}
}

// scan finds the attributes. raw was found to be a JSON object before.
func (e *cloudEvent) scan(s *jsonscan.Scanner, raw []byte) *Fault {
	var f *Fault
	s.Reset(raw, 0, jsonscan.Limits{})
	err := s.Object(func(key []byte) error {
		name := string(key)
		value, err := s.Skip()
		if err != nil || !present(value) {
			return err
		}
		if to := e.place(name); to != nil {
			*to = value
		}
		switch name {
		case "data", "data_base64", "type", "time", "userid", "anonymousid":
			return nil
		}
		if value[0] == '{' || value[0] == '[' {
			f = BadCloudEvent("the attribute %.40s must be a text, a number or a boolean: put objects into data", name)
			return nil
		}
		e.context = Member(e.context, key, value)
		return nil
	})
	if err != nil {
		return &Fault{ReasonInvalidJSON, err.Error()}
	}
	return f
}

// place is where an attribute goes; nil when it is an extension like any other.
func (e *cloudEvent) place(name string) *[]byte {
	switch name {
	case "specversion":
		return &e.specversion
	case "id":
		return &e.id
	case "source":
		return &e.source
	case "type":
		return &e.typ
	case "subject":
		return &e.subject
	case "time":
		return &e.time
	case "userid":
		return &e.userID
	case "anonymousid":
		return &e.anonymousID
	case "data":
		return &e.data
	case "data_base64":
		return &e.base64
	}
	return nil
}

// fill makes the item a track call.
func (e *cloudEvent) fill(it *Item, s *jsonscan.Scanner, limits Limits) *Fault {
	for _, required := range []struct {
		name string
		raw  []byte
	}{{"specversion", e.specversion}, {"id", e.id}, {"source", e.source}, {"type", e.typ}} {
		if required.raw == nil || required.raw[0] != '"' || len(required.raw) == 2 {
			return BadCloudEvent("the required attribute %s is missing, empty or no text", required.name)
		}
	}
	it.MessageID = CloudEventID(jsonscan.Text(e.source), jsonscan.Text(e.id))
	if version := jsonscan.Text(e.specversion); string(version) != "1.0" {
		return BadCloudEvent("specversion %.20q is not read: send 1.0", version)
	}
	it.event, it.timestamp = e.typ, e.time
	it.context = append(e.context, '}', '}')
	if f := e.readData(it, s, limits); f != nil {
		return f
	}
	if e.userID != nil {
		it.userID = e.userID
	}
	if e.anonymousID != nil {
		it.anonymousID = e.anonymousID
	}
	if it.userID == nil && it.anonymousID == nil {
		it.userID = e.subject
	}
	return nil
}

// readData takes the data as the properties, and the names of the person that it holds.
func (e *cloudEvent) readData(it *Item, s *jsonscan.Scanner, limits Limits) *Fault {
	data := e.data
	if e.base64 != nil {
		if data != nil {
			return BadCloudEvent("data and data_base64 are both there: send one")
		}
		var f *Fault
		if data, f = unpackData(s, e.base64, limits); f != nil {
			return f
		}
	}
	if data == nil {
		return nil
	}
	if data[0] != '{' {
		return BadCloudEvent("data must be a JSON object, not %s", kind(data))
	}
	it.properties = data
	s.Reset(data, 0, jsonscan.Limits{})
	err := s.Object(func(key []byte) error {
		value, err := s.Skip()
		if err == nil && present(value) {
			switch string(key) {
			case "userId":
				it.userID = value
			case "anonymousId":
				it.anonymousID = value
			}
		}
		return err
	})
	if err != nil {
		return &Fault{ReasonInvalidJSON, "data: " + err.Error()}
	}
	return nil
}

// unpackData reads data_base64, whose JSON nobody has looked at yet.
func unpackData(s *jsonscan.Scanner, raw []byte, limits Limits) ([]byte, *Fault) {
	if raw[0] != '"' {
		return nil, BadCloudEvent("data_base64 must be a text, not %s", kind(raw))
	}
	data, err := base64.StdEncoding.DecodeString(string(jsonscan.Text(raw)))
	if err != nil {
		return nil, BadCloudEvent("data_base64 is not base64: %v", err)
	}
	if data = bytes.TrimSpace(data); !utf8.Valid(data) {
		return nil, BadCloudEvent("data_base64 does not hold JSON: it is not UTF-8")
	}
	s.Reset(data, 0, jsonscan.Limits{Depth: limits.Depth, Keys: limits.Keys})
	if _, err := s.Skip(); err != nil {
		return nil, BadCloudEvent("data_base64 does not hold JSON: %v", err)
	}
	if err := s.End(); err != nil {
		return nil, BadCloudEvent("data_base64 does not hold JSON: %v", err)
	}
	if !s.Odd() {
		return data, nil
	}
	if data, err = jsonscan.Canonical(data); err != nil {
		return nil, BadCloudEvent("data_base64 holds a value nobody can read: %v", err)
	}
	return data, nil
}

// CloudEventID is the message id of an event, a JSON string. By the specification source
// and id together are unique; either may be long, and joined by a sign ("a","b-c") and
// ("a-b","c") would be one. In binary mode the percent codes of a source are resolved once, but not every sender has
// written its own percent signs as codes before: the id is of the source without any, so that it is the same in both modes.
func CloudEventID(source, id []byte) []byte {
	source = withoutCodes(source)
	h := sha256.New()
	h.Write(binary.AppendUvarint(nil, uint64(len(source))))
	h.Write(source)
	h.Write(id)
	return []byte(`"ce-` + hex.EncodeToString(h.Sum(nil)[:16]) + `"`)
}

// withoutCodes resolves the percent codes of a source, and those that come out, as long as they are codes of UTF-8.
func withoutCodes(source []byte) []byte {
	for range 4 {
		if !bytes.ContainsRune(source, '%') {
			break
		}
		plain, err := url.PathUnescape(string(source))
		if err != nil || !utf8.ValidString(plain) || plain == string(source) {
			break
		}
		source = []byte(plain)
	}
	return source
}

// JSONText is a text as a JSON string.
func JSONText(text string) []byte {
	raw, _ := json.Marshal(text) // a string always has a JSON form
	return raw
}
