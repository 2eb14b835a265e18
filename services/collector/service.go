// Package collector takes events in over HTTP (Segment's API) and gRPC, judges
// each, mends clocks, and makes it durable. It knows nothing of customers: see
// identity.
//
// Delivery: a 2xx is sent only after the broker confirmed, with acks=all, every event
// of the request: the accepted ones in events.raw.v1, the refused ones in
// events.rejected.v1. Without the confirmation within the deadline the answer is 503
// and some of the events may be stored: the client sends the request again, and identity
// drops what came twice by message id. Nothing is buffered beyond the request.
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
	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/pkg/service"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/quota"
	declared "github.com/freshet/freshet/services/collector/source"
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
	metrics   *metrics
	freshness *freshness.Histogram
	broker    *broker.Client
	producer  *broker.Producer
	sources   atomic.Pointer[registry]
	files     declared.Watch
	quotas    *quota.Limiter

	sourcesMetrics *sourcesMetrics

	enrich  *enrich.Enricher
	memory  budget
	now     func() time.Time
	newID   func() string
	http    *service.HTTPServer
	streams *streams

	stopping   atomic.Bool
	unhealthy  atomic.Pointer[error] // why the broker takes nothing, nil when it does
	complained atomic.Int64          // when the last lost confirmation was logged, Unix nanoseconds
}

// New makes a collector. It opens nothing: see Listen and Run.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the collector: %w", err)
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	fresh, err := freshness.New(deps.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, logger: deps.Logger, tracer: deps.Tracer, metrics: m, freshness: fresh,
		broker: deps.Broker, producer: deps.Broker.NewProducer(broker.ProducerConfig{}),
		memory: budget{limit: cfg.Limits.InFlightBytes}, streams: newStreams(),
		now: deps.Now, newID: deps.NewID,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = uuid.NewString
	}
	if s.enrich, err = enrich.New(cfg.Enrich, enrich.Deps{Logger: deps.Logger, Metrics: deps.Metrics, Now: s.now}); err != nil {
		return nil, fmt.Errorf("configure the collector: %w", err)
	}
	if s.sourcesMetrics, err = newSourcesMetrics(deps.Metrics); err != nil {
		return nil, err
	}
	s.quotas = quota.New(cfg.Limits.Rate, cfg.Limits.Burst, s.now)
	if err := s.reload(); err != nil {
		return nil, err
	}
	if err := deps.Metrics.Register(s.memoryGauge()); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	s.http = service.NewHTTPServer("collector http server", cfg.Address, s.handler(), s.harden)
	return s, nil
}

// handler is the HTTP API: the ingest paths, /healthz and /readyz.
func (s *Service) handler() http.Handler {
	ready := &service.Readiness{}
	ready.Add("collector", s.Ready)
	mux := http.NewServeMux()
	service.HandleHealth(mux, ready)
	mux.HandleFunc("/", s.handle)
	return mux
}

// harden bounds what a client can hold by sending slowly or much.
func (s *Service) harden(srv *http.Server) {
	srv.ReadTimeout = s.cfg.ReadTimeout
	srv.MaxHeaderBytes = 16 << 10
	srv.ErrorLog = slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug) // strangers' broken connections
}

// Listen takes the HTTP address, so that Addr is known before Run. Calling it again changes nothing.
func (s *Service) Listen() error { return s.http.Listen() }

// Addr is where the HTTP API listens; empty before Listen.
func (s *Service) Addr() string { return s.http.Addr() }

// Register adds the gRPC API to a server.
func (s *Service) Register(r grpc.ServiceRegistrar) { collectorv1.RegisterCollectorServiceServer(r, s) }

// Ready returns nil while the collector runs and the broker takes events.
func (s *Service) Ready() error {
	if s.stopping.Load() {
		return errors.New("stopping")
	}
	if err := s.unhealthy.Load(); err != nil {
		return *err
	}
	return nil
}

// Run serves HTTP until ctx ends. Then it is not ready, takes no new connection,
// and returns when the requests in hand are answered, which is after the broker has
// confirmed their events or refused them.
func (s *Service) Run(ctx context.Context) error {
	server := s.http.Component()
	if err := server.Start(ctx); err != nil {
		return err
	}
	if len(s.sources.Load().keys) == 0 {
		s.logger.Warn("no source is configured: every request is answered 401")
	}
	s.logger.Info("taking events", "http", s.Addr(), "sources", len(s.sources.Load().byName))
	served := make(chan error, 1)
	go func() { served <- server.Run(ctx) }()
	watched := make(chan struct{})
	watch, cancelWatch := context.WithCancel(ctx)
	go func() { s.watchBroker(watch); close(watched) }()
	geo := make(chan struct{})
	go func() { s.enrich.Run(watch); close(geo) }()
	reloading := make(chan struct{})
	go func() { s.watchSources(watch); close(reloading) }()
	defer func() { cancelWatch(); <-watched; <-geo; <-reloading }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
	defer cancel()
	streams := make(chan struct{}) // they have ended already where a gRPC server was told of StopStreams
	go func() { s.StopStreams(drain); close(streams) }()
	err := errors.Join(server.Stop(drain), <-served)
	<-streams
	return err
}

// pingEvery is how often the broker is asked whether it is there.
const pingEvery = time.Second

// watchBroker keeps readiness true to the broker, also while no events come.
func (s *Service) watchBroker(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		ping, cancel := context.WithTimeout(ctx, 2*pingEvery)
		err := s.broker.Ping(ping)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.unhealthy.Store(&err)
		} else {
			s.unhealthy.Store(nil)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
