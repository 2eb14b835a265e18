package stream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
)

// A process that was stopped for a while and goes on still has its partitions' stores open, until its next heartbeat tells it that others have had them
// for long. Writes are safe from it (see the package comment); a read would be answered with the past. So reads need a lease.
//
// The coordinator gives a member's partitions to others when the member joins again, for which it has closed its stores before, or when it has said nothing for
// the session. The lease holds for three quarters of the session from when a question was sent that the coordinator has answered with yes. So it is over before
// anybody else can begin. A quarter is left for clocks that run at different speeds. Time is measured by two clocks, of which the one that says more
// counts: one that stands still while the machine sleeps, and one that is set.
//
// Price: one small request a second and task. While the coordinator is away, kafka-go ends the generation, and with it every View, before the lease is over.

// attestEvery is how often the coordinator is asked.
const attestEvery = time.Second

// lease says for how long this process may answer reads.
type lease struct{ until atomic.Pointer[term] }

// term is one answer of the coordinator.
type term struct {
	asked time.Time
	holds time.Duration
}

func (l *lease) holds() bool {
	t := l.until.Load()
	return t != nil && max(time.Since(t.asked), time.Since(t.asked.Round(0))) < t.holds
}

// keep asks once, and then again and again until ctx ends or stop is called. After that the lease is over: nobody has any partitions.
func (l *lease) keep(ctx context.Context, m *broker.Membership) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ask := func() {
		asked := time.Now()
		if m.Attest(ctx) == nil { // an error says nothing of the answer before; kafka-go's own heartbeat ends the generation
			l.until.Store(&term{asked: asked, holds: m.Session() / 4 * 3})
		}
	}
	ask()
	var asking sync.WaitGroup
	asking.Go(func() {
		for retry.Sleep(ctx, attestEvery) == nil {
			ask()
		}
	})
	return func() {
		cancel()
		asking.Wait()
		l.until.Store(nil)
	}
}
