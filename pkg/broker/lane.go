package broker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/retry"
)

// lane is the queue of one partition. At most one batch of it is under way, which is what keeps the order.
type lane struct {
	p  *Producer
	to TopicPartition

	mu     sync.Mutex
	queue  []*group
	active bool
}

func (l *lane) add(g *group) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, g)
	if !l.active {
		l.active = true
		go l.drain()
	}
}

// drain sends until the queue is empty.
func (l *lane) drain() {
	for next := l.next(); next != nil; next = l.next() {
		l.send(next.ctx, l.take)
	}
}

// next is the group that has waited longest; nil, and the lane goes idle, when none waits.
func (l *lane) next() *group {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active = len(l.queue) > 0; !l.active {
		return nil
	}
	return l.queue[0]
}

// take removes what fits into one record batch, of a queue that holds something.
func (l *lane) take() []*group {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, bytes := 0, 0
	for n < len(l.queue) && (n == 0 || bytes+l.queue[n].bytes <= l.p.cfg.MaxBatchBytes) {
		bytes += l.queue[n].bytes
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	return batch
}

// send tries until a batch is stored or every caller has gone. What the batch is, take says when the first request is
// made up: what has come until then goes along. ctx lends its values, not its end: no attempt is bounded by one caller's
// patience, for which the others in the batch would pay.
func (l *lane) send(ctx context.Context, take func() []*group) {
	ctx = context.WithoutCancel(ctx)
	var batch []*group
	var err error
	pack := func() ([]Message, int) {
		if batch == nil {
			batch = take()
		}
		batch = l.dropGone(batch, err)
		return messages(batch), bytesOf(batch)
	}
	pauses := retry.Backoff{Most: time.Second}
	for {
		err = (<-l.p.client.carry(ctx, l.to, pack)).err
		if err == nil {
			for _, g := range batch {
				l.settle(g, nil)
			}
			return
		}
		if Permanent(err) {
			l.isolate(batch, err)
			return
		}
		_ = pauses.Wait(batch[0].ctx) // Not longer than the first caller's patience.
	}
}

// isolate gives a permanent fault to the group that has it: alone, each is tried once more.
func (l *lane) isolate(batch []*group, err error) {
	if len(batch) == 1 {
		l.settle(batch[0], err)
		return
	}
	for _, g := range batch {
		l.send(g.ctx, func() []*group { return []*group{g} })
	}
}

// dropGone settles the groups whose caller has given up and returns the others.
func (l *lane) dropGone(batch []*group, cause error) []*group {
	kept := batch[:0:0]
	for _, g := range batch {
		if g.ctx.Err() == nil {
			kept = append(kept, g)
			continue
		}
		err := fmt.Errorf("%w: %w", ErrNotStored, context.Cause(g.ctx))
		if cause != nil {
			err = fmt.Errorf("%w: %w", ErrNotStored, cause)
		}
		l.settle(g, err)
	}
	return kept
}

func (l *lane) settle(g *group, err error) {
	l.p.release(g.bytes)
	g.finish(err)
}

// messages are those of all groups, in order.
func messages(batch []*group) []Message {
	if len(batch) == 1 {
		return batch[0].msgs
	}
	n := 0
	for _, g := range batch {
		n += len(g.msgs)
	}
	if n == 0 {
		return nil
	}
	msgs := make([]Message, 0, n)
	for _, g := range batch {
		msgs = append(msgs, g.msgs...)
	}
	return msgs
}

func bytesOf(batch []*group) int {
	n := 0
	for _, g := range batch {
		n += g.bytes
	}
	return n
}
