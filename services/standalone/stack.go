// Package standalone runs every service of Freshet in one process, with an embedded
// broker and an embedded ClickHouse: for a laptop, a demo and integration tests. The
// services, topics and APIs are those of the separate binaries. It is not for production:
// nothing is replicated.
//
// Delivery: as the services', on a broker of one node. What was acknowledged outlives
// the death of the process at any moment; see Config.SyncWrites for the machine's.
package standalone

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/broker"
	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/pkg/embedded/dirlock"
	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/stack"
)

// Deps are what the process gives.
type Deps struct {
	Logger *slog.Logger
	// Environ is the environment as os.Environ gives it: the standard OTEL variables count.
	Environ []string
}

// Stack is everything in one process.
type Stack struct {
	cfg     Config
	deps    Deps
	logger  *slog.Logger
	metrics *prometheus.Registry
	tracers *sdktrace.TracerProvider
	ready   *service.Readiness

	lock       *dirlock.Lock
	temporary  bool // Dir was made for this run
	clickhouse *embeddedclickhouse.Server
	kafka      *embeddedkafka.Broker
	broker     *broker.Client
	facts      driver.Conn
	memory     *localstore.Memory // of every service's state
	// readerPassword is that of the user who may read ClickHouse.
	readerPassword string

	admin    *service.HTTPServer
	internal *service.GRPCServer // identity, feature, segmentation, churn, recommendation
	api      doors
	// apiReady is the gateway's readiness: it answers while others restore, or wait for ClickHouse.
	apiReady *service.Readiness
	watchers watchers
	intake   doors

	mu        sync.Mutex
	addresses stack.Addresses
	started   chan struct{}
}

// doors are an HTTP and a gRPC address of one service.
type doors struct {
	http interface{ Addr() string }
	grpc *service.GRPCServer
}

// New checks the configuration. It opens nothing.
func New(cfg Config, deps Deps) (*Stack, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the stack: %w", err)
	}
	if cfg.Ephemeral {
		const free = "127.0.0.1:0"
		cfg.Listen = stack.Addresses{
			CollectorHTTP: free, CollectorGRPC: free, APIHTTP: free, APIGRPC: free,
			Kafka: free, ClickHouseNative: free, ClickHouseHTTP: free, Metrics: free,
		}
	}
	if cfg.APIToken == "" {
		cfg.APIToken, _ = keyfile.New(access.Prefix, "local", time.Now())
	}
	return &Stack{
		cfg: cfg, deps: deps, logger: deps.Logger, metrics: service.NewRegistry(),
		memory: cfg.newMemory(), ready: &service.Readiness{}, apiReady: &service.Readiness{}, started: make(chan struct{}),
	}, nil
}

// Run starts everything, serves until ctx ends or a part fails, and stops everything
// in reverse. It returns every fault; nil after a clean stop. It can be called once.
//
// Stop order, the reverse of the start: not ready; the watch looks away; the collector's and the API's
// requests in hand are answered; warehouse, segmentation, feature and identity
// finish the batch in hand; then the connections, the broker, ClickHouse, the
// directory, the metrics, so that they show the drain, and the traces.
func (s *Stack) Run(ctx context.Context) (err error) {
	service.LogGRPC(s.logger)
	if s.tracers, err = service.NewTracerProvider(ctx, s.cfg.Telemetry, "standalone", s.deps.Environ); err != nil {
		return err
	}
	parts := []lifecycle.Component{
		{Name: "telemetry", Stop: s.tracers.Shutdown},
		s.adminServer(),
		s.directory(),
		s.clickHouse(),
		s.kafkaBroker(),
		s.connections(),
		s.schema(),
	}
	parts = append(parts, s.services()...)
	parts = append(parts, s.announcement())
	return lifecycle.Run(ctx, s.cfg.Grace, parts...)
}

// Started is closed once everything is ready and Addresses are known.
func (s *Stack) Started() <-chan struct{} { return s.started }

// Addresses are where the doors are; zero before Started is closed.
func (s *Stack) Addresses() stack.Addresses {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addresses
}
