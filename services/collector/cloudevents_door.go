package collector

import (
	"fmt"
	"net/http"
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
)

// The media types of CloudEvents' HTTP binding start with these; what follows is the format, of which JSON is read.
const (
	cloudEventLabel  = "application/cloudevents"
	cloudEventsLabel = "application/cloudevents-batch"
)

// addCloudEvents adds the path of CloudEvents 1.0.
func addCloudEvents(paths map[string]call) {
	const path = "/v1/cloudevents"
	paths[path] = call{route: "POST " + path, typ: eventv1.EventType_EVENT_TYPE_TRACK, cloudEvents: true, read: (*Service).readCloudEvents}
}

// label is the media type of a request without its parameters.
func label(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// readCloudEvents reads the three content modes of the HTTP binding and turns what it
// finds into track calls, which then go the way of all others.
func (s *Service) readCloudEvents(w *intake.Work, r *http.Request, c call, limits directory.Limits) *intake.Refusal {
	format := label(r.Header)
	structured := strings.HasPrefix(format, cloudEventLabel)
	if structured && !strings.HasSuffix(format, "+json") {
		return intake.Refuse(http.StatusUnsupportedMediaType, "unsupported_format",
			fmt.Sprintf("%.60q is not read: send %s+json, %s+json or binary mode", format, cloudEventLabel, cloudEventsLabel))
	}
	if ref := s.readBody(w, r, limits.BodyBytes); ref != nil {
		return ref
	}
	if !s.intake.ReserveMore(w, int64(len(w.Body))) { // attributes and decoded data are copied
		return intake.Busy()
	}
	var ref *intake.Refusal
	switch {
	case c.many:
		ref = intake.BadBody(w.ParseCloudEvents(limits.Form()))
	case structured:
		ref = intake.BadBody(w.ParseSingle(limits.Form()))
	default:
		ref = parseBinary(w, r.Header, limits.Form())
	}
	if ref != nil {
		return ref
	}
	w.ConvertAll(limits.Form())
	return nil
}
