package collector

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
)

// A call without a working key is refused before any of its message is there: nothing of strangers is in memory.
func TestAKeyIsLookedAtBeforeTheMessage(t *testing.T) {
	r := start(t, withoutSpool)
	conn, _ := serveGRPC(t, r)
	for name, ctx := range map[string]context.Context{"no key": t.Context(), "a wrong key": withKey(t.Context(), "nobody-has-it")} {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		// As a call whose message never comes.
		stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, collectorv1.CollectorService_Ingest_FullMethodName)
		if err == nil {
			err = stream.RecvMsg(&collectorv1.IngestResponse{})
		}
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
		t.Errorf("health needs no key: %v", err)
	}
	if got := r.metric("freshet_collector_requests_total", "code", "401"); got != 2 {
		t.Errorf("%v calls were counted as 401, want 2", got)
	}
}
