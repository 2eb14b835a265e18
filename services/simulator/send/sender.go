package send

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// Event is one item of a batch.
type Event struct {
	// Key keeps order: events with an equal key arrive in the order they were given.
	Key string
	// Body is the item as JSON, or as whatever a broken client makes of it. It is not copied.
	Body []byte
}

// Sender sends events until Close. One goroutine calls Send; its connections work beside it.
type Sender struct {
	cfg    Config
	client *Client
	seed   maphash.Seed
	queues []chan []byte
	wait   sync.WaitGroup
	cancel context.CancelCauseFunc
	ctx    context.Context
	tally  tally
	began  time.Time
}

// New makes a sender and starts its connections; they end with Close, or when ctx ends. Errors are those of the configuration.
func New(ctx context.Context, cfg Config) (*Sender, error) {
	client, err := NewClient(cfg)
	if err != nil {
		return nil, err
	}
	cfg = client.cfg
	s := &Sender{cfg: cfg, client: client, seed: maphash.MakeSeed(), began: time.Now()}
	client.retries, client.latency = s.tally.again, s.tally.latency.Observe
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	for range cfg.Connections {
		// Two batches wait while one is under way: enough to never idle, little enough to feel a slow collector.
		queue := make(chan []byte, 2*cfg.BatchEvents)
		s.queues = append(s.queues, queue)
		s.wait.Go(func() {
			if err := s.work(queue); err != nil {
				s.cancel(err)
			}
		})
	}
	return s, nil
}

// Send hands one event over and waits while its connection's queue is full. It returns the fault that stopped the sender.
func (s *Sender) Send(ev Event) error {
	queue := s.queues[maphash.String(s.seed, ev.Key)%uint64(len(s.queues))]
	select {
	case queue <- ev.Body:
		s.tally.sent.Add(1)
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// Report is what was sent so far.
func (s *Sender) Report() Report { return s.tally.report(time.Since(s.began)) }

// Close waits until everything handed over is answered, and reports. The error is the first that stopped the sender: events after it
// were not sent, and sending all of them again is safe.
func (s *Sender) Close() (Report, error) {
	for _, q := range s.queues {
		close(q)
	}
	s.wait.Wait()
	s.client.Close()
	err := context.Cause(s.ctx)
	s.cancel(nil)
	return s.Report(), err
}

// work gathers batches of one queue and posts them one after the other.
func (s *Sender) work(queue chan []byte) error {
	linger := time.NewTimer(time.Hour)
	defer linger.Stop()
	for batch := newBatch(s.cfg); ; batch.reset() {
		more, err := batch.gather(s.ctx, queue, linger)
		if err != nil {
			return err
		}
		if len(batch.items) > 0 {
			got, err := s.client.Deliver(s.ctx, batch.items)
			if err != nil {
				return fmt.Errorf("send %d events to %s: %w", len(batch.items), s.cfg.URL, err)
			}
			s.account(got)
		}
		if !more {
			return nil
		}
	}
}

// batch is what one request will carry.
type batch struct {
	cfg   Config
	items [][]byte
	bytes int
	next  []byte // did not fit any more
}

func newBatch(cfg Config) *batch { return &batch{cfg: cfg} }

func (b *batch) reset() {
	b.items, b.bytes = b.items[:0], 0
	if b.next != nil {
		b.items, b.bytes, b.next = append(b.items, b.next), len(b.next), nil
	}
}

// add takes an item and says whether there is room for another.
func (b *batch) add(body []byte) bool {
	if len(b.items) > 0 && b.bytes+len(body) > b.cfg.BatchBytes {
		b.next = body
		return false
	}
	b.items, b.bytes = append(b.items, body), b.bytes+len(body)
	return len(b.items) < b.cfg.BatchEvents && b.bytes < b.cfg.BatchBytes
}

// gather fills the batch until it is full, nothing came for a while, or the queue ended (more is then false).
func (b *batch) gather(ctx context.Context, queue <-chan []byte, linger *time.Timer) (more bool, err error) {
	if len(b.items) == 0 {
		linger.Reset(time.Hour)
	} else {
		linger.Reset(b.cfg.Linger)
	}
	for {
		select {
		case body, ok := <-queue:
			if !ok {
				return false, nil
			}
			if len(b.items) == 0 {
				linger.Reset(b.cfg.Linger)
			}
			if !b.add(body) {
				return true, nil
			}
		case <-linger.C:
			if len(b.items) > 0 {
				return true, nil
			}
			linger.Reset(time.Hour)
		case <-ctx.Done():
			return false, errors.Join(errStopped, context.Cause(ctx))
		}
	}
}

var errStopped = errors.New("stopped before everything was sent")
