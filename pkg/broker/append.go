package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
)

// tryFor bounds one attempt at the broker, so that a hung connection is noticed.
const tryFor = 10 * time.Second

// Append writes the messages to one partition as ONE record batch, all or nothing,
// and returns the offset of the first. It tries once: an error that is not
// Permanent leaves open whether the batch was stored.
// The topics and keys of the messages do not choose the partition here.
func (c *Client) Append(ctx context.Context, tp TopicPartition, msgs []Message) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	records := make([]kafka.Record, len(msgs))
	now := time.Now()
	for i, m := range msgs {
		records[i] = kafka.Record{Key: kafka.NewBytes(m.Key), Value: kafka.NewBytes(m.Value), Headers: m.Headers, Time: now}
	}
	res, err := c.kafka.Produce(ctx, &kafka.ProduceRequest{
		Topic: tp.Topic, Partition: tp.Partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, fmt.Errorf("append %d records to %s: %w", len(msgs), tp, err)
	}
	return res.BaseOffset, nil
}

// Permanent tells an error that no retry mends (a record too large, an unknown
// topic that was deleted, no permission) from a passing one (network, elections, timeouts).
func Permanent(err error) bool {
	var code kafka.Error
	if errors.As(err, &code) {
		return code != kafka.Unknown && !code.Temporary() // Unknown is what a broker says while it starts
	}
	var network net.Error
	switch {
	case err == nil,
		errors.As(err, &network),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, net.ErrClosed),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return false
	}
	return false
}

// RecordFault tells a permanent error that lies in the records of the batch (too large, invalid) from one that
// would meet any record (no permission, no such topic). Of a batch of several, not each need be at fault.
func RecordFault(err error) bool {
	var code kafka.Error
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case kafka.MessageSizeTooLarge, kafka.InvalidMessageSize, kafka.RecordListTooLarge,
		kafka.InvalidRecord, kafka.InvalidTimestamp, kafka.UnsupportedForMessageFormat:
		return true
	}
	return false
}
