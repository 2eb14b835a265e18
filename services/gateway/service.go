package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/proto/openapi"
)

// Deps are what the gateway needs of the process.
type Deps struct {
	// Logger says what became of a changed tokens file; nil means nowhere.
	Logger         *slog.Logger
	Metrics        prometheus.Registerer
	TracerProvider trace.TracerProvider
	// Ready is what /readyz shows.
	Ready *service.Readiness
	// Addresses are listed on the page at /; nil lists none. Called for every view.
	Addresses func() []Address
}

// Service is the gateway. The process serves Handler over HTTP and gives
// ServerOptions and Forwarded to its gRPC server.
type Service struct {
	cfg       Config
	upstreams []*upstream
	router    *router
	tokens    *access.Tokens // nil lets everybody read
	forwarded []string
	handler   http.Handler
	resolved  atomic.Bool
	stop      func()
}

// New makes a gateway. It connects to nothing: Run looks the upstreams up, and
// each is connected to when it is first asked.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("gateway configuration: %w", err)
	}
	s := &Service{cfg: cfg, router: &router{byMethod: map[string]rule{}, timeout: cfg.Timeout, moved: make(chan struct{}, 1), stopping: make(chan struct{})}}
	s.stop = sync.OnceFunc(func() { close(s.router.stopping) })
	for _, c := range s.router.metrics() {
		if err := deps.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("register the gateway's metrics: %w", err)
		}
	}
	if err := s.setUpGuard(deps); err != nil {
		return nil, err
	}
	traces := grpc.WithStatsHandler(otelgrpc.NewClientHandler(
		otelgrpc.WithTracerProvider(deps.TracerProvider), otelgrpc.WithPropagators(service.Propagator())))
	for _, t := range cfg.Upstreams.all() {
		u := newUpstream(t, traces)
		rules, services, err := t.rules(u)
		if err != nil {
			return nil, err
		}
		s.upstreams = append(s.upstreams, u)
		s.forwarded = append(s.forwarded, services...)
		maps.Copy(s.router.byMethod, rules)
	}
	return s, s.buildHandler(deps)
}

// setUpGuard reads the tokens, if there are to be any.
func (s *Service) setUpGuard(deps Deps) (err error) {
	if s.tokens, err = s.cfg.loadTokens(deps.Logger); err != nil {
		return err
	}
	s.router.guard, err = newGuard(s.tokens, deps.Metrics)
	return err
}

func (s *Service) buildHandler(deps Deps) error {
	page, err := newPage(deps.Addresses)
	if err != nil {
		return err
	}
	api, err := newJSON(s.router)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	service.HandleHealth(mux, deps.Ready)
	mux.Handle("GET /{$}", page)
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openapi.JSON) // the reader may be gone
	})
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Paths of the API go past net/http's mux, which would redirect ids that hold "//" or "..".
		if _, pattern := mux.Handler(r); pattern != "" && !isAPI(r) {
			mux.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
	s.handler = service.AnswerTo(s.cfg.Hosts, "hosts", s.cfg.HTTPAddress, allowOrigins(s.cfg.CORSOrigins, s.handler))
	s.handler = otelhttp.NewHandler(s.handler, "gateway",
		otelhttp.WithTracerProvider(deps.TracerProvider), otelhttp.WithPropagators(service.Propagator()),
		otelhttp.WithFilter(isAPI))
	return nil
}

// isAPI leaves out the probes: nobody wants their traces.
func isAPI(r *http.Request) bool {
	return len(r.URL.Path) > 4 && r.URL.Path[:4] == "/v1/"
}

// StopStreams ends the streams that would go on until their callers end them, by gRPC and over HTTP; the others finish. A server waits for its streams: call
// this when the first one begins to stop.
func (s *Service) StopStreams(context.Context) { s.stop() }

// Handler serves HTTP/JSON, /openapi.json, /healthz, /readyz and a page at /.
func (s *Service) Handler() http.Handler { return s.handler }

// Forwarded names the gRPC services behind the gateway, for reflection.
func (s *Service) Forwarded() []string { return s.forwarded }

// maxCalls is how many calls one gRPC connection may have at once, and so how many answers can wait in memory for a client that takes
// none. Clients wait for their turn by themselves.
const maxCalls = 250

// ServerOptions make a gRPC server forward what it does not serve itself.
func (s *Service) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.UnknownServiceHandler(s.router.forward), grpc.ForceServerCodecV2(newRawCodec()),
		grpc.MaxConcurrentStreams(maxCalls), service.Knock(s.router.knock)}
}

// Admit says whether an Authorization header allows to watch the process: service.Guard for a process that the gateway is a part of.
func (s *Service) Admit(authorization string) error {
	if s.tokens == nil {
		return errors.New("no tokens are configured")
	}
	return s.tokens.Admit(authorization)
}

// Ready returns an error until the upstreams have been looked up once. An
// upstream that is down does not make the gateway unready: the others can be read.
func (s *Service) Ready() error {
	if !s.resolved.Load() {
		return errors.New("looking up the upstreams")
	}
	return nil
}

// Run keeps the addresses of the upstreams and the tokens up to date until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return s.followNames(ctx) })
	if s.tokens != nil {
		work.Go(func() error { return s.tokens.Run(ctx) })
	}
	return work.Wait()
}

func (s *Service) followNames(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.ResolveEvery)
	defer tick.Stop()
	gap := time.Duration(0)
	for {
		for _, u := range s.upstreams {
			u.refresh(ctx, gap)
		}
		s.resolved.Store(true)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			gap = 0
		case <-s.router.moved:
			gap = refreshGap
		}
	}
}

// Close ends the connections. Calls that are on their way fail.
func (s *Service) Close() error {
	var faults []error
	for _, u := range s.upstreams {
		faults = append(faults, u.close())
	}
	return errors.Join(faults...)
}
