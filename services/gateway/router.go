package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/freshet/freshet/pkg/service"
)

// router sends each call to the upstream that serves it and, there, to the first
// replica that can be reached. It is a client connection to everything behind the
// gateway at once.
type router struct {
	byMethod map[string]rule
	guard    *guard
	timeout  time.Duration
	moved    chan struct{} // of one: asks Run to look the names up again
	stopping chan struct{} // closed when endless streams are to end
	seconds  *prometheus.HistogramVec
	passed   *prometheus.CounterVec
}

func (r *router) metrics() []prometheus.Collector {
	r.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "freshet_gateway_upstream_seconds",
		Help:    "Time until an upstream answered, all replicas asked included, by method and status code.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"method", "code"})
	r.passed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_gateway_passed_over_total",
		Help: "Replicas that were asked, did not answer and were passed over, by upstream.",
	}, []string{"upstream"})
	return []prometheus.Collector{r.seconds, r.passed}
}

// knock looks at a call before its message is read. What the gateway serves itself needs no token.
func (r *router) knock(ctx context.Context, info *tap.Info) (context.Context, error) {
	if _, behind := r.byMethod[info.FullMethodName]; !behind {
		return ctx, nil
	}
	return ctx, r.guard.knows(info.Header.Get("authorization"))
}

// Invoke makes one call. It asks the replicas in turn until one answers with
// anything but UNAVAILABLE, or with an UNAVAILABLE that says when to come again.
func (r *router) Invoke(ctx context.Context, method string, args, reply any, options ...grpc.CallOption) error {
	rule, ok := r.byMethod[method]
	if !ok {
		return status.Errorf(codes.Unimplemented, "there is no method %s behind this gateway", method)
	}
	ctx, err := r.guard.admit(ctx, rule, args)
	if err != nil {
		return err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	begun := time.Now()
	err = r.ask(ctx, rule.upstream, func(c *grpc.ClientConn) error { return c.Invoke(ctx, method, args, reply, options...) })
	r.seconds.WithLabelValues(method, status.Code(err).String()).Observe(time.Since(begun).Seconds())
	return err
}

func (r *router) ask(ctx context.Context, u *upstream, call func(*grpc.ClientConn) error) error {
	replicas, err := u.order(ctx)
	if err != nil {
		return status.Errorf(codes.Unavailable, "%s has no address: %v", u, err)
	}
	var unreachable error
	for _, replica := range replicas {
		err := call(replica.conn)
		// The deadline passes here and at the replica at once: who says so first, and in which words, is chance.
		if status.Code(err) == codes.DeadlineExceeded || err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return status.Errorf(codes.DeadlineExceeded, "%s did not answer within the deadline of the request", u)
		}
		if _, final := service.AgainAfter(err); final || status.Code(err) != codes.Unavailable || ctx.Err() != nil {
			return err
		}
		r.passed.WithLabelValues(u.name).Inc()
		unreachable = errors.New(replica.address + ": " + status.Convert(err).Message())
	}
	select { // replicas may have moved since the names were last looked up
	case r.moved <- struct{}{}:
	default:
	}
	return status.Errorf(codes.Unavailable, "%s does not answer; try again. %v", u, unreachable)
}
