package broker

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// idFetchVersion is the first version of Kafka's Fetch that names topics by their ids (Apache Kafka 3.1). kafka-go speaks up to 11.
const idFetchVersion = 13

// idFetch fetches by the ids of topics: the broker itself says UNKNOWN_TOPIC_ID when the log that the reader stands in is not there
// any more, however soon another one under its name has grown past the reader's place (TestATopicMadeAnewBetweenTwoFetchesIsABreak).
// kafka-go carries it to the broker that leads; the bytes are written and read here, all but the record batches.
type idFetch struct {
	list []*asked // each with a log
	wire kmsg.FetchRequest
}

func newIDFetch(list []*asked, wait time.Duration, maxBytes int64) *idFetch {
	f := &idFetch{list: list, wire: kmsg.NewFetchRequest()}
	f.wire.Version = idFetchVersion
	f.wire.MaxWaitMillis, f.wire.MinBytes, f.wire.MaxBytes = int32(wait.Milliseconds()), 1, int32(maxBytes)
	at := map[LogID]int{}
	for _, a := range list {
		i, ok := at[a.log]
		if !ok {
			i = len(f.wire.Topics)
			at[a.log] = i
			t := kmsg.NewFetchRequestTopic()
			t.TopicID = a.log
			f.wire.Topics = append(f.wire.Topics, t)
		}
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset, p.PartitionMaxBytes = int32(a.at.Partition), a.offset, int32(a.maxBytes)
		f.wire.Topics[i].Partitions = append(f.wire.Topics[i].Partitions, p)
	}
	return f
}

// ApiKey is for kafka-go.
func (*idFetch) ApiKey() protocol.ApiKey { return protocol.Fetch } //nolint:revive // kafka-go's name

// Broker is the one that leads the first partition.
func (f *idFetch) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	return fetchRequest(f.list[:1], 0, 0).Broker(cluster)
}

// Required has kafka-go leave the bytes to RawExchange.
func (*idFetch) Required(map[protocol.ApiKey]int16) bool { return true }

// frames are buffers of requests and answers. Nothing of an answer is kept: record sets are copied out.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// RawExchange makes the request on a connection that has no other.
func (f *idFetch) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	frame := frames.Get().(*[]byte)
	defer func() {
		if cap(*frame) <= 2*requestBytes { // one batch may be much larger, and is rare
			frames.Put(frame)
		}
	}()
	*frame = appendQuestion((*frame)[:0], &f.wire)
	if _, err := rw.Write(*frame); err != nil {
		return nil, err
	}
	var err error
	if *frame, err = readFrame(rw, *frame, 2*mostFetchBytes); err != nil {
		return nil, err
	}
	res := kmsg.NewPtrFetchResponse()
	if err := readAnswer(*frame, &f.wire, res); err != nil {
		return nil, err
	}
	return f.named(res), nil
}

// named is an answer as kafka-go would have read it.
func (f *idFetch) named(res *kmsg.FetchResponse) *fetch.Response {
	out := &fetch.Response{ErrorCode: res.ErrorCode}
	for _, t := range res.Topics {
		i := slices.IndexFunc(f.list, func(a *asked) bool { return a.log == t.TopicID })
		if i < 0 {
			continue
		}
		one := fetch.ResponseTopic{Topic: f.list[i].at.Topic}
		for _, p := range t.Partitions {
			one.Partitions = append(one.Partitions, fetch.ResponsePartition{
				Partition: p.Partition, ErrorCode: p.ErrorCode, HighWatermark: p.HighWatermark, LogStartOffset: p.LogStartOffset,
				RecordSet: recordSet(p.RecordBatches),
			})
		}
		out.Topics = append(out.Topics, one)
	}
	return out
}

// recordSet reads batches as kafka-go does. What cannot be read is its partition's fault and nobody else's.
func recordSet(batches []byte) (set protocol.RecordSet) {
	if len(batches) == 0 {
		return set
	}
	b := &sized{Buffer: bytes.NewBuffer(batches), size: binary.BigEndian.AppendUint32(nil, uint32(len(batches)))}
	if _, err := set.ReadFrom(b); err != nil {
		return protocol.RecordSet{Records: unreadable{err}}
	}
	return set
}

// sized is a length, as kafka-go wants it, and then a buffer, into which kafka-go looks ahead.
type sized struct {
	*bytes.Buffer
	size []byte
}

func (s *sized) Read(p []byte) (int, error) {
	if len(s.size) == 0 {
		return s.Buffer.Read(p)
	}
	n := copy(p, s.size)
	s.size = s.size[n:]
	return n, nil
}

type unreadable struct{ err error }

func (u unreadable) ReadRecord() (*kafka.Record, error) { return nil, u.err }

// What a client knows of whether its brokers take an idFetch.
const (
	idsUnasked int32 = iota
	idsTaken
	idsRefused
)

// byIDs says that partitions can be asked for by ids: each place has one, and the brokers take it. The brokers are asked once,
// and again after a fault: they may be others then.
func (c *Client) byIDs(ctx context.Context, list []*asked) bool {
	if slices.ContainsFunc(list, func(a *asked) bool { return a.log == LogID{} }) {
		return false
	}
	if known := c.idFetches.Load(); known != idsUnasked {
		return known == idsTaken
	}
	fetching := kmsg.NewFetchRequest()
	most, err := c.mostVersion(ctx, fetching.Key())
	if err != nil {
		return false
	}
	if most < idFetchVersion {
		c.idFetches.Store(idsRefused)
		return false
	}
	c.idFetches.Store(idsTaken)
	return true
}
