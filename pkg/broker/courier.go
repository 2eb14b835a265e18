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

// courier makes the requests to one broker, of all producers and appends of a client. A request takes along everything
// that waits, so that the more there is to do the less each record costs; while one is under way, the next gathers.
// Nothing here keeps an order: a lane hands over one parcel at a time.
type courier struct {
	c *Client

	mu      sync.Mutex
	waiting []*parcel
	active  bool
}

// parcel is what is to be stored in one partition, as one record batch.
type parcel struct {
	ctx  context.Context // for its values
	to   TopicPartition
	pack packing
	done chan receipt // takes one value
}

// packing says what a parcel holds, and how many bytes that is. It is called once, when the request is made up, as late
// as can be. No messages: every caller has gone.
type packing func() (msgs []Message, bytes int)

// receipt is what became of a parcel: the offset of its first record, or an error.
type receipt struct {
	base int64
	err  error
}

// carry stores, in one attempt bounded by tryFor, what pack gives.
func (c *Client) carry(ctx context.Context, to TopicPartition, pack packing) <-chan receipt {
	one := &parcel{ctx: ctx, to: to, pack: pack, done: make(chan receipt, 1)}
	c.courier(c.leader(ctx, to)).add(one)
	return one.done
}

func (c *Client) courier(broker int) *courier {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.couriers[broker]
	if one == nil {
		one = &courier{c: c}
		c.couriers[broker] = one
	}
	return one
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
		go func() { defer close(done); c.c.deliver(load) }()
		select {
		case <-done:
		case <-time.After(c.c.holdUp):
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
	msgs []Message
}

// load makes up one request of what waits. A partition comes once in it: what else goes there waits for the next.
func (c *courier) load() []packed {
	c.mu.Lock()
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	var load []packed
	var later []*parcel
	bytes, in := 0, map[TopicPartition]bool{}
	for _, one := range waiting {
		if bytes >= maxRequestBytes || in[one.to] {
			later = append(later, one)
			continue
		}
		msgs, n := one.pack()
		bytes += n
		in[one.to] = len(msgs) > 0
		load = append(load, packed{one, msgs})
	}
	if len(later) > 0 {
		c.mu.Lock()
		c.waiting = append(later, c.waiting...)
		c.mu.Unlock()
	}
	return load
}

// deliver makes one request of the parcels that hold something, and tells each what became of it.
func (c *Client) deliver(load []packed) {
	batches := make([]*recordBatch, 0, len(load))
	for _, one := range load {
		if len(one.msgs) > 0 {
			batches = append(batches, &recordBatch{to: one.to, msgs: one.msgs})
		}
	}
	if len(batches) > 0 {
		c.appendAll(load[0].ctx, batches)
	}
	for _, one := range load {
		var r receipt
		if len(one.msgs) > 0 {
			r, batches = receipt{batches[0].base, batches[0].err}, batches[1:]
		}
		if r.err != nil {
			c.lostLeader(one.to.Topic, r.err)
		}
		one.done <- r
	}
}
