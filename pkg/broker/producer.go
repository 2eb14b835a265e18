package broker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrNotStored says that the broker did not confirm the records in the time given.
// They may have been stored all the same: sending them again may duplicate them.
var ErrNotStored = errors.New("the broker did not confirm the records in time")

// ProducerConfig bounds a producer. The zero value is ready for use.
type ProducerConfig struct {
	// MaxBatchBytes is about how much goes into one request. Zero means 1 MiB.
	MaxBatchBytes int
	// MaxPendingBytes is what may wait in memory; beyond it Produce blocks. Zero means 64 MiB.
	MaxPendingBytes int
	// Gather is how long a partition waits for company before it sends, while many callers wait for the broker and
	// little has gathered: a request with one record costs both sides as much as one with twenty. A lone caller's record goes at
	// once. Zero means that no record waits.
	Gather time.Duration
}

// A crowd is so many groups under way; and so many bytes are worth a request of their own.
const (
	crowd       = 8
	enoughBytes = 32 << 10
)

// Producer writes records with acks=all. Nothing waits for a clock (but see
// ProducerConfig.Gather): while one request to a partition is under way, all that arrives
// for that partition gathers for the next.
type Producer struct {
	client *Client
	cfg    ProducerConfig

	mu      sync.Mutex
	room    *sync.Cond
	pending int // bytes
	groups  int // that pending is made of
	lanes   map[TopicPartition]*lane
}

// NewProducer makes a producer. It holds nothing that needs closing.
func (c *Client) NewProducer(cfg ProducerConfig) *Producer {
	if cfg.MaxBatchBytes == 0 {
		cfg.MaxBatchBytes = 1 << 20
	}
	if cfg.MaxPendingBytes == 0 {
		cfg.MaxPendingBytes = 64 << 20
	}
	p := &Producer{client: c, cfg: cfg, lanes: map[TopicPartition]*lane{}}
	p.room = sync.NewCond(&p.mu)
	return p
}

// Produce returns nil once every message is stored by all in-sync replicas. It
// retries passing faults until ctx ends and then returns ErrNotStored (some of the
// messages may be stored). A permanent fault (a record too large) is returned at once.
// After an error the bytes of the messages may still be read: do not change them.
func (p *Producer) Produce(ctx context.Context, msgs ...Message) error {
	groups, err := p.group(ctx, msgs)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := p.reserve(ctx, g.bytes); err != nil {
			g.finish(err)
			continue
		}
		p.lane(g.to).add(g)
	}
	var errs []error
	for _, g := range groups {
		select {
		case err := <-g.done:
			if err != nil {
				errs = append(errs, err)
			}
		case <-ctx.Done():
			// The attempt under way may last tryFor: a caller that has to answer
			// somebody by its deadline does not wait for it.
			return errors.Join(append(errs, fmt.Errorf("%w: %w", ErrNotStored, context.Cause(ctx)))...)
		}
	}
	return errors.Join(errs...)
}

// group splits messages by partition, keeping their order within each.
func (p *Producer) group(ctx context.Context, msgs []Message) ([]*group, error) {
	var groups []*group
	for _, m := range msgs {
		n, err := p.client.Partitions(ctx, m.Topic)
		if err != nil {
			return nil, err
		}
		to := TopicPartition{Topic: m.Topic, Partition: PartitionFor(m.Key, n)}
		g := last(groups, to)
		size := len(m.Key) + len(m.Value) + 64
		for _, h := range m.Headers { // a traced record carries half as much again as its frame
			size += len(h.Key) + len(h.Value) + 8
		}
		if g == nil || g.bytes+size > p.cfg.MaxBatchBytes {
			g = &group{ctx: ctx, to: to, done: make(chan error, 1)}
			groups = append(groups, g)
		}
		g.msgs = append(g.msgs, m)
		g.bytes += size
	}
	return groups, nil
}

