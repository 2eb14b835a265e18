package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// interceptor stands around every call: it turns errors that are no gRPC status
// and panics into "internal error", logs those once, and counts and times calls.
type interceptor struct {
	logger  *slog.Logger
	seconds *prometheus.HistogramVec
}

func newInterceptor(logger *slog.Logger, reg prometheus.Registerer) *interceptor {
	i := &interceptor{logger: logger, seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "freshet_grpc_server_seconds",
		Help:    "Time to answer a gRPC call, by method and status code.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"method", "code"})}
	// Two servers of one process, as in standalone, share the metric.
	var twice prometheus.AlreadyRegisteredError
	if err := reg.Register(i.seconds); errors.As(err, &twice) {
		if shared, ok := twice.ExistingCollector.(*prometheus.HistogramVec); ok {
			i.seconds = shared
		}
	}
	return i
}

func (i *interceptor) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (resp any, err error) {
	err = i.around(ctx, info.FullMethod, func() error {
		resp, err = h(ctx, req)
		return err
	})
	return resp, err
}

func (i *interceptor) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, h grpc.StreamHandler) error {
	return i.around(ss.Context(), info.FullMethod, func() error { return h(srv, ss) })
}

func (i *interceptor) around(ctx context.Context, method string, call func() error) (err error) {
	begun := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		err = i.toStatus(ctx, method, err)
		i.seconds.WithLabelValues(known(method, err), status.Code(err).String()).Observe(time.Since(begun).Seconds())
	}()
	return call()
}

// known keeps the label set closed: a client can call methods that do not exist.
func known(method string, err error) string {
	if status.Code(err) == codes.Unimplemented {
		return "unimplemented"
	}
	return method
}

// toStatus keeps errors that already speak gRPC and the ends of the caller's own
// context. What is left is a bug or a failing dependency, whose words are for the
// log and not for the caller.
func (i *interceptor) toStatus(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	if st, ok := status.FromError(err); ok {
		return st.Err()
	}
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return status.Error(codes.Canceled, "the caller cancelled the request")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the request was not answered within its deadline")
	}
	i.logger.ErrorContext(ctx, "grpc call failed", "method", method, "error", err)
	return status.Error(codes.Internal, "internal error")
}
