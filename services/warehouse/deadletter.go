package warehouse

import (
	"context"
	"strconv"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// deadLetter puts the records that no table can hold into <topic>.dlq and returns
// once they are durable. After a crash they go there again; (source-topic,
// source-partition, source-offset) tells copies apart.
func (t *task) deadLetter(ctx context.Context, bad []badRecord) error {
	if len(bad) == 0 {
		return nil
	}
	topic := topics.DeadLetter(topics.Topic{Name: t.tp.Topic}).Name
	msgs := make([]broker.Message, len(bad))
	for i, b := range bad {
		msgs[i] = broker.DeadLetter(topic, b.record, t.s.cfg.Group, "permanent", b.err)
		t.logger.ErrorContext(ctx, "a record cannot be stored; dead-lettered",
			"offset", b.record.Offset, "dead_letter_topic", topic, "error", b.err)
	}
	return t.retry(ctx, "dead-letter "+strconv.Itoa(len(bad))+" records", func(ctx context.Context) error {
		return t.s.deadLetters.Produce(ctx, msgs...)
	})
}
