package demo

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/freshet/tail"
	"github.com/freshet/freshet/services/simulator/send"
)

// causes knows, for each alert, when the collector received the event behind it: it follows alerts.v1 beside the webhooks.
type causes struct {
	mu       sync.Mutex
	received map[string]int64 // alert id to Unix milliseconds
}

// follow reads alerts until ctx ends.
func (c *causes) follow(ctx context.Context, b *broker.Client) error {
	return tail.Read(ctx, b, tail.Options{Topic: topics.Alerts.Name, FromBeginning: true}, func(rec broker.Record) error {
		var a segmentationv1.Alert
		if proto.Unmarshal(rec.Value, &a) == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.received[a.GetAlertId()] = a.GetTransition().GetReceivedMs()
		}
		return nil
	})
}

// made is the number of alerts so far.
func (c *causes) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.received)
}

// freshness is the time from an event's receipt to the alert's arrival, of all alerts that an event caused.
func freshness(c *causes, r *receiver) *send.Histogram {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &send.Histogram{}
	for id, at := range r.arrived {
		if ms := c.received[id]; ms > 0 {
			h.Observe(at.Sub(time.UnixMilli(ms)))
		}
	}
	return h
}
