// Package rpc is the gRPC door: single calls, and streams whose events are answered each once it is durable, in the order sent. What an event is, and
// whether it is taken, is the intake's.
//
// A stream holds no more than its window (TestStreamReadsNoMoreThanItsWindow), one whose client reads no answers ends
// (TestStreamsThatNobodyReadsEnd), and a stop answers what was read and takes no more (TestAStoppedDoorTakesNoStreams).
package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/tap"

	"github.com/freshet/freshet/pkg/service"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
)

// Config is what an operator may set of it, under the names that the collector's Config has for it.
type Config struct {
	// Stream bounds what one stream holds.
	Stream Stream
	// Limits are the process's.
	Limits directory.Limits

	RetryAfter, WriteTimeout, DrainTimeout time.Duration
}

// Deps are what is below the door.
type Deps struct {
	Logger *slog.Logger
	Intake *intake.Intake
	// Now is the clock.
	Now func() time.Time
}

// Server is the gRPC door.
type Server struct {
	collectorv1.UnimplementedCollectorServiceServer

	cfg     Config
	logger  *slog.Logger
	intake  *intake.Intake
	streams *streams
	now     func() time.Time
}

// New makes a door.
func New(cfg Config, deps Deps) *Server {
	return &Server{cfg: cfg, logger: deps.Logger, intake: deps.Intake, streams: newStreams(), now: deps.Now}
}

// Register adds it to a server.
func (s *Server) Register(r grpc.ServiceRegistrar) { collectorv1.RegisterCollectorServiceServer(r, s) }

// maxCalls is how many calls and streams one gRPC connection may have at once. gRPC reads a whole message into memory before anybody looks at
// the call, so without a bound one connection takes all there is; clients wait for their turn by themselves.
const maxCalls = 250

// ServerOptions are for the gRPC server that Register is given: a call without a working key is refused when its headers are there, before its
// message, up to grpc.max_message_bytes, is read.
func (s *Server) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.MaxConcurrentStreams(maxCalls), service.Knock(s.knock)}
}

// knock looks at a call's key. Health and reflection need none.
func (s *Server) knock(ctx context.Context, info *tap.Info) (context.Context, error) {
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
