package intake

import (
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/rates"
)

// Checker judges events of an import as a collector with the default settings would, without one: for dry runs. It knows no source, hence no
// tracking plan and no limits of a source's own. For one goroutine.
type Checker struct {
	limits decode.Limits
	clock  decode.Clock
	work   decode.Work
	rules  decode.Rules
	now    func() time.Time
}

// NewChecker makes a Checker; now is the time that events would be received at.
func NewChecker(now func() time.Time) *Checker {
	limits := directory.DefaultLimits()
	return &Checker{limits: limits.Form(), clock: decode.DefaultClock(), now: now, rules: decode.Rules{
		Source: "dry-run", Workspace: "default", EventBytes: limits.EventBytes, ImportBytes: limits.ImportEventBytes, Rates: new(rates.Table)}}
}

// Check judges one event; nil means that it would be accepted.
func (c *Checker) Check(event []byte) *Rejection {
	_, r := c.Read(event)
	return r
}

// Read gives one event as a collector would store it, or why it would be refused. The event is good until the next call.
func (c *Checker) Read(event []byte) (*eventv1.Event, *Rejection) {
	c.work.Items = c.work.Items[:0]
	c.work.ReadAlone(event, c.limits)
	it := &c.work.Items[0]
	id, f := decode.ID("messageId", it.MessageID)
	if f == nil {
		f = c.work.Decode(it, &decode.Origin{Rules: &c.rules, History: true, Received: c.now().UnixMilli()}, c.clock, id)
	}
	if f == nil {
		return &c.work.Event, nil
	}
	return nil, &Rejection{MessageID: id, Reason: f.Reason, Detail: f.Detail}
}
