// Package backlog measures what waits before the services of a running Freshet.
package backlog

import (
	"context"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/warehouse/reconcile"
)

// Backlog is how many records wait before the services of a stack.
type Backlog struct {
	Total int64
	// Worst is the consumer group and topic of the longest queue; "" when nothing waits.
	Worst string
}

// Measure adds up what every consumer group between an event and a segment has not committed yet.
func Measure(ctx context.Context, b *broker.Client) (Backlog, error) {
	groups := append(reconcile.DefaultGroups(), reconcile.Group{Name: "segmentation.state", Topics: []topics.Topic{topics.Features, topics.Scores}})
	lags, err := reconcile.ReadLag(ctx, b, groups)
	if err != nil {
		return Backlog{}, fmt.Errorf("measure the lag: %w", err)
	}
	var out Backlog
	worst := int64(0)
	for _, l := range lags {
		out.Total += l.Records
		if l.Records > worst {
			worst, out.Worst = l.Records, l.Group+" in "+l.Topic
		}
	}
	return out, nil
}
