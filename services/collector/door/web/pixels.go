package web

import (
	"net/http"
	"net/url"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/door/web/pixel"
	"github.com/freshet/freshet/services/collector/intake"
)

// addPixels adds the paths that mails and pages without scripts fetch as an image, and
// the one that RudderStack's browser client sends beacons to.
func addPixels(paths map[string]call) {
	for name, typ := range map[string]eventv1.EventType{
		"track": eventv1.EventType_EVENT_TYPE_TRACK, "identify": eventv1.EventType_EVENT_TYPE_IDENTIFY,
		"page": eventv1.EventType_EVENT_TYPE_PAGE, "screen": eventv1.EventType_EVENT_TYPE_SCREEN,
		"group": eventv1.EventType_EVENT_TYPE_GROUP, "alias": eventv1.EventType_EVENT_TYPE_ALIAS,
	} {
		path := "/v1/pixel/" + name
		paths[path] = call{route: "GET " + path, typ: typ, pixel: true, read: readPixel(pixel.Data)}
	}
	for name, typ := range map[string]eventv1.EventType{
		"track": eventv1.EventType_EVENT_TYPE_TRACK, "page": eventv1.EventType_EVENT_TYPE_PAGE,
	} {
		path := "/pixel/v1/" + name
		paths[path] = call{route: "GET " + path, typ: typ, pixel: true, read: readPixel(pixel.Parameters)}
	}
	paths["/beacon/v1/batch"] = call{route: "POST /beacon/v1/batch", read: (*Server).readBeacon}
}

// readPixel reads one event out of the address.
func readPixel(event func(url.Values) ([]byte, *decode.Fault)) func(*Server, *intake.Work, *http.Request, call, directory.Limits) *intake.Refusal {
	return func(s *Server, w *intake.Work, r *http.Request, _ call, limits directory.Limits) *intake.Refusal {
		body, f := event(r.URL.Query())
		if f != nil {
			return intake.BadBody(f)
		}
		if !s.intake.Reserve(w, int64(len(body))) {
			return intake.Busy()
		}
		s.intake.Read(len(body))
		w.Body = append(w.Body[:0], body...)
		return intake.BadBody(w.ParseSingle(limits.Form()))
	}
}

// readBeacon reads a batch whose write key is in the address: a beacon has no headers of its own.
func (s *Server) readBeacon(w *intake.Work, r *http.Request, c call, limits directory.Limits) *intake.Refusal {
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
