package gateway

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// NewStream is for methods that answer with a stream. The call is made when the request is sent, which it must be before it says whose it is: see answers.
func (r *router) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	rule, ok := r.byMethod[method]
	if !ok || !rule.streams {
		return nil, status.Errorf(codes.Unimplemented, "there is no method %s behind this gateway that answers with a stream", method)
	}
	a := &answers{router: r, rule: rule, ctx: ctx, desc: desc, method: method, options: options, done: func() {}}
	if rule.endless {
		a.ctx, a.done = r.untilStopped(ctx)
	}
	return a, nil
}

// errStopping is why the gateway itself ends a stream.
var errStopping = errors.New("the gateway stops")

// untilStopped ends with ctx, or when the gateway stops.
func (r *router) untilStopped(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		select {
		case <-r.stopping:
			cancel(errStopping)
		case <-ctx.Done():
		case <-ended:
			cancel(nil)
		}
	}()
	return ctx, sync.OnceFunc(func() { close(ended) })
}

// answers is a stream of answers to one request. Replicas are asked in turn until one gives a first answer, or a status that is final; from there on the
// stream is that replica's. It has no deadline but the caller's: it goes on for as long as answers are taken, and ends with the caller.
type answers struct {
	grpc.ClientStream // of the replica that answers; nil before

	router  *router
	rule    rule
	ctx     context.Context
	desc    *grpc.StreamDesc
	method  string
	options []grpc.CallOption
	begun   time.Time
	request any
	ended   bool
	done    func()
}

// SendMsg takes the request.
func (a *answers) SendMsg(m any) error {
	a.request = m
	return nil
}

// CloseSend says that the request is complete.
func (a *answers) CloseSend() error { return nil }

// Context is the caller's until there is a stream.
func (a *answers) Context() context.Context { return a.ctx }

// Header waits for the first answer, as gRPC's does for the header.
func (a *answers) Header() (metadata.MD, error) {
	if a.ClientStream == nil {
		return nil, nil
	}
	return a.ClientStream.Header()
}

// Trailer is what came with the end.
func (a *answers) Trailer() metadata.MD {
	if a.ClientStream == nil {
		return nil
	}
	return a.ClientStream.Trailer()
}

// RecvMsg reads an answer into m; the first one makes the call.
func (a *answers) RecvMsg(m any) error {
	var err error
	if a.ClientStream == nil {
		err = a.call(m)
	} else {
		err = a.ClientStream.RecvMsg(m)
	}
	if err != nil && errors.Is(context.Cause(a.ctx), errStopping) {
		err = status.Error(codes.Unavailable, "the gateway stops; go on with the last answer's resume at another, or in a moment")
	}
	if err != nil && !a.ended {
		a.ended = true
		a.done()
		code := status.Code(err)
		if errors.Is(err, io.EOF) {
			code = codes.OK
		}
		a.router.seconds.WithLabelValues(a.method, code.String()).Observe(time.Since(a.begun).Seconds())
	}
	return err
}

// call asks the replicas, and reads the first answer.
func (a *answers) call(m any) error {
	a.begun = time.Now()
	ctx, err := a.router.guard.admit(a.ctx, a.rule, a.request)
	if err != nil {
		return err
	}
	var end error
	err = a.router.ask(ctx, a.rule.upstream, func(c *grpc.ClientConn) error {
		end = nil
		s, err := c.NewStream(ctx, a.desc, a.method, a.options...)
		if err != nil {
			return err
		}
		a.ClientStream = s
		if err := errors.Join(s.SendMsg(a.request), s.CloseSend()); err != nil && !errors.Is(err, io.EOF) { // of an EOF RecvMsg has the cause
			return err
		}
		if err := s.RecvMsg(m); !errors.Is(err, io.EOF) {
			return err
		}
		end = io.EOF
		return nil
	})
	if err == nil {
		err = end
	}
	return err
}
