package broker

import (
	"context"
	"time"
)

// Since gives of each partition of a topic the offset of the first record that is not older than at, the end where there is none, and what the partition holds.
func (c *Client) Since(ctx context.Context, topic string, at time.Time) (from map[int]int64, held map[int]Span, err error) {
	held, err = c.Spans(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	from = make(map[int]int64, len(held))
	for p, span := range held {
		if from[p], err = c.offsetAt(ctx, TopicPartition{Topic: topic, Partition: p}, at, span); err != nil {
			return nil, nil, err
		}
	}
	return from, held, nil
}
