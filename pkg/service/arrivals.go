package service

import (
	"context"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/tap"
)

// gRPC reads a message into memory before it calls anybody, for as long as its client likes to take: clients that send all but the last
// byte of the largest message, and then wait, hold it all. So a call whose first message is not there yet is counted. When more
// of them wait than unfinishedBytes has room for, those that have waited for slowAfter are ended, and each is at unfinishedAtMost:
// what is held then is what can arrive in slowAfter. Clients that send many calls at once are done by then. Streams of messages are not
// counted: they may be open for days before the first, and nobody can see how much of one is there.
const (
	unfinishedBytes             = 128 << 20
	slowAfter, unfinishedAtMost = 3 * time.Second, 30 * time.Second
)

// Knock has h look at every call when its headers are there, before its message is read. It is for NewGRPCServer, which has a tap of its own.
func Knock(h tap.ServerInHandle) grpc.ServerOption { return knock{handle: h} }

type knock struct {
	grpc.EmptyServerOption
	handle tap.ServerInHandle
}

// arrivals are the calls of a server whose message is on its way.
type arrivals struct {
	knock        tap.ServerInHandle         // nil lets every call in
	streams      func() map[string]struct{} // methods whose clients send streams
	room         int64
	slow, atMost time.Duration
	waiting      atomic.Int64
}

// arrival is one of them, in its call's context.
type arrival struct {
	of    *arrivals
	begun time.Time
	end   context.CancelFunc
	look  *time.Timer
	over  atomic.Bool
	stop  func() bool // leave is not called at the call's end any more
}

type arrivalKey struct{}

// tap is called with the headers of a call.
func (a *arrivals) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	if a.knock != nil {
		var err error
		if ctx, err = a.knock(ctx, info); err != nil {
			return ctx, err
		}
	}
	if _, stream := a.streams()[info.FullMethodName]; stream {
		return ctx, nil
	}
	w := &arrival{of: a, begun: time.Now()}
	ctx, w.end = context.WithCancel(ctx)
	a.waiting.Add(1)
	w.look = time.AfterFunc(a.atMost, w.judge)
	w.look.Reset(a.slow) // not before w.look is set
	w.stop = context.AfterFunc(ctx, w.leave)
	return context.WithValue(ctx, arrivalKey{}, w), nil
}

// judge ends the call if it is in the way, and else looks again later.
func (w *arrival) judge() {
	switch {
	case w.over.Load():
	case w.of.waiting.Load() > w.of.room, time.Since(w.begun) >= w.of.atMost:
		w.end()
	default:
		w.look.Reset(w.of.slow)
	}
}

// leave is called when the message is there, or the call is over.
func (w *arrival) leave() {
	if w.over.CompareAndSwap(false, true) {
		w.look.Stop()
		w.of.waiting.Add(-1)
	}
}

// streamsOf are the methods of a server whose clients send streams of messages.
func streamsOf(s *grpc.Server) map[string]struct{} {
	out := map[string]struct{}{}
	for service, info := range s.GetServiceInfo() {
		for _, m := range info.Methods {
			if m.IsClientStream {
				out["/"+service+"/"+m.Name] = struct{}{}
			}
		}
	}
	return out
}

// TagRPC is stats.Handler.
func (a *arrivals) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC is stats.Handler: it learns that a message is there.
func (a *arrivals) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.InPayload); !ok {
		return
	}
	if w, ok := ctx.Value(arrivalKey{}).(*arrival); ok {
		w.stop()
		w.leave()
	}
}

// TagConn is stats.Handler.
func (a *arrivals) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is stats.Handler.
func (a *arrivals) HandleConn(context.Context, stats.ConnStats) {}
