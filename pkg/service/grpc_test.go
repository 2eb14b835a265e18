package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// scores answers with whatever the test wants.
type scores struct {
	churnv1.UnimplementedChurnServiceServer
	answer func(ctx context.Context, id string) error
}

func (s *scores) GetChurnScore(ctx context.Context, r *churnv1.GetChurnScoreRequest) (*churnv1.GetChurnScoreResponse, error) {
	if err := s.answer(ctx, r.GetId()); err != nil {
		return nil, err
	}
	return &churnv1.GetChurnScoreResponse{CustomerId: r.GetId()}, nil
}

// safeBuffer is a log that two goroutines share.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type fixture struct {
	client  churnv1.ChurnServiceClient
	conn    *grpc.ClientConn
	logs    *safeBuffer
	metrics *prometheus.Registry
	stop    func() error // ends the server and waits
}

func start(t *testing.T, grace time.Duration, answer func(ctx context.Context, id string) error) *fixture {
	t.Helper()
	f := &fixture{logs: &safeBuffer{}, metrics: prometheus.NewRegistry()}
	server := service.NewGRPCServer(service.GRPCConfig{Address: "127.0.0.1:0", MaxMessageBytes: 2048}, service.GRPCDeps{
		Logger: service.NewLogger(service.LogConfig{Level: "info", Format: "json"}, f.logs), Metrics: f.metrics,
		TracerProvider: sdktrace.NewTracerProvider(), Forwarded: []string{"freshet.identity.v1.IdentityService"},
	})
	churnv1.RegisterChurnServiceServer(server, &scores{answer: answer})
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- lifecycle.Run(ctx, grace, server.Component()) }()
	f.stop = sync.OnceValue(func() error { cancel(); return <-done })
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	f.conn, f.client = conn, churnv1.NewChurnServiceClient(conn)
	t.Cleanup(func() {
		_ = f.stop() // tests of stopping have looked at it
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestErrorsBecomeStatuses(t *testing.T) {
	f := start(t, time.Second, func(_ context.Context, id string) error {
		switch id {
		case "domain":
			return fmt.Errorf("look up: %w", status.Error(codes.NotFound, "no such customer"))
		case "bug":
			return errors.New("password of the database is hunter2")
		case "panic":
			panic("index out of range")
		case "deadline":
			return fmt.Errorf("query: %w", context.DeadlineExceeded)
		}
		return nil
	})
	tests := map[string]struct {
		code    codes.Code
		message string
	}{
		"fine":                    {codes.OK, ""},
		"domain":                  {codes.NotFound, "look up: rpc error: code = NotFound desc = no such customer"},
		"bug":                     {codes.Internal, "internal error"},
		"panic":                   {codes.Internal, "internal error"},
		"deadline":                {codes.DeadlineExceeded, "the request was not answered within its deadline"},
		strings.Repeat("x", 3000): {codes.ResourceExhausted, "grpc: received message larger than max (3003 vs. 2048)"},
	}
	for id, test := range tests {
		_, err := f.client.GetChurnScore(t.Context(), &churnv1.GetChurnScoreRequest{Id: id})
		if st := status.Convert(err); st.Code() != test.code || st.Message() != test.message {
			t.Errorf("%.20s: got %s %q", id, st.Code(), st.Message())
		}
	}
	logs := f.logs.String()
	if strings.Count(logs, "hunter2") != 1 || strings.Count(logs, "index out of range") != 1 || strings.Contains(logs, "no such customer") {
		t.Errorf("each unknown error is logged once, a domain error never: %s", logs)
	}
	if !strings.Contains(logs, "grpc_test.go") {
		t.Error("the panic's place is not in the log")
	}
	if n := testutil.CollectAndCount(f.metrics, "freshet_grpc_server_seconds"); n != 4 { // OK, NOT_FOUND, INTERNAL, DEADLINE_EXCEEDED
		t.Errorf("%d series", n)
	}
}

func TestTraceIDsOfTheCallerAreLogged(t *testing.T) {
	f := start(t, time.Second, func(context.Context, string) error { return errors.New("bug") })
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	_, err := f.client.GetChurnScore(ctx, &churnv1.GetChurnScoreRequest{})
	if status.Code(err) != codes.Internal || !strings.Contains(f.logs.String(), `"trace_id":"0af7651916cd43dd8448eb211c80319c"`) {
		t.Errorf("%v, %s", err, f.logs.String())
	}
}

func TestUnknownMethodsDoNotGrowTheLabelSet(t *testing.T) {
	f := start(t, time.Second, func(context.Context, string) error { return nil })
	for i := range 3 {
		err := f.conn.Invoke(t.Context(), fmt.Sprintf("/freshet.churn.v1.ChurnService/Method%d", i), &churnv1.GetChurnScoreRequest{}, &churnv1.GetChurnScoreResponse{})
		if status.Code(err) != codes.Unimplemented {
			t.Fatal(err)
		}
	}
	if n := testutil.CollectAndCount(f.metrics, "freshet_grpc_server_seconds"); n > 1 {
		t.Errorf("%d series", n)
	}
}

func TestReflectionListsWhatIsServedAndForwarded(t *testing.T) {
	f := start(t, time.Second, nil)
	stream, err := reflectionv1.NewServerReflectionClient(f.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	got := strings.Join(names, " ")
	for _, want := range []string{"freshet.churn.v1.ChurnService", "freshet.identity.v1.IdentityService", "grpc.health.v1.Health"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
}

func TestStopFinishesCallsWithinTheGraceOnly(t *testing.T) {
	for name, test := range map[string]struct {
		grace time.Duration
		want  codes.Code
		fault string
	}{
		"enough":     {10 * time.Second, codes.OK, "<nil>"},
		"too little": {time.Millisecond, codes.Unavailable, "stop grpc server: calls in hand were cut off: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			entered, release := make(chan struct{}), make(chan struct{})
			f := start(t, test.grace, func(ctx context.Context, _ string) error {
				close(entered)
				select {
				case <-release:
				case <-ctx.Done():
				}
				return ctx.Err()
			})
			result := make(chan error, 1)
			go func() {
				_, err := f.client.GetChurnScore(t.Context(), &churnv1.GetChurnScoreRequest{})
				result <- err
			}()
			<-entered
			stopped := make(chan error, 1)
			go func() { stopped <- f.stop() }()
			if test.want == codes.OK {
				select {
				case err := <-stopped:
					t.Fatalf("stopped with a call in hand: %v", err)
				case <-time.After(50 * time.Millisecond):
				}
				close(release)
			}
			if err := <-result; status.Code(err) != test.want {
				t.Errorf("the call in hand ended with %v", err)
			}
			if err := <-stopped; fmt.Sprint(err) != test.fault {
				t.Errorf("stopping reported %v", err)
			}
		})
	}
}
