// Package web is the HTTP door: Segment's API with its pixels and beacons, CloudEvents and the browser clients' settings. It reads bodies within the
// intake's memory, writes answers, and bounds what a client can hold by sending slowly or much, or by not reading
// (TestSlowBodyIsCutOff, TestLongAnswersHaveABudget, TestBodiesReadForNothingAreBounded). What an event is, and whether it is taken, is the intake's.
package web

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/door/web/settings"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/intake"
)

// Config is what an operator may set of it, under the names that the collector's Config has for it.
type Config struct {
	Address   string
	Hosts     []string
	PublicURL string
	// Limits are the process's: they hold until the source is known.
	Limits directory.Limits

	AckTimeout, RetryAfter, ReadTimeout, WriteTimeout time.Duration
}

// Deps are what is below the door.
type Deps struct {
	Logger    *slog.Logger
	Tracer    trace.Tracer
	Directory *directory.Directory
	Intake    *intake.Intake
	Enrich    *enrich.Enricher
	// Ready is what /readyz says.
	Ready func() error
	// Now is the clock.
	Now func() time.Time
}

// Server is the HTTP door.
type Server struct {
	*service.HTTPServer

	cfg       Config
	logger    *slog.Logger
	tracer    trace.Tracer
	directory *directory.Directory
	intake    *intake.Intake
	enrich    *enrich.Enricher
	settings  *settings.Settings
	answers   *intake.Budget
	// draining is how many bodies are read for nothing at the moment.
	draining atomic.Int64
	now      func() time.Time
}

// New makes a door that listens nowhere yet.
func New(cfg Config, deps Deps) *Server {
	s := &Server{
		cfg: cfg, logger: deps.Logger, tracer: deps.Tracer, directory: deps.Directory, intake: deps.Intake, enrich: deps.Enrich,
		answers: intake.NewBudget(cfg.Limits.InFlightBytes / answersShare), now: deps.Now,
	}
	s.settings = settings.New(cfg.PublicURL, deps.Directory, deps.Enrich, deps.Logger, door{s})
	s.HTTPServer = service.NewHTTPServer("collector http server", cfg.Address, s.handler(deps.Ready), s.harden)
	s.UnreadAfter(cfg.WriteTimeout)
	return s
}

// door answers for the settings.
type door struct{ *Server }

func (d door) Write(rw http.ResponseWriter, status int, body []byte) { writeJSON(rw, status, body) }

func (d door) Refuse(rw http.ResponseWriter, ref *intake.Refusal) { d.refuse(rw, ref) }

// handler is the HTTP API: the ingest paths, /healthz and /readyz. Events do not go through the ServeMux: it answers a path that is not
// clean with a redirect, and Segment's clients for Node and Ruby take every 3xx for "stored".
func (s *Server) handler(check func() error) http.Handler {
	ready := &service.Readiness{}
	ready.Add("collector", check)
	mux := http.NewServeMux()
	service.HandleHealth(mux, ready)
	// Events and settings are for every page that has a write key, under whatever name a proxy passes on: there the Host is not asked for.
	pages := service.AnswerTo(s.cfg.Hosts, "hosts", s.cfg.Address, mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz", r.URL.Path == "/readyz", r.RequestURI == "*": // the last is answered 400, and loses its connection
			pages.ServeHTTP(rw, r)
		default:
			s.handle(rw, r)
		}
		s.drain(rw, r)
	})
}

// harden bounds what a client can hold by sending slowly or much, or by not reading. HTTP/2 is spoken without TLS too, as meshes and cloud
// runtimes do to what is behind them; its bodies count in the same memory, and what has arrived of them
// and is not read yet is bounded by connection.
func (s *Server) harden(srv *http.Server) {
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	srv.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: 100, MaxReadFrameSize: 64 << 10, MaxReceiveBufferPerStream: 256 << 10, MaxReceiveBufferPerConnection: 512 << 10,
	}
	// Of an HTTP/2 stream that its client gives no room to answer; see service.HTTPServer for the connections.
	srv.WriteTimeout = s.cfg.ReadTimeout + s.cfg.AckTimeout + s.cfg.WriteTimeout
	srv.ReadTimeout = s.cfg.ReadTimeout
	srv.ReadHeaderTimeout = min(srv.ReadHeaderTimeout, s.cfg.ReadTimeout)
	srv.MaxHeaderBytes = 16 << 10
	srv.ErrorLog = slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug) // strangers' broken connections
}