// last is the newest group for a partition, or nil.
func last(groups []*group, to TopicPartition) *group {
	for i := len(groups) - 1; i >= 0; i-- {
		if groups[i].to == to {
			return groups[i]
		}
	}
	return nil
}

func (p *Producer) lane(tp TopicPartition) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lanes[tp]
	if l == nil {
		l = &lane{p: p, to: tp}
		p.lanes[tp] = l
	}
	return l
}

// reserve blocks while too much is pending.
func (p *Producer) reserve(ctx context.Context, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full(n) {
		stop := context.AfterFunc(ctx, func() { p.mu.Lock(); p.room.Broadcast(); p.mu.Unlock() })
		defer stop()
	}
	for p.full(n) {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %d bytes are waiting already", ErrNotStored, p.pending)
		}
		p.room.Wait()
	}
	p.pending += n
	p.groups++
	return nil
}

// full says that n more bytes have to wait. mu is held.
func (p *Producer) full(n int) bool { return p.pending > 0 && p.pending+n > p.cfg.MaxPendingBytes }

// crowded says that more is likely to come within a moment.
func (p *Producer) crowded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.groups >= crowd
}

func (p *Producer) release(n int) {
	p.mu.Lock()
	p.pending -= n
	p.groups--
	p.mu.Unlock()
	p.room.Broadcast()
}

// group is what one Produce call sends to one partition in one go.
type group struct {
	ctx   context.Context
	to    TopicPartition
	msgs  []Message
	bytes int
	done  chan error
}

func (g *group) finish(err error) { g.done <- err }

// lane is the queue of one partition. At most one request is under way, which is what keeps the order.
type lane struct {
	p  *Producer
	to TopicPartition

	mu     sync.Mutex
	queue  []*group
	bytes  int // in queue
	active bool
}

func (l *lane) add(g *group) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, g)
	l.bytes += g.bytes
	if !l.active {
		l.active = true
		go l.drain()
	}
}

// drain sends until the queue is empty.
func (l *lane) drain() {
	for {
		if l.p.cfg.Gather > 0 && l.small() && l.p.crowded() {
			time.Sleep(l.p.cfg.Gather)
		}
		batch := l.take()
		if batch == nil {
			return
		}
		l.send(batch)
	}
}

// small says that what waits, if anything, is hardly worth a request.
func (l *lane) small() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) > 0 && l.bytes < enoughBytes
}

// take removes what fits into one request; nil, and the lane goes idle, when there is nothing.
func (l *lane) take() []*group {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.active = false
		return nil
	}
	n, bytes := 0, 0
	for n < len(l.queue) && (n == 0 || bytes+l.queue[n].bytes <= l.p.cfg.MaxBatchBytes) {
		bytes += l.queue[n].bytes
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	l.bytes -= bytes
	return batch
}

// send tries until the batch is stored or every caller has gone.
func (l *lane) send(batch []*group) {
	var err error
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		batch = l.dropGone(batch, err)
		if len(batch) == 0 {
			return
		}
		err = l.attempt(batch)
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
		// Not longer than the first caller's patience.
		_ = sleep(batch[0].ctx, wait/2+rand.N(wait/2))
	}
}

// attempt makes one request. It is bounded by tryFor, not by one caller's patience:
// the others in the batch must not pay for the least patient.
func (l *lane) attempt(batch []*group) error {
	var msgs []Message
	if len(batch) == 1 {
		msgs = batch[0].msgs
	} else {
		for _, g := range batch {
			msgs = append(msgs, g.msgs...)
		}
	}
	_, err := l.p.client.Append(context.WithoutCancel(batch[0].ctx), l.to, msgs)
	return err
}

// isolate gives a permanent fault to the group that has it: alone, each is tried once more.
func (l *lane) isolate(batch []*group, err error) {
	if len(batch) == 1 {
		l.settle(batch[0], err)
		return
	}
	for _, g := range batch {
		l.send([]*group{g})
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
