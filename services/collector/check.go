package collector

import (
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Checker judges events of an import as a collector with the default settings would, without one: for dry runs. It knows no source, hence no
// tracking plan and no limits of a source's own. For one goroutine.
type Checker struct {
	cfg  Config
	work work
	src  source
	now  func() time.Time
}

// NewChecker makes a Checker; now is the time that events would be received at.
func NewChecker(now func() time.Time) *Checker {
	cfg := Default()
	return &Checker{cfg: cfg, now: now, src: source{name: "dry-run", workspace: "default", limits: cfg.Limits, space: spaces{}.of("default")}}
}

// Check judges one event; nil means that it would be accepted.
func (c *Checker) Check(event []byte) *Rejection {
	_, r := c.Read(event)
	return r
}

// Read gives one event as a collector would store it, or why it would be refused. The event is good until the next call.
func (c *Checker) Read(event []byte) (*eventv1.Event, *Rejection) {
	c.work.items = c.work.items[:0]
	c.work.readAlone(event, c.cfg.Limits)
	it := &c.work.items[0]
	id, f := id("messageId", it.messageID)
	if f == nil {
		f = c.work.decode(it, &origin{src: &c.src, history: true, received: c.now().UnixMilli()}, &c.cfg, id)
	}
	if f == nil {
		return &c.work.event, nil
	}
	return nil, &Rejection{MessageID: id, Reason: f.reason, Detail: f.detail}
}
