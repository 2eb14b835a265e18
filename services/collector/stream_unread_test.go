package collector

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
)

// watched serves the rig's collector over gRPC and tells how each stream's handler ended.
func watched(t *testing.T, r *rig) (collectorv1.CollectorServiceClient, <-chan error) {
	t.Helper()
	ends := make(chan error, 64)
	server := service.NewGRPCServer(service.GRPCConfig{Address: "127.0.0.1:0", MaxMessageBytes: 4 << 20},
		service.GRPCDeps{Logger: r.svc.logger, Metrics: prometheus.NewRegistry(), TracerProvider: noop.NewTracerProvider()},
		grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			err := handler(srv, ss)
			ends <- err
			return err
		}))
	r.svc.Register(server)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Component().Run(context.Background()) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return collectorv1.NewCollectorServiceClient(conn), ends
}

// Streams whose clients send and never read their answers end after write_timeout. Before, each was kept for as long as its client liked, with the
// events of its window in the memory that all share; sixty-four of them held all of it.
func TestStreamsThatNobodyReadsEnd(t *testing.T) {
	r := start(t, withoutSpool, func(s *setup) { s.cfg.WriteTimeout = time.Second })
	client, ends := watched(t, r)
	event := []byte(`{"type":"nope","messageId":"` + strings.Repeat("m", 250) + `","x":"` + strings.Repeat("p", 2000) + `"}`)
	streams := make([]streamClient, 8)
	for i := range streams {
		streams[i] = openStream(t, client)
		go func() {
			for n := range 20_000 { // far more than there is room for
				if streams[i].Send(&collectorv1.IngestStreamRequest{Sequence: uint64(n), Event: event}) != nil {
					return
				}
			}
		}()
	}
	for range streams {
		select {
		case err := <-ends:
			if status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("a stream ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("a stream is still there")
		}
	}
	settled(t, r)
	neighbour(t, r, "after")
	for _, s := range streams { // who reads after all is told
		var err error
		for err == nil {
			_, err = s.Recv()
		}
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("the client was told %v", err)
		}
	}
}

// What is sent by a client that does not read is made durable all the same, and leaves the memory, before the stream ends.
func TestAStreamThatIsNotReadHoldsNoMemory(t *testing.T) {
	r := start(t, withoutSpool) // with 30 s of patience
	stream := openStream(t, dial(t, r))
	event := []byte(`{"type":"nope","messageId":"` + strings.Repeat("m", 250) + `","x":"` + strings.Repeat("p", 2000) + `"}`)
	go func() {
		for i := range 20_000 {
			if stream.Send(&collectorv1.IngestStreamRequest{Sequence: uint64(i), Event: event}) != nil {
				return
			}
		}
	}()
	testkit.Eventually(t, time.Minute, func() error {
		if n := len(r.records(topics.EventsRejected)); n < r.svc.cfg.Stream.Window {
			return fmt.Errorf("%d events are in quarantine, not yet as many as the window takes", n)
		}
		return nil
	})
	settled(t, r)
}
