package web

import (
	"net/http"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
)

// call is what one path of the API means.
type call struct {
	// route is the path's canonical form, for spans.
	route string
	// typ is the event's type; unspecified for envelopes of many.
	typ eventv1.EventType
	// imports says that events of any past are taken; history, that all are history, also those that happened just now.
	imports, history bool
	// pixel says that the event is in the address, fetched by GET, and that an image is the answer.
	pixel bool
	// cloudEvents says that the body is one CloudEvent, or many when its label says so.
	cloudEvents, many bool
	// read finds the request's events where they are not the body alone, in Segment's form; else nil.
	read func(*Server, *intake.Work, *http.Request, call, directory.Limits) *intake.Refusal
}

// single says that the body is one event.
func (c call) single() bool { return c.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED }

// method is the one that the path takes.
func (c call) method() string {
	if c.pixel {
		return http.MethodGet
	}
	return http.MethodPost
}

// calls are the paths of the API, with and without /v1, in full and as the one letter
// that Segment's browser library sends.
var calls = func() map[string]call {
	paths := map[string]call{}
	add := func(c call, names ...string) {
		for _, name := range names {
			c.route = "POST /v1/" + names[0]
			paths["/v1/"+name], paths["/"+name] = c, c
		}
	}
	add(call{typ: eventv1.EventType_EVENT_TYPE_TRACK}, "track", "t")
	add(call{typ: eventv1.EventType_EVENT_TYPE_IDENTIFY}, "identify", "i")
	add(call{typ: eventv1.EventType_EVENT_TYPE_PAGE}, "page", "p")
	add(call{typ: eventv1.EventType_EVENT_TYPE_SCREEN}, "screen", "s")
	add(call{typ: eventv1.EventType_EVENT_TYPE_GROUP}, "group", "g")
	add(call{typ: eventv1.EventType_EVENT_TYPE_ALIAS}, "alias", "a")
	add(call{}, "batch", "b")
	add(call{imports: true}, "import")
	addPixels(paths)
	addCloudEvents(paths)
	return paths
}()
