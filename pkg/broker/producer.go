package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
}

// Producer writes records with acks=all. Nothing waits for a clock: while one request to a broker is
// under way, all that arrives for the partitions it leads gathers for the next.
//
//	Produce --groups--> lane, one a partition: order, retries --batches--> courier, one a broker: requests
type Producer struct {
	client *Client
	cfg    ProducerConfig

	mu      sync.Mutex
	room    *sync.Cond
	pending int // bytes
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
		size := sizeOf([]Message{m})
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
	return nil
}

// full says that n more bytes have to wait. mu is held.
func (p *Producer) full(n int) bool { return p.pending > 0 && p.pending+n > p.cfg.MaxPendingBytes }

func (p *Producer) release(n int) {
	p.mu.Lock()
	p.pending -= n
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
