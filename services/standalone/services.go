package standalone

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/churn/assembly"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/gateway"
	"github.com/freshet/freshet/services/identity"
	recommending "github.com/freshet/freshet/services/recommendation/assembly"
	"github.com/freshet/freshet/services/segmentation"
	"github.com/freshet/freshet/services/warehouse"
)

// part is a service that is made when what it needs is there.
type part interface {
	Run(ctx context.Context) error
	Ready() error
}

// component makes a part at its start and runs it.
func (s *Stack) component(name string, make func() (part, error)) lifecycle.Component {
	var p part
	return lifecycle.Component{
		Name: name,
		Start: func(context.Context) (err error) {
			if p, err = make(); err != nil {
				return err
			}
			s.ready.Add(name, p.Ready)
			return nil
		},
		Run: func(ctx context.Context) error { return p.Run(ctx) },
	}
}

// services in the order they start: each after those it asks, the one that takes events in last.
func (s *Stack) services() []lifecycle.Component {
	s.internal = s.grpcServer("127.0.0.1:0", s.ready, nil)
	var who *grpc.ClientConn
	link := lifecycle.Component{
		Name: "internal connection",
		Start: func(context.Context) (err error) {
			if err := s.internal.Listen(); err != nil {
				return err
			}
			who, err = grpc.NewClient(s.internal.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(s.tracers))))
			if err != nil {
				return fmt.Errorf("connect to the internal server: %w", err)
			}
			return nil
		},
		Stop: func(context.Context) error { return who.Close() },
	}
	people := func() identityv1.IdentityServiceClient { return identityv1.NewIdentityServiceClient(who) }
	parts := []lifecycle.Component{
		link,
		s.component("identity", s.newIdentity),
		s.component("feature", func() (part, error) { return s.newFeature(people()) }),
		s.component("segmentation", func() (part, error) { return s.newSegmentation(people()) }),
		s.churn(func() *grpc.ClientConn { return who }),
		s.component("warehouse", s.newWarehouse),
		s.recommendation(people),
		s.internal.Component(),
	}
	parts = append(parts, s.gateway()...)
	parts = append(parts, s.collector()...)
	return append(parts, s.watch())
}

