package collector

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/tap"

	"github.com/freshet/freshet/pkg/service"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/intake"
)

// maxCalls is how many calls and streams one gRPC connection may have at once. gRPC reads a whole message into memory before anybody looks at
// the call, so without a bound one connection takes all there is; clients wait for their turn by themselves.
const maxCalls = 250

// ServerOptions are for the gRPC server that Register is given: a call without a working key is refused when its headers are there, before its
// message, up to grpc.max_message_bytes, is read.
func (s *Service) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.MaxConcurrentStreams(maxCalls), service.Knock(s.knock)}
}

// knock looks at a call's key. Health and reflection need none.
func (s *Service) knock(ctx context.Context, info *tap.Info) (context.Context, error) {
	if !strings.HasPrefix(info.FullMethodName, "/"+collectorv1.CollectorService_ServiceDesc.ServiceName+"/") {
		return ctx, nil
	}
	header := ""
	if values := info.Header.Get("authorization"); len(values) > 0 {
		header = values[0]
	}
	if _, ref := s.intake.Sender(header); ref != nil {
		s.intake.Answered(intake.GRPC, http.StatusUnauthorized, 0)
		return nil, statusOf(ref)
	}
	return ctx, nil
}
