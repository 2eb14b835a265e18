// Package collector takes events in over HTTP (Segment's API) and gRPC, judges
// each, mends clocks, and makes it durable. It knows nothing of customers: see
// identity.
//
// Delivery: a 2xx is sent only after every event of the request is durable, the accepted ones
// for events.raw.v1, the refused ones for events.rejected.v1: confirmed by the broker with acks=all or, while
// that is slow or down, written and synced to the spool on local disk, from which they go to the broker in
// order. Otherwise the answer is 503 and some of the events may be stored: the client sends the request
// again, and identity drops what came twice by message id. Nothing is buffered in memory beyond the request.
//
// The package is the doors and the assembly of the rooms below: directory knows who may send, intake takes what a door has read to where it is
// durable, with decode, which makes an event of bytes or says why not, store and behind. docs/architecture.md has the picture.
package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/service"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/behind"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/collector/store"
)

// Deps are what the process gives.
type Deps struct {
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	Tracer  trace.Tracer
	// Broker is where events go; the topics have to be there.
	Broker *broker.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes the ids of events that came without one; nil means random UUIDs.
	NewID func() string
}

// Service is a running collector.
type Service struct {
	collectorv1.UnimplementedCollectorServiceServer

	cfg       Config
	logger    *slog.Logger
	tracer    trace.Tracer
	store     *store.Store
	directory *directory.Directory
	intake    *intake.Intake

	enrich  *enrich.Enricher
	answers *intake.Budget
	// draining is how many bodies are read for nothing at the moment.
	draining atomic.Int64
	now      func() time.Time
	http     *service.HTTPServer
	streams  *streams
	behind   *behind.Estimate

	stopping atomic.Bool
}

// New makes a collector. It opens nothing: see Listen and Run.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the collector: %w", err)
	}
	s := &Service{
		cfg: cfg, logger: deps.Logger, tracer: deps.Tracer,
		answers: intake.NewBudget(cfg.Limits.InFlightBytes / answersShare), streams: newStreams(), now: deps.Now,
	}
	if s.now == nil {
		s.now = time.Now
	}
	newID := deps.NewID
	if newID == nil {
		newID = uuid.NewString
	}
	var err error
	if s.enrich, err = enrich.New(cfg.Enrich, enrich.Deps{Logger: deps.Logger, Metrics: deps.Metrics, Now: s.now}); err != nil {
		return nil, fmt.Errorf("configure the collector: %w", err)
	}
	s.directory, err = directory.New(
		directory.Config{Entries: cfg.Sources, File: cfg.SourcesFile, FileMayBeMissing: cfg.SourcesFileMayBeMissing, Limits: cfg.Limits},
		directory.Deps{Logger: deps.Logger, Metrics: deps.Metrics, Enrich: s.enrich, Now: s.now, BodyCodes: intake.BodyCodes, Reasons: intake.Reasons()})
	if err != nil {
		return nil, err
	}
	s.store, err = store.New(store.Config{Spool: cfg.Spool, AckTimeout: cfg.AckTimeout, RequestBytes: cfg.Limits.BodyBytes}, store.Deps{
		Logger: deps.Logger, Metrics: deps.Metrics, Broker: deps.Broker,
		NotStorable: func(source string) { s.directory.Rejected(source, store.NotStorable) }})
	if err != nil {
		return nil, err
	}
	if s.behind, err = behind.New(cfg.Limits.HistoryBehind, cfg.WarehouseGroup, deps.Broker, deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	s.intake, err = intake.New(intake.Config{Limits: cfg.Limits, Clock: cfg.Clock}, intake.Deps{
		Logger: deps.Logger, Metrics: deps.Metrics, Directory: s.directory, Store: s.store, Behind: s.behind, Enrich: s.enrich, Now: s.now, NewID: newID})
	if err != nil {
		return nil, err
	}
	s.http = service.NewHTTPServer("collector http server", cfg.Address, s.handler(), s.harden)
	s.http.UnreadAfter(cfg.WriteTimeout)
	return s, nil
}

// handler is the HTTP API: the ingest paths, /healthz and /readyz. Events do not go through the ServeMux: it answers a path that is not
// clean with a redirect, and Segment's clients for Node and Ruby take every 3xx for "stored".
func (s *Service) handler() http.Handler {
	ready := &service.Readiness{}
	ready.Add("collector", s.Ready)
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
func (s *Service) harden(srv *http.Server) {
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

// Listen opens the spool and takes the HTTP address, so that Addr is known before Run, which has to follow. Calling it
// again changes nothing.
func (s *Service) Listen() error {
	if err := s.store.Open(); err != nil {
		return err
	}
	if err := s.http.Listen(); err != nil {
		return errors.Join(err, s.store.Close())
	}
	return nil
}

// Addr is where the HTTP API listens; empty before Listen.
func (s *Service) Addr() string { return s.http.Addr() }

// Register adds the gRPC API to a server.
func (s *Service) Register(r grpc.ServiceRegistrar) { collectorv1.RegisterCollectorServiceServer(r, s) }

// Ready returns nil while the collector runs and the broker or the spool takes events.
func (s *Service) Ready() error {
	if s.stopping.Load() {
		return errors.New("stopping")
	}
	return s.store.Ready()
}

// Run serves HTTP until ctx ends. Then it is not ready, takes no new connection,
// and returns when the requests in hand are answered, which is after their events are durable or
// refused, and what the spool holds is in Kafka, or stays on disk for the next run.
func (s *Service) Run(ctx context.Context) error {
	if err := s.Listen(); err != nil {
		return err
	}
	s.store.Start(context.WithoutCancel(ctx))
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(s.cfg.DrainTimeout, cancel) })
	err := s.serve(ctx, drain)
	if ctx.Err() == nil {
		cancel() // nothing to wait for: a part has failed
	}
	return errors.Join(err, s.store.Stop(drain))
}

// serve answers requests until ctx ends, and those in hand then until drain does.
func (s *Service) serve(ctx, drain context.Context) error {
	server := s.http.Component()
	if err := server.Start(ctx); err != nil {
		return err
	}
	sources, keys := s.directory.Size()
	if keys == 0 {
		s.logger.Warn("no source is configured: every request is answered 401")
	}
	s.logger.Info("taking events", "http", s.Addr(), "sources", sources)
	served := make(chan error, 1)
	go func() { served <- server.Run(ctx) }()
	watched := make(chan struct{})
	watch, cancelWatch := context.WithCancel(ctx)
	go func() { s.store.Watch(watch); close(watched) }()
	geo := make(chan struct{})
	go func() { s.enrich.Run(watch); close(geo) }()
	looking := make(chan struct{})
	go func() { s.behind.Run(watch); close(looking) }()
	reloading := make(chan struct{})
	go func() { s.directory.Run(watch); close(reloading) }()
	defer func() { cancelWatch(); <-watched; <-geo; <-reloading; <-looking }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	streams := make(chan struct{}) // they have ended already where a gRPC server was told of StopStreams
	go func() { s.StopStreams(drain); close(streams) }()
	err := errors.Join(server.Stop(drain), <-served)
	<-streams
	return err
}
