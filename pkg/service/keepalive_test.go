package service_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/freshet/freshet/pkg/service"
)

// pipes is a listener whose connections need no network, so that time can be the test's own.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p *pipes) dial(context.Context, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

// A client that keeps its idle connection alive, as often as gRPC lets it, keeps it for hours.
func TestAnIdleConnectionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := service.NewGRPCServer(service.GRPCConfig{MaxMessageBytes: 2048}, service.GRPCDeps{
			Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), TracerProvider: sdktrace.NewTracerProvider(),
		})
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		conn, err := grpc.NewClient("passthrough:///pipe", grpc.WithContextDialer(listener.dial), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: true}), grpc.WithIdleTimeout(0))
		if err != nil {
			t.Fatal(err)
		}
		conn.Connect()
		for conn.GetState() != connectivity.Ready {
			if !conn.WaitForStateChange(t.Context(), conn.GetState()) {
				t.Fatal("never connected")
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		if conn.WaitForStateChange(ctx, connectivity.Ready) {
			t.Errorf("the connection is %s", conn.GetState())
		}
		_ = conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
