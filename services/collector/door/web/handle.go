package web

import (
	"context"
	"net/http"
	"path"
	"runtime/debug"
	"time"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/door/web/cloudevents"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/intake"
)

// handle answers one request of the ingest API.
func (s *Server) handle(rw http.ResponseWriter, r *http.Request) {
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
		c.many = cloudevents.Many(r.Header)
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
func (s *Server) decide(ctx context.Context, answer http.Header, r *http.Request, c call, begun time.Time) (intake.Result, *intake.Refusal) {
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
func (s *Server) survive(ctx context.Context, rw http.ResponseWriter) {
	if p := recover(); p != nil {
		s.logger.ErrorContext(ctx, "panic while taking events", "panic", p, "stack", string(debug.Stack()))
		s.refuse(rw, intake.Refuse(http.StatusInternalServerError, "internal", "internal error: send the same request again"))
	}
}

// take reads, authenticates, parses and stores one request.
func (s *Server) take(ctx context.Context, w *intake.Work, r *http.Request, c call, begun time.Time) (intake.Result, *intake.Refusal) {
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
func (s *Server) read(w *intake.Work, r *http.Request, c call, limits directory.Limits) *intake.Refusal {
	if c.read != nil {
		return c.read(s, w, r, c, limits)
	}
	if ref := s.readBody(w, r, limits.BodyBytes); ref != nil {
		return ref
	}
	return s.intake.Parse(w, c.single(), limits)
}

// named applies what a source's own limits say when its key came in the body, which was read and split under the process's.
func (s *Server) named(w *intake.Work, r *http.Request, c call, src *directory.Source) *intake.Refusal {
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

// browse answers what the browser clients ask for besides sending events, and reports
// whether the path was one of theirs.
func (s *Server) browse(rw http.ResponseWriter, r *http.Request, path string) bool {
	answer, method := s.settings.Question(path)
	if answer == nil {
		return false
	}
	switch {
	case r.Method == http.MethodOptions:
		preflight(rw, r)
	case r.Method == method, r.Method == http.MethodHead && method == http.MethodGet:
		answer(rw, r)
	default:
		rw.Header().Set("Allow", method+", OPTIONS")
		unread(rw.Header(), r)
		s.refuse(rw, intake.Refuse(http.StatusMethodNotAllowed, "method_not_allowed", "use "+method))
	}
	return true
}

// clientOf reads who is at the other end of a request; nobody of history, whose connection is a machine's, years later.
func (s *Server) clientOf(r *http.Request, c call) enrich.Client {
	if c.history {
		return enrich.Client{}
	}
	return s.enrich.Client(r)
}
