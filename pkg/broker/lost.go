package broker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// LostRecords is the type of the control record by which a broker says that it lost what stood at the offsets of its batch, the record's own
// being the last of them. Control records are Kafka's way to put into a log what is not for readers: clients pass over a type they do not
// know. The embedded broker writes them (package embeddedkafka); Apache Kafka never does.
const LostRecords int16 = 0x4c6f

// untilLost cuts off what a fetch brought from the first batch on that speaks of lost records at from or later, and returns their offsets.
func untilLost(reader kafka.RecordReader, from int64) (before kafka.RecordReader, lost Span) {
	stream, ok := reader.(*protocol.RecordStream)
	if !ok {
		return reader, Span{}
	}
	for i, batch := range stream.Records {
		control, ok := batch.(*protocol.ControlBatch)
		if !ok {
			continue
		}
		if end := lostUntil(control); end > from {
			return &protocol.RecordStream{Records: stream.Records[:i]}, Span{First: max(from, control.BaseOffset), Next: end}
		}
	}
	return reader, Span{}
}

// lostUntil is the offset after the last record that a control batch says is lost; 0 when it speaks of something else.
func lostUntil(b *protocol.ControlBatch) int64 {
	r, err := b.ReadRecord()
	if err != nil || r.Key == nil {
		return 0
	}
	defer r.Key.Close()
	if r.Value != nil {
		defer r.Value.Close()
	}
	var key [4]byte // version and type
	if _, err := io.ReadFull(r.Key, key[:]); err != nil || int16(binary.BigEndian.Uint16(key[2:])) != LostRecords {
		return 0
	}
	return r.Offset + 1
}

// epochOf is the leader's epoch of the last batch, -1 when there is none.
func epochOf(reader kafka.RecordReader) int32 {
	stream, ok := reader.(*protocol.RecordStream)
	if !ok {
		return -1
	}
	for i := len(stream.Records) - 1; i >= 0; i-- {
		if b, ok := stream.Records[i].(*protocol.RecordBatch); ok {
			return b.PartitionLeaderEpoch
		}
	}
	return -1
}

// EmbeddedCluster is the cluster id of the embedded broker.
const EmbeddedCluster = "freshet-embedded"

// LostIn gives the offsets of a partition that the broker says it lost. It reads the whole partition, and only of an embedded broker: others never
// say so.
func (c *Client) LostIn(ctx context.Context, tp TopicPartition) ([]Span, error) {
	cluster, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{tp.Topic}})
	if err != nil {
		return nil, fmt.Errorf("ask which cluster has %s: %w", tp, err)
	}
	if cluster.ClusterID != EmbeddedCluster {
		return nil, nil
	}
	span, err := c.span(ctx, tp)
	if err != nil {
		return nil, err
	}
	var lost []Span
	for at := span.First; at < span.Next; {
		b, err := c.Fetch(ctx, tp, at, FetchOptions{})
		var gone *Break
		switch {
		case errors.As(err, &gone):
			lost = append(lost, Span{First: at, Next: gone.GoOn.Offset})
			at = gone.GoOn.Offset
		case err != nil:
			return nil, err
		default:
			at = b.Next
		}
	}
	return lost, nil
}
