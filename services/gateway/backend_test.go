package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/gateway"
	"github.com/freshet/freshet/services/recommendation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend is one replica of the services behind the gateway: a real gRPC server
// that answers what the test wants.
type backend struct {
	identityv1.UnimplementedIdentityServiceServer
	featurev1.UnimplementedFeatureServiceServer
	segmentationv1.UnimplementedSegmentationServiceServer
	resolve      func(ctx context.Context, r *identityv1.ResolveRequest) (*identityv1.ResolveResponse, error)
	getCustomer  func(ctx context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error)
	getFeatures  func(ctx context.Context, r *featurev1.GetFeaturesRequest) (*featurev1.GetFeaturesResponse, error)
	listMembers  func(ctx context.Context, r *segmentationv1.ListMembersRequest) (*segmentationv1.ListMembersResponse, error)
	listSegments func(ctx context.Context, r *segmentationv1.ListSegmentsRequest) (*segmentationv1.ListSegmentsResponse, error)
	history      func(r *featurev1.GetHistoricalFeaturesRequest, out historyStream) error
	watch        func(r *featurev1.WatchFeaturesRequest, out watchStream) error
	calls        atomic.Int64
	address      string
	stop         func()
}

func (b *backend) Resolve(ctx context.Context, r *identityv1.ResolveRequest) (*identityv1.ResolveResponse, error) {
	return b.resolve(ctx, r)
}

func (b *backend) GetCustomer(ctx context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
	b.calls.Add(1)
	return b.getCustomer(ctx, r)
}

func (b *backend) GetFeatures(ctx context.Context, r *featurev1.GetFeaturesRequest) (*featurev1.GetFeaturesResponse, error) {
	return b.getFeatures(ctx, r)
}

func (b *backend) GetHistoricalFeatures(r *featurev1.GetHistoricalFeaturesRequest, out historyStream) error {
	return b.history(r, out)
}

type watchStream = grpc.ServerStreamingServer[featurev1.WatchFeaturesResponse]

func (b *backend) WatchFeatures(r *featurev1.WatchFeaturesRequest, out watchStream) error {
	return b.watch(r, out)
}

func (b *backend) ListMembers(ctx context.Context, r *segmentationv1.ListMembersRequest) (*segmentationv1.ListMembersResponse, error) {
	return b.listMembers(ctx, r)
}

func (b *backend) ListSegments(ctx context.Context, r *segmentationv1.ListSegmentsRequest) (*segmentationv1.ListSegmentsResponse, error) {
	return b.listSegments(ctx, r)
}

// echo answers with the id that was asked for.
func echo(_ context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
	return &identityv1.GetCustomerResponse{Customer: &identityv1.Customer{CustomerId: r.GetId(), Workspace: r.GetWorkspace()}}, nil
}

func (b *backend) serve(t testing.TB, address string) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	identityv1.RegisterIdentityServiceServer(server, b)
	featurev1.RegisterFeatureServiceServer(server, b)
	segmentationv1.RegisterSegmentationServiceServer(server, b)
	lists, err := recommendation.New(recommendation.Default(), recommendation.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	lists.Register(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	b.address = listener.Addr().String()
	b.stop = func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
		done <- nil // may be called again
	}
	t.Cleanup(b.stop)
	return b
}

// running is a gateway with its two servers.
type running struct {
	url     string
	conn    *grpc.ClientConn
	metrics *prometheus.Registry
	// stopping begins its end.
	stopping func()
}

func run(t testing.TB, cfg gateway.Config) *running {
	t.Helper()
	reg := prometheus.NewRegistry()
	tracers := noop.NewTracerProvider()
	s, err := gateway.New(cfg, gateway.Deps{Metrics: reg, TracerProvider: tracers, Ready: &service.Readiness{},
		Addresses: func() []gateway.Address { return []gateway.Address{{Name: "Kafka", Value: "127.0.0.1:9092"}} }})
	if err != nil {
		t.Fatal(err)
	}
	grpcServer := service.NewGRPCServer(service.GRPCConfig{Address: "127.0.0.1:0", MaxMessageBytes: 4 << 20},
		service.GRPCDeps{Logger: slog.New(slog.DiscardHandler), Metrics: reg, TracerProvider: tracers, Forwarded: s.Forwarded()}, s.ServerOptions()...)
	grpcServer.OnStop(s.StopStreams)
	if err := grpcServer.Listen(); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- lifecycle.Run(ctx, 5*time.Second, lifecycle.Component{Name: "gateway", Run: s.Run}, grpcServer.Component())
	}()
	conn, err := grpc.NewClient(grpcServer.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		web.Close()
		closed := conn.Close()
		cancel()
		if err := errors.Join(closed, <-done, s.Close()); err != nil {
			t.Error(err)
		}
	})
	return &running{url: web.URL, conn: conn, metrics: reg, stopping: cancel}
}

func config(addresses ...string) gateway.Config {
	cfg := gateway.Default()
	cfg.HTTPAddress = "127.0.0.1:0"
	cfg.Upstreams = gateway.At(addresses...)
	return cfg
}
