package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// tryFor bounds one attempt at the broker, so that a hung connection is noticed.
const tryFor = 10 * time.Second

// Append writes the messages to one partition as ONE record batch, all or nothing, and returns the offset of the first.
// It tries once: an error that is not Permanent leaves open whether the batch was stored, or still will be (an attempt that
// timed out may land later). It shares its request with what else goes to the same broker. The topics and keys of the
// messages do not choose the partition here.
func (c *Client) Append(ctx context.Context, tp TopicPartition, msgs []Message) (int64, error) {
	done := c.carry(context.WithoutCancel(ctx), tp, func() ([]Message, int) { return msgs, sizeOf(msgs) })
	select {
	case r := <-done:
		return r.base, r.err
	case <-ctx.Done():
		return 0, fmt.Errorf("append %d records to %s: %w", len(msgs), tp, ctx.Err())
	}
}

// sizeOf is about how many bytes the messages are in a request.
func sizeOf(msgs []Message) int {
	n := 0
	for _, m := range msgs {
		n += len(m.Key) + len(m.Value) + 64
		for _, h := range m.Headers { // a traced record carries half as much again as its frame
			n += len(h.Key) + len(h.Value) + 8
		}
	}
	return n
}

// recordBatch is what goes to one partition in one request, and what came of it.
type recordBatch struct {
	to   TopicPartition
	msgs []Message // at least one

	base int64 // offset of the first, when err is nil
	err  error
}

// appendAll writes one record batch to each of several partitions in ONE request, and once. Each is stored or not
// on its own. The partitions have to differ, and one broker has to lead them all: Kafka takes no other request.
func (c *Client) appendAll(ctx context.Context, batches []*recordBatch) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	res, err := c.roundTrip(ctx, produceRequest(batches), batches[0].to, 0)
	for _, b := range batches {
		b.err = err
		if err == nil {
			c.clock.note(b.settle(res.(*produce.Response)))
		}
		if b.err != nil {
			b.err = fmt.Errorf("append %d records to %s: %w", len(b.msgs), b.to, b.err)
		}
	}
}

func produceRequest(batches []*recordBatch) *produce.Request {
	// The broker waits for the replicas for half of the time, so that its answer, when they are late, still arrives.
	req := &produce.Request{Acks: int16(kafka.RequireAll), Timeout: int32((tryFor / 2).Milliseconds())}
	now := time.Now()
	at := map[string]int{}
	for _, b := range batches {
		i, ok := at[b.to.Topic]
		if !ok {
			i = len(req.Topics)
			at[b.to.Topic] = i
			req.Topics = append(req.Topics, produce.RequestTopic{Topic: b.to.Topic})
		}
		records := make([]kafka.Record, len(b.msgs))
		for j, m := range b.msgs {
			records[j] = kafka.Record{Key: kafka.NewBytes(m.Key), Value: kafka.NewBytes(m.Value), Headers: m.Headers, Time: now}
		}
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, produce.RequestPartition{
			Partition: int32(b.to.Partition), RecordSet: protocol.RecordSet{Records: kafka.NewRecordReader(records...)},
		})
	}
	return req
}

// settle reads what the answer says of the batch, and returns when the broker stored it; 0 when it does not say.
func (b *recordBatch) settle(res *produce.Response) (storedMs int64) {
	for _, t := range res.Topics {
		if t.Topic != b.to.Topic {
			continue
		}
		for _, p := range t.Partitions {
			switch {
			case int(p.Partition) != b.to.Partition:
				continue
			case p.ErrorCode == 0:
				b.base, storedMs = p.BaseOffset, p.LogAppendTime
			case p.ErrorMessage == "":
				b.err = kafka.Error(p.ErrorCode)
			default:
				b.err = fmt.Errorf("%w: %s", kafka.Error(p.ErrorCode), p.ErrorMessage)
			}
			return storedMs
		}
	}
	b.err = errNoAnswer
	return 0
}

// errNoAnswer leaves open whether the records are stored.
var errNoAnswer = errors.New("the broker's answer does not speak of the partition")

// Permanent tells an error that no retry mends (a record too large, an unknown
// topic that was deleted, no permission) from a passing one (network, elections, timeouts).
func Permanent(err error) bool {
	var code kafka.Error
	return errors.As(err, &code) && !passes(code)
}

// Passing says that an error is a broker's, or of the way to it, and goes away with the cause: the broker is down, hangs, or
// elects a leader. Of other errors, such as a handler's own, it is false, as Permanent is.
func Passing(err error) bool {
	var code kafka.Error
	if errors.As(err, &code) {
		return passes(code)
	}
	var network net.Error
	var topic *protocol.TopicError
	var fetching *fetch.Error
	var producing *produce.Error
	switch {
	case errors.As(err, &network), errors.As(err, &topic), errors.As(err, &fetching), errors.As(err, &producing), // the last three: no leader is known
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, net.ErrClosed), errors.Is(err, ErrNotStored), errors.Is(err, errNoAnswer), errors.Is(err, errMoved),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return true
	}
	return false
}

// passes says that a broker's refusal is worth a retry. Unknown is what a broker says while it starts; not available is what kafka-go
// says of a leader that its metadata no longer lists, and what it does not count as temporary.
func passes(code kafka.Error) bool {
	switch code {
	case kafka.Unknown, kafka.BrokerNotAvailable, kafka.ReplicaNotAvailable:
		return true
	}
	return code.Temporary()
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
