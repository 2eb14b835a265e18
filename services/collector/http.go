package collector

import (
	"context"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
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
	read func(*Service, *intake.Work, *http.Request, call, directory.Limits) *intake.Refusal
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

// handle answers one request of the ingest API.
func (s *Service) handle(rw http.ResponseWriter, r *http.Request) {
	at := r.URL.Path
	c, ok := calls[at]
	if !ok { // perhaps a slash too many, where a client puts its path behind a host that ends with one
		at = path.Clean(at)
		c, ok = calls[at]
	}
	switch {
	case !ok:
		if !s.browse(rw, r, at) {
			unread(rw.Header(), r)
			s.refuse(rw, s.notFound(r.Method, at))
		}
		return
	case r.Method == http.MethodOptions:
		preflight(rw, r)
		return
	case r.Method != c.method():
		rw.Header().Set("Allow", c.method()+", OPTIONS")
		unread(rw.Header(), r)
		s.refuse(rw, intake.Refuse(http.StatusMethodNotAllowed, "method_not_allowed", "use "+c.method()))
		return
	case c.pixel:
		rw.Header().Set("Cache-Control", "no-store") // each look is an event
	case c.imports:
		c.history = r.URL.Query().Get("history") == "true"
	case c.cloudEvents:
		c.many = strings.HasPrefix(label(r.Header), cloudEventsLabel)
	}
	begun := s.now()
	s.intake.Enter()
	defer s.intake.Leave()
	rw.Header()["Access-Control-Allow-Origin"] = anyOrigin
	s.tellBehind(rw.Header())

	ctx, span := s.startSpan(r, c.route)
	defer span.End()
	defer s.survive(ctx, rw)
	res, ref := s.decide(ctx, rw.Header(), r, c, begun)
	var status int
	if ref != nil {
		status = ref.Status
		s.refuse(rw, ref)
	} else {
		status = s.answer(rw, c, res)
	}
	describe(span, status, res)
	s.intake.Answered(intake.HTTP, status, s.now().Sub(begun))
}

// decide takes the request and says what to answer. When it returns nothing of the request is in memory any more: an answer can wait for its
// reader, and what waits must not be what others need.
func (s *Service) decide(ctx context.Context, answer http.Header, r *http.Request, c call, begun time.Time) (intake.Result, *intake.Refusal) {
	w := s.intake.Begin()
	defer s.intake.End(w)
	res, ref := s.take(ctx, w, r, c, begun)
	share(w, answer)
	if ref != nil && (!w.Whole || len(w.Body) == 0) {
		unread(answer, r)
	}
	return res, ref
}

// survive answers 500 when a bug panics; deferred around one request.
func (s *Service) survive(ctx context.Context, rw http.ResponseWriter) {
	if p := recover(); p != nil {
		s.logger.ErrorContext(ctx, "panic while taking events", "panic", p, "stack", string(debug.Stack()))
		s.refuse(rw, intake.Refuse(http.StatusInternalServerError, "internal", "internal error: send the same request again"))
	}
}

// take reads, authenticates, parses and stores one request.
func (s *Service) take(ctx context.Context, w *intake.Work, r *http.Request, c call, begun time.Time) (intake.Result, *intake.Refusal) {
	authorization := r.Header.Get("Authorization")
	src, why := s.directory.ByAuthorization(authorization)
	if why != "" {
		return intake.Result{}, intake.Unauthorized(why)
	}
	limits := s.cfg.Limits
	if src != nil {
		if ref := intake.Admit(w, r.Header.Get("Origin"), src); ref != nil {
			return intake.Result{}, ref
		}
		limits = src.Limits
	}
	if ref := explain(w, r, s.read(w, r, c, limits)); ref != nil {
		return intake.Result{}, s.intake.RefuseBody(ctx, w, r.Header.Get("Origin"), src, ref, begun)
	}
	if src == nil {
		var ref *intake.Refusal
		if src, ref = s.intake.KeyOf(w, authorization); ref != nil {
			return intake.Result{}, ref
		}
		if ref := s.named(w, r, c, src); ref != nil {
			return intake.Result{}, s.intake.RefuseBody(ctx, w, r.Header.Get("Origin"), src, ref, begun)
		}
	}
	return s.intake.Ingest(ctx, w, &intake.Delivery{Source: src, Client: s.clientOf(r, c), Origin: decode.Origin{Rules: &src.Rules, Type: c.typ, Imports: c.imports, History: c.history,
		CloudEvents: c.cloudEvents, Received: begun.UnixMilli(), Retried: retried(r.Header)}})
}

// read finds the request's events, not yet judged.
func (s *Service) read(w *intake.Work, r *http.Request, c call, limits directory.Limits) *intake.Refusal {
	if c.read != nil {
		return c.read(s, w, r, c, limits)
	}
	if ref := s.readBody(w, r, limits.BodyBytes); ref != nil {
		return ref
	}
	return s.intake.Parse(w, c.single(), limits)
}

// named applies what a source's own limits say when its key came in the body, which was read and split under the process's.
func (s *Service) named(w *intake.Work, r *http.Request, c call, src *directory.Source) *intake.Refusal {
	if ref := intake.Admit(w, r.Header.Get("Origin"), src); ref != nil {
		return ref
	}
	if len(w.Body) > src.Limits.BodyBytes {
		return intake.TooLarge(src.Limits.BodyBytes)
	}
	if !src.Tight {
		return nil
	}
	if c.read != nil { // in a form of its own, which cannot be read a second time
		if len(w.Items) > src.Limits.BatchEvents {
			return intake.BadBody(decode.TooManyEvents(src.Limits.Form()))
		}
		return nil
	}
	w.Envelope = decode.Envelope{}
	return s.intake.Parse(w, c.single(), src.Limits)
}

// preflight lets pages of any origin post: a write key is public in a web page anyway.
func preflight(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Vary", "Access-Control-Request-Headers")
	rw.WriteHeader(http.StatusNoContent)
}
