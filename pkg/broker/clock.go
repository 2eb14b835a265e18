package broker

import (
	"sync"
	"time"
)

// clock is what is known of the broker's clock. Kafka has no call that asks for it; a topic that is set to
// LogAppendTime (EnsureTopics makes them so) has each answer to a produce say when the records were stored.
type clock struct {
	mu    sync.Mutex
	stamp time.Time // the broker's time in the last answer that had one
	heard time.Time // this machine's at that moment; only its monotonic part is used
}

// note takes the time of an answer, Unix milliseconds. Brokers that do not stamp say -1, old ones 0.
func (c *clock) note(stampMs int64) {
	if stampMs <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stamp, c.heard = time.UnixMilli(stampMs), time.Now()
}

// Clock is the broker's time as it should be now: what its last answer to a produce said, plus what has passed since, some
// seconds wrong at most. False while no topic that this client wrote to stamps its records (see EnsureTopics). A
// machine that was asleep counts too little as passed, until the next answer.
func (c *Client) Clock() (time.Time, bool) {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	if c.clock.stamp.IsZero() {
		return time.Time{}, false
	}
	return c.clock.stamp.Add(time.Since(c.clock.heard)), true
}
