package web

import (
	"net/http"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/door/web/cloudevents"
	"github.com/freshet/freshet/services/collector/intake"
)

// addCloudEvents adds the path of CloudEvents 1.0.
func addCloudEvents(paths map[string]call) {
	const path = "/v1/cloudevents"
	paths[path] = call{route: "POST " + path, typ: eventv1.EventType_EVENT_TYPE_TRACK, cloudEvents: true, read: (*Server).readCloudEvents}
}

// readCloudEvents reads one event, or many.
func (s *Server) readCloudEvents(w *intake.Work, r *http.Request, _ call, limits directory.Limits) *intake.Refusal {
	if f := cloudevents.Format(r.Header); f != nil {
		return intake.Refuse(http.StatusUnsupportedMediaType, f.Reason, f.Detail)
	}
	if ref := s.readBody(w, r, limits.BodyBytes); ref != nil {
		return ref
	}
	if !s.intake.ReserveMore(w, int64(len(w.Body))) {
		return intake.Busy()
	}
	return intake.BadBody(cloudevents.Parse(&w.Work, r.Header, limits.Form()))
}
