package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"

	"github.com/freshet/freshet/pkg/lifecycle"
)

// Streams are kept open for days, across proxies and NATs that forget an idle connection after minutes. So clients may ask every
// 10 s whether the server is there, which is the most that gRPC's clients do; by default a server hangs up on one
// that asks oftener than every 5 min. And a client that is gone without a word is noticed after a minute, not after two hours.
var (
	pings  = keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}
	pinged = keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}
)

// healthEvery is how often the gRPC health answer follows the readiness.
const healthEvery = time.Second

// GRPCDeps are what a gRPC server needs of the process.
type GRPCDeps struct {
	Logger         *slog.Logger
	Metrics        prometheus.Registerer
	TracerProvider trace.TracerProvider
	// Ready decides what the health service answers. Nil means ready while the server runs.
	Ready *Readiness
	// Forwarded are full names of services that reflection lists although they are not registered: a proxy's.
	// Their descriptors must be linked into the binary.
	Forwarded []string
}

// GRPCServer is a gRPC server with health, reflection, traces, metrics, message
// limits, and one place where unknown errors and panics become "internal error".
// Register services on it before it serves.
type GRPCServer struct {
	*grpc.Server
	address string
	deps    GRPCDeps
	health  *health.Server
	onStop  []func(context.Context)

	unreadAfter time.Duration
	arrivals    *arrivals

	mu       sync.Mutex
	listener net.Listener
}

// NewGRPCServer makes a server; it listens from Listen on, or when its component
// starts. Options come after the server's own; Knock is the one that looks at a call before its message.
func NewGRPCServer(cfg GRPCConfig, deps GRPCDeps, options ...grpc.ServerOption) *GRPCServer {
	if deps.Ready == nil {
		deps.Ready = &Readiness{}
	}
	guard := newInterceptor(deps.Logger, deps.Metrics)
	coming := &arrivals{room: unfinishedBytes / int64(cfg.MaxMessageBytes), slow: slowAfter, atMost: unfinishedAtMost}
	for _, o := range options {
		if k, ok := o.(knock); ok {
			coming.knock = k.handle
		}
	}
	own := []grpc.ServerOption{
		grpc.InTapHandle(coming.tap), grpc.StatsHandler(coming),
		grpc.MaxRecvMsgSize(cfg.MaxMessageBytes),
		grpc.MaxSendMsgSize(cfg.MaxMessageBytes),
		grpc.KeepaliveEnforcementPolicy(pings), grpc.KeepaliveParams(pinged),
		grpc.StatsHandler(otelgrpc.NewServerHandler(
			otelgrpc.WithTracerProvider(deps.TracerProvider), otelgrpc.WithPropagators(Propagator()))),
		grpc.ChainUnaryInterceptor(guard.unary),
		grpc.ChainStreamInterceptor(guard.stream),
	}
	s := &GRPCServer{
		Server:  grpc.NewServer(append(own, options...)...),
		address: cfg.Address,
		deps:    deps,
		health:  health.NewServer(),

		unreadAfter: unreadAfter,
		arrivals:    coming,
	}
	coming.streams = sync.OnceValue(func() map[string]struct{} { return streamsOf(s.Server) }) // all are registered before it serves
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)                    // until it serves
	healthv1.RegisterHealthServer(s.Server, s.health)
	listing := reflection.ServerOptions{Services: &listed{s.Server, deps.Forwarded}}
	reflectionv1.RegisterServerReflectionServer(s.Server, reflection.NewServerV1(listing))
	reflectionv1alpha.RegisterServerReflectionServer(s.Server, reflection.NewServer(listing))
	return s
}

// listed adds the forwarded services to those that are registered.
type listed struct {
	*grpc.Server
	forwarded []string
}

// GetServiceInfo names every service reflection may speak of.
func (l *listed) GetServiceInfo() map[string]grpc.ServiceInfo {
	info := l.Server.GetServiceInfo()
	for _, name := range l.forwarded {
		if _, ok := info[name]; !ok {
			info[name] = grpc.ServiceInfo{}
		}
	}
	return info
}

// Listen takes the address. Calling it again changes nothing.
func (s *GRPCServer) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listen(&s.listener, "grpc server", s.address)
}

// Addr is where it listens, with the port that was given; empty before Listen.
func (s *GRPCServer) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return addrOf(s.listener)
}

// OnStop has f called when the server begins to stop, before it waits for the calls in
// hand: what ends streams that clients would keep open for ever. ctx ends with the grace.
// Call it before the server runs.
func (s *GRPCServer) OnStop(f func(ctx context.Context)) { s.onStop = append(s.onStop, f) }

// Component serves, and stops by letting the calls in hand finish; those that
// last longer than the grace are cut off.
func (s *GRPCServer) Component() lifecycle.Component {
	return lifecycle.Component{
		Name:  "grpc server",
		Start: func(context.Context) error { return s.Listen() },
		Run: func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			go s.followReadiness(ctx)
			if err := s.Serve(impatient{s.listener, s.unreadAfter}); !errors.Is(err, grpc.ErrServerStopped) { // stopped before it began
				return err
			}
			return nil
		},
		Stop: func(ctx context.Context) error {
			s.health.Shutdown()
			done := make(chan struct{})
			go func() { s.GracefulStop(); close(done) }()
			for _, f := range s.onStop {
				f(ctx)
			}
			select {
			case <-done:
			case <-ctx.Done():
				s.Server.Stop()
				<-done
				return fmt.Errorf("calls in hand were cut off: %w", ctx.Err())
			}
			return nil
		},
	}
}

func (s *GRPCServer) followReadiness(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		status := healthv1.HealthCheckResponse_SERVING
		if s.deps.Ready.Check() != nil {
			status = healthv1.HealthCheckResponse_NOT_SERVING
		}
		s.health.SetServingStatus("", status)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
