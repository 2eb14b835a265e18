package collector

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
)

// dot is a transparent image of one pixel.
const dot = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00," +
	"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// addPixels adds the paths that mails and pages without scripts fetch as an image, and
// the one that RudderStack's browser client sends beacons to.
func addPixels(paths map[string]call) {
	for name, typ := range map[string]eventv1.EventType{
		"track": eventv1.EventType_EVENT_TYPE_TRACK, "identify": eventv1.EventType_EVENT_TYPE_IDENTIFY,
		"page": eventv1.EventType_EVENT_TYPE_PAGE, "screen": eventv1.EventType_EVENT_TYPE_SCREEN,
		"group": eventv1.EventType_EVENT_TYPE_GROUP, "alias": eventv1.EventType_EVENT_TYPE_ALIAS,
	} {
		path := "/v1/pixel/" + name
		paths[path] = call{route: "GET " + path, typ: typ, pixel: true, read: (*Service).readPixelData}
	}
	for name, typ := range map[string]eventv1.EventType{
		"track": eventv1.EventType_EVENT_TYPE_TRACK, "page": eventv1.EventType_EVENT_TYPE_PAGE,
	} {
		path := "/pixel/v1/" + name
		paths[path] = call{route: "GET " + path, typ: typ, pixel: true, read: (*Service).readPixelQuery}
	}
	paths["/beacon/v1/batch"] = call{route: "POST /beacon/v1/batch", read: (*Service).readBeacon}
}

// readPixelData reads Segment's form: one event as JSON, in base64, in the address.
func (s *Service) readPixelData(w *intake.Work, r *http.Request, _ call, limits directory.Limits) *intake.Refusal {
	data := r.URL.Query().Get("data")
	if data == "" {
		return intake.Refuse(http.StatusBadRequest, "missing_data", "the address has no data: send ?data=, one event as JSON in base64")
	}
	body, err := unbase64(data)
	if err != nil {
		return intake.Refuse(http.StatusBadRequest, "bad_base64", "data is not base64: "+err.Error())
	}
	return s.readPixel(w, body, limits)
}

// unbase64 takes both alphabets, padded or not, and the blanks that become of a + in an address.
func unbase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// readPixelQuery reads RudderStack's form: each member of the event a parameter of the
// address, dots in its name for objects within objects.
func (s *Service) readPixelQuery(w *intake.Work, r *http.Request, _ call, limits directory.Limits) *intake.Refusal {
	query := r.URL.Query()
	if len(query) == 0 {
		return intake.Refuse(http.StatusBadRequest, "missing_data", "the address has no parameters: send ?writeKey=...&anonymousId=...&event=...")
	}
	event := map[string]any{}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names) // of a and a.b the second wins, always
	for _, name := range names {
		if value := query[name][0]; utf8.ValidString(name) && utf8.ValidString(value) {
			nest(event, name, value)
		} else {
			return intake.Refuse(http.StatusBadRequest, decode.ReasonInvalidUTF8, "the address has a parameter that is not UTF-8")
		}
	}
	if id, ok := event["anonymousId"].(string); ok {
		event["anonymousId"] = strings.Trim(id, `"`) // AMP pages send it in quotes
	}
	body, err := json.Marshal(event)
	if err != nil {
		return intake.Refuse(http.StatusBadRequest, decode.ReasonInvalidJSON, "the parameters cannot be read: "+err.Error())
	}
	return s.readPixel(w, body, limits)
}

// nest sets a.b.c of an object of objects.
func nest(object map[string]any, name, value string) {
	for {
		first, rest, nested := strings.Cut(name, ".")
		if !nested {
			object[name] = value
			return
		}
		inner, ok := object[first].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[first] = inner
		}
		object, name = inner, rest
	}
}

func (s *Service) readPixel(w *intake.Work, body []byte, limits directory.Limits) *intake.Refusal {
	if !s.intake.Reserve(w, int64(len(body))) {
		return intake.Busy()
	}
	s.intake.Read(len(body))
	w.Body = append(w.Body[:0], body...)
	return intake.BadBody(w.ParseSingle(limits.Form()))
}

// readBeacon reads a batch whose write key is in the address: a beacon has no headers of its own.
func (s *Service) readBeacon(w *intake.Work, r *http.Request, c call, limits directory.Limits) *intake.Refusal {
	if ref := s.readBody(w, r, limits.BodyBytes); ref != nil {
		return ref
	}
	if ref := s.intake.Parse(w, c.single(), limits); ref != nil {
		return ref
	}
	if w.Envelope.WriteKey == nil {
		w.Envelope.WriteKey = decode.JSONText(r.URL.Query().Get("writeKey"))
	}
	return nil
}

// answerPixel sends the image: the event is stored. What is not stored gets the status
// and the words that every other path has; an image tag looks at neither.
func answerPixel(rw http.ResponseWriter) {
	h := rw.Header()
	h.Set("Content-Type", "image/gif")
	rw.WriteHeader(http.StatusOK)
	_, _ = rw.Write([]byte(dot)) // the reader may be gone; nobody is left to tell
}
