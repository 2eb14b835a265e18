package store

import (
	"context"
	"sync/atomic"
	"time"
)

// patience gives contexts that end after lasts, or up to a fiftieth later. Requests that begin in the same moment share one, and
// the next fiftieth has its own: a context and a timer for each request were 4 % of its CPU. They do not end with the
// request they were begun for.
type patience struct {
	lasts   time.Duration
	current atomic.Pointer[moment]
}

// moment is the context of all that begins before over.
type moment struct {
	ctx  context.Context
	over time.Time
}

func (p *patience) begin(parent context.Context) context.Context {
	now := time.Now()
	if m := p.current.Load(); m != nil && now.Before(m.over) {
		return m.ctx
	}
	long := p.lasts / 50
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), p.lasts+long)
	context.AfterFunc(ctx, cancel) // nobody ends it earlier
	p.current.Store(&moment{ctx: ctx, over: now.Add(long)})
	return ctx
}
