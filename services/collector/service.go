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
// The package is the assembly of its rooms: the doors, door/web and door/rpc; intake, which takes what a door has read to where it is durable; and below
// it directory, who may send, decode, which makes an event of bytes or says why not, store and behind. docs/architecture.md has the picture.
package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/collector/behind"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/door/rpc"
	"github.com/freshet/freshet/services/collector/door/web"
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
	cfg       Config
	logger    *slog.Logger
	store     *store.Store
	behind    *behind.Estimate
	enrich    *enrich.Enricher
	directory *directory.Directory
	intake    *intake.Intake
	web       *web.Server
	rpc       *rpc.Server

	stopping atomic.Bool
}

// New makes a collector. It opens nothing: see Listen and Run.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the collector: %w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.NewID == nil {
		deps.NewID = uuid.NewString
	}
	s := &Service{cfg: cfg, logger: deps.Logger}
	if err := s.below(deps); err != nil {
		return nil, err
	}
	var err error
	s.intake, err = intake.New(intake.Config{Limits: cfg.Limits, Clock: cfg.Clock}, intake.Deps{
		Logger: deps.Logger, Metrics: deps.Metrics, Directory: s.directory, Store: s.store, Behind: s.behind, Enrich: s.enrich, Now: deps.Now, NewID: deps.NewID})
	if err != nil {
		return nil, err
	}
	s.web = web.New(
		web.Config{Address: cfg.Address, Hosts: cfg.Hosts, PublicURL: cfg.PublicURL, Limits: cfg.Limits,
			AckTimeout: cfg.AckTimeout, RetryAfter: cfg.RetryAfter, ReadTimeout: cfg.ReadTimeout, WriteTimeout: cfg.WriteTimeout},
		web.Deps{Logger: deps.Logger, Tracer: deps.Tracer, Directory: s.directory, Intake: s.intake, Enrich: s.enrich, Ready: s.Ready, Now: deps.Now})
	s.rpc = rpc.New(
		rpc.Config{Stream: cfg.Stream, Limits: cfg.Limits, RetryAfter: cfg.RetryAfter, WriteTimeout: cfg.WriteTimeout, DrainTimeout: cfg.DrainTimeout},
		rpc.Deps{Logger: deps.Logger, Intake: s.intake, Now: deps.Now})
	return s, nil
}

// below makes the rooms that the intake joins.
func (s *Service) below(deps Deps) error {
	cfg := s.cfg
	var err error
	if s.enrich, err = enrich.New(cfg.Enrich, enrich.Deps{Logger: deps.Logger, Metrics: deps.Metrics, Now: deps.Now}); err != nil {
		return fmt.Errorf("configure the collector: %w", err)
	}
	s.directory, err = directory.New(
		directory.Config{Entries: cfg.Sources, File: cfg.SourcesFile, FileMayBeMissing: cfg.SourcesFileMayBeMissing, Limits: cfg.Limits},
		directory.Deps{Logger: deps.Logger, Metrics: deps.Metrics, Enrich: s.enrich, Now: deps.Now, BodyCodes: intake.BodyCodes, Reasons: intake.Reasons()})
	if err != nil {
		return err
	}
	s.store, err = store.New(store.Config{Spool: cfg.Spool, AckTimeout: cfg.AckTimeout, RequestBytes: cfg.Limits.BodyBytes}, store.Deps{
		Logger: deps.Logger, Metrics: deps.Metrics, Broker: deps.Broker,
		NotStorable: func(source string) { s.directory.Rejected(source, store.NotStorable) }})
	if err != nil {
		return err
	}
	s.behind, err = behind.New(cfg.Limits.HistoryBehind, cfg.WarehouseGroup, deps.Broker, deps.Logger, deps.Metrics)
	return err
}

// Listen opens the spool and takes the HTTP address, so that Addr is known before Run, which has to follow. Calling it
// again changes nothing.
func (s *Service) Listen() error {
	if err := s.store.Open(); err != nil {
		return err
	}
	if err := s.web.Listen(); err != nil {
		return errors.Join(err, s.store.Close())
	}
	return nil
}

// Addr is where the HTTP API listens; empty before Listen.
func (s *Service) Addr() string { return s.web.Addr() }

// Register adds the gRPC API to a server.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.rpc.Register(r) }

// ServerOptions are for the gRPC server that Register is given: a call without a working key is refused when its headers are there, before its
// message, up to grpc.max_message_bytes, is read.
func (s *Service) ServerOptions() []grpc.ServerOption { return s.rpc.ServerOptions() }

// StopStreams ends every IngestStream, within drain_timeout: nothing more is read, what was read is answered, and the client gets UNAVAILABLE. A gRPC
// server waits for its streams, which clients keep open for ever: call this when it begins to stop.
func (s *Service) StopStreams(ctx context.Context) { s.rpc.StopStreams(ctx) }

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
	server := s.web.Component()
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
