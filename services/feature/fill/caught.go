package fill

import (
	"context"
	"fmt"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/topics"
)

func statement(text, database string) string { return strings.ReplaceAll(text, "{dw}", database) }

// ofOrders says that one of these columns is made of orders.
func (p *page) ofOrders(columns []int) bool {
	for _, i := range columns {
		if p.Engine.Plan().Columns[i].Source == catalog.FromOrders {
			return true
		}
	}
	return false
}

// Warehouse is how far the facts have come: they are in ClickHouse up to what its group has committed.
type Warehouse struct {
	Broker *broker.Client
	// Group is the warehouse's consumer group.
	Group string
}

// sources are the topics whose facts states are made of.
var sources = []topics.Topic{topics.EventsResolved, topics.OrderPostings}

// Ends are where the topics of the facts end now: everything that a state holds already is before them.
func (w Warehouse) Ends(ctx context.Context) (map[broker.TopicPartition]broker.Span, error) {
	out := map[broker.TopicPartition]broker.Span{}
	for _, t := range sources {
		spans, err := w.Broker.Spans(ctx, t.Name)
		if err != nil {
			return nil, fmt.Errorf("ask where the facts end: %w", err)
		}
		for p, span := range spans {
			out[broker.TopicPartition{Topic: t.Name, Partition: p}] = span
		}
	}
	return out, nil
}

// Behind is how many records up to ends are not known to be stored yet.
func (w Warehouse) Behind(ctx context.Context, ends map[broker.TopicPartition]broker.Span) (int64, error) {
	var all []broker.TopicPartition
	for tp := range ends {
		all = append(all, tp)
	}
	at, err := w.Broker.Committed(ctx, w.Group, all...)
	if err != nil {
		return 0, fmt.Errorf("ask how far the warehouse is: %w", err)
	}
	behind := int64(0)
	for tp, span := range ends {
		behind += max(0, span.Next-max(at[tp].Offset, span.First))
	}
	return behind, nil
}
