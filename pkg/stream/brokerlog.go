package stream

import (
	"context"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
)

// brokerLog is the partitionLog of a broker.
type brokerLog struct {
	client *broker.Client
	at     broker.TopicPartition
}

func (b brokerLog) Append(ctx context.Context, msgs []broker.Message) (int64, error) {
	return b.client.Append(ctx, b.at, msgs)
}

func (b brokerLog) Fetch(ctx context.Context, offset, maxBytes int64) (broker.Batch, error) {
	return b.client.Fetch(ctx, b.at, offset, broker.FetchOptions{MaxBytes: maxBytes})
}

func (b brokerLog) Span(ctx context.Context) (broker.Span, error) {
	spans, err := b.client.Spans(ctx, b.at.Topic)
	if err != nil {
		return broker.Span{}, err
	}
	s, ok := spans[b.at.Partition]
	if !ok {
		return broker.Span{}, fmt.Errorf("topic %s has no partition %d", b.at.Topic, b.at.Partition)
	}
	return s, nil
}

func (b brokerLog) Partitions(ctx context.Context) (int, error) {
	return b.client.Partitions(ctx, b.at.Topic)
}

func (b brokerLog) String() string { return b.at.String() }
