package collector

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
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
	read func(*Service, *work, *http.Request, call, Limits) *refusal
}

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
			s.refuse(rw, refused(http.StatusNotFound, "not_found", "there is nothing at this path: post to /v1/batch"))
		}
		return
	case r.Method == http.MethodOptions:
		preflight(rw, r)
		return
	case r.Method != c.method():
		rw.Header().Set("Allow", c.method()+", OPTIONS")
		s.refuse(rw, refused(http.StatusMethodNotAllowed, "method_not_allowed", "use "+c.method()))
		return
	case c.pixel:
		rw.Header().Set("Cache-Control", "no-store") // each look is an event
	case c.imports:
		c.history = r.URL.Query().Get("history") == "true"
	case c.cloudEvents:
		c.many = strings.HasPrefix(label(r.Header), cloudEventsLabel)
	}
	begun := s.now()
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	rw.Header()["Access-Control-Allow-Origin"] = anyOrigin

	ctx, span := s.startSpan(r, c.route)
	defer span.End()
	defer s.survive(ctx, rw)
	w := works.Get().(*work)
	defer s.release(w)
	res, ref := s.take(ctx, w, r, c, begun)
	w.share(rw.Header())
	var status int
	if ref != nil {
		status = ref.status
		unread(rw.Header(), w, r)
		s.refuse(rw, ref)
	} else {
		status = s.answer(rw, c, res)
	}
	describe(span, status, res)
	s.metrics.answered(protocolHTTP, status, s.now().Sub(begun))
}

// survive answers 500 when a bug panics; deferred around one request.
func (s *Service) survive(ctx context.Context, rw http.ResponseWriter) {
	if p := recover(); p != nil {
		s.logger.ErrorContext(ctx, "panic while taking events", "panic", p, "stack", string(debug.Stack()))
		s.refuse(rw, refused(http.StatusInternalServerError, "internal", "internal error: send the same request again"))
	}
}

// take reads, authenticates, parses and stores one request.
func (s *Service) take(ctx context.Context, w *work, r *http.Request, c call, begun time.Time) (result, *refusal) {
	src, given := s.byAuthorization(r.Header.Get("Authorization"))
	if given && src == nil {
		return result{}, unknownKey()
	}
	limits := s.cfg.Limits
	if src != nil {
		if ref := s.admit(w, r, src); ref != nil {
			return result{}, ref
		}
		limits = src.limits
	}
	if ref := s.read(w, r, c, limits); ref != nil {
		return result{}, s.refuseBody(ctx, w, r, src, ref, begun)
	}
	if src == nil {
		if src = s.keyOf(w.envelope.writeKey); src == nil {
			return result{}, w.unauthenticated()
		}
		if ref := s.named(w, r, c, src); ref != nil {
			return result{}, s.refuseBody(ctx, w, r, src, ref, begun)
		}
	}
	return s.ingest(ctx, w, &origin{src: src, typ: c.typ, imports: c.imports, history: c.history, received: begun.UnixMilli(), retried: retried(r.Header), client: s.clientOf(r, c)})
}

// read finds the request's events, not yet judged.
func (s *Service) read(w *work, r *http.Request, c call, limits Limits) *refusal {
	if c.read != nil {
		return c.read(s, w, r, c, limits)
	}
	if ref := s.readBody(w, r, limits.BodyBytes); ref != nil {
		return ref
	}
	return s.parse(w, c, limits)
}

func (s *Service) parse(w *work, c call, limits Limits) *refusal {
	if c.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED {
		return w.parseSingle(limits)
	}
	if ref := w.parseBatch(limits); ref != nil {
		return ref
	}
	// Each event gets its own copy of the envelope's context: bounded, and counted.
	copies := int64(len(w.envelope.context)+len(w.envelope.integrations)) * int64(len(w.items))
	if copies > 4*int64(limits.BodyBytes) {
		return tooLarge(limits.BodyBytes)
	}
	if !s.reserve(w, w.reserved+copies) {
		return busy()
	}
	return nil
}

// keyOf finds the source of a write key in the body, a JSON string.
func (s *Service) keyOf(raw []byte) *source {
	key, f := text("writeKey", raw)
	if f != nil || key == "" {
		return nil
	}
	return s.byKey([]byte(key))
}

// unauthenticated is the answer without a source; a body that nobody could read is told so first.
func (w *work) unauthenticated() *refusal {
	if len(w.items) == 1 && w.items[0].fault != nil && w.envelope.writeKey == nil {
		return refused(http.StatusBadRequest, w.items[0].fault.reason, w.items[0].fault.detail)
	}
	return unknownKey()
}

func unknownKey() *refusal {
	return refused(http.StatusUnauthorized, "unknown_write_key",
		`the write key is missing or unknown: send it as the user of Basic authorization, or as "writeKey" in the body`)
}

// reply is the body of every answer.
type reply struct {
	Success  bool        `json:"success"`
	Error    string      `json:"error,omitempty"`
	Message  string      `json:"message,omitempty"`
	Accepted int         `json:"accepted"`
	Rejected []Rejection `json:"rejected"`
	Notes    []Told      `json:"notes,omitempty"`
}

// answer reports events that are durable. A single event that was refused is a 400,
// so that whoever wrote the call learns of it; in a batch the neighbours count.
func (s *Service) answer(rw http.ResponseWriter, c call, res result) int {
	if len(res.rejected)+len(res.told) == 0 || c.pixel && len(res.rejected) == 0 {
		if c.pixel {
			answerPixel(rw)
			return http.StatusOK
		}
		body := make([]byte, 0, 64)
		body = append(body, `{"success":true,"accepted":`...)
		body = strconv.AppendInt(body, int64(res.accepted), 10)
		body = append(body, `,"rejected":[]}`+"\n"...)
		writeJSON(rw, http.StatusOK, body)
		return http.StatusOK
	}
	status, out := http.StatusOK, reply{Success: true, Accepted: res.accepted, Rejected: res.rejected, Notes: res.told}
	if len(res.rejected) == 0 {
		out.Rejected = []Rejection{}
	} else if c.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED && !c.many {
		status, out.Success = http.StatusBadRequest, false
		out.Error, out.Message = res.rejected[0].Reason, res.rejected[0].Detail
	}
	s.write(rw, status, out)
	return status
}

// refuse reports a request of which nothing was taken.
func (s *Service) refuse(rw http.ResponseWriter, ref *refusal) {
	switch ref.status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		later(rw.Header(), max(ref.wait, s.cfg.RetryAfter))
	case http.StatusUnauthorized:
		rw.Header().Set("WWW-Authenticate", `Basic realm="write key"`)
	}
	s.write(rw, ref.status, reply{Error: ref.code, Message: ref.message, Rejected: []Rejection{}})
}

func (s *Service) write(rw http.ResponseWriter, status int, out reply) {
	body, err := json.Marshal(out)
	if err != nil {
		s.logger.Error("encode an answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"success":false,"error":"internal"}`)
	}
	writeJSON(rw, status, append(body, '\n'))
}

// Header values that every answer has, made once: nobody changes them in place.
var anyOrigin, jsonType = []string{"*"}, []string{"application/json"}

func writeJSON(rw http.ResponseWriter, status int, body []byte) {
	h := rw.Header()
	if h["Access-Control-Allow-Origin"] == nil {
		h["Access-Control-Allow-Origin"] = anyOrigin
	}
	h["Content-Type"] = jsonType
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // the client may be gone; nobody is left to tell
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