func (s *Stack) newIdentity() (part, error) {
	cfg := s.cfg.Identity
	cfg.Dir = filepath.Join(s.cfg.Dir, "identity")
	svc, err := identity.New(cfg, identity.Deps{
		Logger: s.logger.With("service", "identity"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/identity"), Broker: s.broker, Memory: s.memory})
	if err != nil {
		return nil, err
	}
	svc.Register(s.internal)
	return svc, nil
}

func (s *Stack) newFeature(people identityv1.IdentityServiceClient) (part, error) {
	cfg := s.cfg.Feature
	cfg.Dir = filepath.Join(s.cfg.Dir, "feature")
	svc, err := feature.New(cfg, feature.Deps{
		Logger: s.logger.With("service", "feature"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/feature"),
		Broker: s.broker, Identity: people, ClickHouse: s.facts, Memory: s.memory})
	if err != nil {
		return nil, err
	}
	svc.Register(s.internal)
	s.internal.OnStop(svc.StopStreams)
	return svc, nil
}

func (s *Stack) newSegmentation(people identityv1.IdentityServiceClient) (part, error) {
	cfg := s.cfg.Segmentation
	cfg.Dir = filepath.Join(s.cfg.Dir, "segmentation")
	population, err := segmentation.NewFacts(s.facts, cfg.CutPoints.Database)
	if err != nil {
		return nil, err
	}
	svc, err := segmentation.New(cfg, segmentation.Deps{
		Logger: s.logger.With("service", "segmentation"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/segmentation"),
		Broker: s.broker, Identity: people, Population: population, Memory: s.memory})
	if err != nil {
		return nil, err
	}
	svc.Register(s.internal)
	return svc, nil
}

// recommendation gives its bucket back at the end.
func (s *Stack) recommendation(people func() identityv1.IdentityServiceClient) lifecycle.Component {
	var svc *recommending.Service
	return lifecycle.Component{
		Name: "recommendation",
		Start: func(ctx context.Context) (err error) {
			cfg := s.cfg.Recommendation
			cfg.Places.Dir, cfg.Places.Bucket = filepath.Join(s.cfg.Dir, "recommendation"), filepath.Join(s.cfg.Dir, "models")
			cfg.Places.DatabasePrefix = s.cfg.Warehouse.DatabasePrefix
			svc, err = recommending.New(ctx, cfg, recommending.Deps{
				Logger: s.logger.With("service", "recommendation"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/recommendation"), Broker: s.broker,
				Identity: people(), ClickHouse: s.facts, Memory: s.memory})
			if err != nil {
				return err
			}
			svc.Register(s.internal)
			s.ready.Add("recommendation", svc.Ready)
			return nil
		},
		Run:  func(ctx context.Context) error { return svc.Run(ctx) },
		Stop: func(context.Context) error { return svc.Close() },
	}
}

// churn starts behind feature, which it learns from, and gives its bucket back at the end.
func (s *Stack) churn(who func() *grpc.ClientConn) lifecycle.Component {
	var svc *assembly.Service
	return lifecycle.Component{
		Name: "churn",
		Start: func(ctx context.Context) (err error) {
			cfg := s.cfg.Churn
			cfg.Scoring.Dir, cfg.Scoring.Bucket = filepath.Join(s.cfg.Dir, "churn"), filepath.Join(s.cfg.Dir, "models")
			svc, err = assembly.New(ctx, cfg, assembly.Deps{
				Logger: s.logger.With("service", "churn"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/churn"), Broker: s.broker,
				Identity: identityv1.NewIdentityServiceClient(who()), Features: featurev1.NewFeatureServiceClient(who()), Memory: s.memory})
			if err != nil {
				return err
			}
			svc.Register(s.internal)
			s.ready.Add("churn", svc.Ready)
			return nil
		},
		Run:  func(ctx context.Context) error { return svc.Run(ctx) },
		Stop: func(context.Context) error { return svc.Close() },
	}
}

func (s *Stack) newWarehouse() (part, error) {
	return warehouse.New(s.cfg.Warehouse, warehouse.Deps{
		Logger: s.logger.With("service", "warehouse"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/warehouse"),
		Broker: s.broker, ClickHouse: s.facts})
}

// gateway is one address for all reads, as in every other form of deployment.
func (s *Stack) gateway() []lifecycle.Component {
	var (
		svc        *gateway.Service
		http, grpc lifecycle.Component
	)
	start := func(ctx context.Context) (err error) {
		svc, err = gateway.New(s.gatewayConfig(), gateway.Deps{Logger: s.logger.With("service", "gateway"),
			Metrics: s.metrics, TracerProvider: s.tracers, Ready: s.apiReady, Addresses: s.page})
		if err != nil {
			return err
		}
		s.watchers.gateway.Store(svc)
		s.ready.Add("gateway", svc.Ready)
		s.apiReady.Add("gateway", svc.Ready)
		server := service.NewHTTPServer("API http server", s.cfg.Listen.APIHTTP, svc.Handler())
		s.api = doors{http: server, grpc: s.grpcServer(s.cfg.Listen.APIGRPC, s.apiReady, svc.Forwarded(), svc.ServerOptions()...)}
		s.api.grpc.OnStop(svc.StopStreams)
		http, grpc = server.Component(), s.api.grpc.Component()
		return nil
	}
	return []lifecycle.Component{
		{
			Name:  "gateway",
			Start: start,
			Run:   func(ctx context.Context) error { return svc.Run(ctx) },
			Stop:  func(context.Context) error { return svc.Close() },
		},
		late("API http server", &http),
		late("API grpc server", &grpc),
	}
}

func (s *Stack) collector() []lifecycle.Component {
	var (
		svc  *collector.Service
		grpc lifecycle.Component
	)
	start := func(context.Context) (err error) {
		cfg := s.cfg.Collector
		cfg.Address, cfg.Hosts = s.cfg.Listen.CollectorHTTP, append(slices.Clone(cfg.Hosts), s.cfg.Hosts...)
		cfg.Spool.Dir, cfg.WarehouseGroup = filepath.Join(s.cfg.Dir, "collector", "spool"), s.cfg.Warehouse.Group
		cfg.SourcesFile, cfg.SourcesFileMayBeMissing = s.sourcesFile(), cfg.SourcesFileMayBeMissing || cfg.SourcesFile == ""
		if s.cfg.WriteKey != "" {
			local := directory.Entry{Name: "local", Workspace: customer.DefaultWorkspace, WriteKey: s.cfg.WriteKey, Trusted: true}
			cfg.Sources = append([]directory.Entry{local}, cfg.Sources...)
		}
		svc, err = collector.New(cfg, collector.Deps{
			Logger: s.logger.With("service", "collector"), Metrics: s.metrics, Tracer: s.tracers.Tracer("freshet/collector"), Broker: s.broker})
		if err != nil {
			return err
		}
		s.ready.Add("collector", svc.Ready)
		s.intake = doors{http: svc, grpc: s.grpcServer(s.cfg.Listen.CollectorGRPC, s.ready, nil, svc.ServerOptions()...)}
		svc.Register(s.intake.grpc)
		s.intake.grpc.OnStop(svc.StopStreams)
		grpc = s.intake.grpc.Component()
		return svc.Listen()
	}
	return []lifecycle.Component{
		{Name: "collector", Start: start, Run: func(ctx context.Context) error { return svc.Run(ctx) }},
		late("collector grpc server", &grpc),
	}
}

// sourcesFile is where further sources stand: the collector reads it for their keys, the watch for their grades.
func (s *Stack) sourcesFile() string {
	if s.cfg.Collector.SourcesFile != "" {
		return s.cfg.Collector.SourcesFile
	}
	return filepath.Join(s.cfg.Dir, "sources.yaml")
}

func (s *Stack) grpcServer(address string, ready *service.Readiness, forwarded []string, options ...grpc.ServerOption) *service.GRPCServer {
	cfg := service.Default().GRPC
	cfg.Address = address
	return service.NewGRPCServer(cfg, service.GRPCDeps{
		Logger: s.logger, Metrics: s.metrics, TracerProvider: s.tracers, Ready: ready, Forwarded: forwarded}, options...)
}

// late is a component that an earlier one makes at its start.
func late(name string, c *lifecycle.Component) lifecycle.Component {
	return lifecycle.Component{
		Name:  name,
		Start: func(ctx context.Context) error { return c.Start(ctx) },
		Run:   func(ctx context.Context) error { return c.Run(ctx) },
		Stop:  func(ctx context.Context) error { return c.Stop(ctx) },
	}
}
