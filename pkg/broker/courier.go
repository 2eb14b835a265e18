package broker

import (
	"context"
	"runtime"
	"sync"
	"time"
)

const (
	// maxRequestBytes is about how much one request carries. Brokers take 100 MiB (socket.request.max.bytes).
	maxRequestBytes = 8 << 20
	// defaultHoldUp is how long a request keeps what waits for the same broker from leaving. An answer comes when the slowest
	// partition of a request is stored, and what waits for others must not wait for that one as well.
	defaultHoldUp = 50 * time.Millisecond
)

// courier makes the requests to one broker. A request takes along everything that waits, so that the more there is to do
// the less each record costs; while one is under way, the next gathers. Nothing here keeps an order: a lane hands over
// one parcel at a time.
type courier struct {
	p *Producer

	mu      sync.Mutex
	waiting []*parcel
	active  bool
}

// parcel is what a lane wants to have stored. What that is it says when the request is made up, as late as can be.
type parcel struct {
	ctx  context.Context // for its values
	to   TopicPartition
	pack func() []*group // called once; none: every caller has gone
	done chan error      // takes one value
}

// carry stores, in one attempt bounded by tryFor, what pack returns when it is asked, which happens once.
func (p *Producer) carry(ctx context.Context, to TopicPartition, pack func() []*group) error {
	one := &parcel{ctx: ctx, to: to, pack: pack, done: make(chan error, 1)}
	p.courier(p.client.leader(ctx, to)).add(one)
	return <-one.done
}

func (p *Producer) courier(broker int) *courier {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.couriers[broker]
	if c == nil {
		c = &courier{p: p}
		p.couriers[broker] = c
	}
	return c
}

func (c *courier) add(one *parcel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, one)
	if !c.active {
		c.active = true
		go c.run()
	}
}

// run makes requests until nothing waits.
func (c *courier) run() {
	for c.more() {
		// Callers that are about to hand over a record go first: a request with one record costs both sides as much as one
		// with twenty. One turn is enough, and waiting for a clock is worse: docs/benchmarks.md.
		runtime.Gosched()
		load, done := c.load(), make(chan struct{})
		go func() { defer close(done); c.p.deliver(load) }()
		select {
		case <-done:
		case <-time.After(c.p.holdUp):
		}
	}
}

// more says that something waits; else the courier goes idle.
func (c *courier) more() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = len(c.waiting) > 0
	return c.active
}

// packed is a parcel and what is in it.
type packed struct {
	*parcel
	groups []*group
}

// load makes up one request of what waits.
func (c *courier) load() []packed {
	c.mu.Lock()
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	var load []packed
	n := 0
	for bytes := 0; n < len(waiting) && bytes < maxRequestBytes; n++ {
		groups := waiting[n].pack()
		for _, g := range groups {
			bytes += g.bytes
		}
		load = append(load, packed{waiting[n], groups})
	}
	if n < len(waiting) {
		c.mu.Lock()
		c.waiting = append(waiting[n:], c.waiting...)
		c.mu.Unlock()
	}
	return load
}

// deliver makes one request of the parcels that hold something, and tells each what became of it.
func (p *Producer) deliver(load []packed) {
	batches := make([]*recordBatch, 0, len(load))
	for _, one := range load {
		if len(one.groups) > 0 {
			batches = append(batches, &recordBatch{to: one.to, msgs: messages(one.groups)})
		}
	}
	if len(batches) > 0 {
		p.client.appendAll(load[0].ctx, batches)
	}
	for _, one := range load {
		var err error
		if len(one.groups) > 0 {
			err, batches = batches[0].err, batches[1:]
		}
		if err != nil {
			p.client.forgetLeaders(one.to.Topic)
		}
		one.done <- err
	}
}
