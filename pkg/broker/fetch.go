package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// First as an offset means the oldest record a partition still has.
const First int64 = -2

// ErrOffsetGone says that the offset asked for is no longer, or not yet, in the
// partition: retention removed it, or the topic was made anew.
var ErrOffsetGone = errors.New("offset out of range")

// FetchOptions bound one fetch.
type FetchOptions struct {
	// MaxWait is how long the broker may wait for a first record. Zero means 500 ms.
	MaxWait time.Duration
	// MaxBytes is about how much to bring; one batch always comes whole. Zero means 4 MiB.
	MaxBytes int64
	// PassLost passes over records that the broker says it lost: the batch is empty and its Next is behind them. For those who show or measure what
	// there is, and owe nobody what is not there.
	PassLost bool
}

// Batch is what a fetch brought.
type Batch struct {
	// At is the partition.
	At TopicPartition
	// Records in the order of their offsets; empty when none came within MaxWait.
	Records []Record
	// Next is the offset to fetch from next.
	Next int64
	// End is the offset after the last record of the partition (the high watermark).
	End int64
	// Epoch counts the leaders of the partition, as the last of the records says; -1 when none came. When it changes, the log may be another: see Stand.
	Epoch int32
	// After is the place behind the records, of a batch that a Follower gave: what to keep in order to go on from there.
	After Place
	// Break says that following does not go on where it was, but at After: see GapPolicy. A batch with it has no records.
	Break *Break
}

// Fetch reads records of one partition from offset on, waiting a moment when there are none. ErrOffsetGone when the
// offset does not exist, and a *Break where the broker says that it lost what stood there. It is for looking once: to go on reading, Follow.
func (c *Client) Fetch(ctx context.Context, tp TopicPartition, offset int64, opts FetchOptions) (Batch, error) {
	if opts.MaxWait == 0 {
		opts.MaxWait = 500 * time.Millisecond
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 4 << 20
	}
	if offset == First {
		s, err := c.span(ctx, tp)
		if err != nil {
			return Batch{}, err
		}
		offset = s.First
	}
	for {
		one := &asked{at: tp, offset: offset, maxBytes: opts.MaxBytes}
		c.fetchAll(ctx, []*asked{one}, opts.MaxWait, opts.MaxBytes)
		if lost := (*Break)(nil); opts.PassLost && errors.As(one.err, &lost) && lost.Kind == BreakLost {
			return Batch{At: tp, Next: lost.GoOn.Offset, End: lost.Have.Next, Epoch: -1}, nil
		}
		if one.err != nil {
			c.lostLeader(tp.Topic, one.err)
			return Batch{}, one.err
		}
		if !one.cutShort(false) || opts.MaxBytes >= mostFetchBytes {
			return one.got, nil
		}
		opts.MaxBytes = min(2*opts.MaxBytes, mostFetchBytes)
	}
}

// mostFetchBytes is as far as the size of one partition's answer grows to reach a record: compacted topics take batches of
// maxCommitBytes, and a broker gives at least one batch whole, however few bytes are asked for.
const mostFetchBytes = 256 << 20

// asked is one partition of a fetch request, and what came of it.
type asked struct {
	at               TopicPartition
	log              LogID // that offset belongs to; zero: whichever is there
	offset, maxBytes int64

	got      Batch
	bytes    int64 // of got.Records, about
	answered bool  // an answer that is full leaves partitions out
	filtered bool  // there were batches, and all of their records are before offset
	byID     bool  // the broker answered of log, and of no other
	err      error
}

// cutShort says that there are records after offset and the answer holds none of them because it was too small: compaction
// leaves batches that reach beyond the last record they still have, and an answer can be full of those. others says that
// the answer holds records of other partitions: then it may be those that left no room.
func (a *asked) cutShort(others bool) bool {
	return len(a.got.Records) == 0 && (a.filtered || !others) && a.offset < a.got.End
}

// fetchAll asks one broker for several partitions in ONE request. They have to differ, and it has to lead them all.
func (c *Client) fetchAll(ctx context.Context, list []*asked, wait time.Duration, maxBytes int64) {
	ctx, cancel := context.WithTimeout(ctx, wait+tryFor)
	defer cancel()
	c.metrics.fetches.Inc()
	byID := c.byIDs(ctx, list)
	var req kafka.Request = fetchRequest(list, wait, maxBytes)
	if byID {
		req = newIDFetch(list, wait, maxBytes)
	}
	res, err := c.roundTrip(ctx, req, list[0].at, wait)
	answers := map[TopicPartition]*fetch.ResponsePartition{}
	if err == nil {
		r := res.(*fetch.Response)
		if r.ErrorCode != 0 {
			err = kafka.Error(r.ErrorCode)
		}
		for i := range r.Topics {
			for j := range r.Topics[i].Partitions {
				p := &r.Topics[i].Partitions[j]
				answers[TopicPartition{r.Topics[i].Topic, int(p.Partition)}] = p
			}
		}
	}
	if err != nil {
		c.idFetches.Store(idsUnasked)
	}
	for _, a := range list {
		a.got, a.err, a.byID = Batch{At: a.at, Next: a.offset, Epoch: -1}, err, byID
		if err == nil && answers[a.at] != nil {
			a.err = a.settle(answers[a.at])
		}
		var lost *Break
		if a.err != nil && !errors.As(a.err, &lost) {
			a.err = fmt.Errorf("fetch %s at offset %d: %w", a.at, a.offset, a.err)
		}
	}
}

func fetchRequest(list []*asked, wait time.Duration, maxBytes int64) *fetch.Request {
	req := &fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(wait.Milliseconds()), MinBytes: 1, MaxBytes: int32(maxBytes), SessionID: -1, SessionEpoch: -1,
	}
	at := map[string]int{}
	for _, a := range list {
		i, ok := at[a.at.Topic]
		if !ok {
			i = len(req.Topics)
			at[a.at.Topic] = i
			req.Topics = append(req.Topics, fetch.RequestTopic{Topic: a.at.Topic})
		}
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, fetch.RequestPartition{
			Partition: int32(a.at.Partition), CurrentLeaderEpoch: -1, FetchOffset: a.offset, LogStartOffset: -1,
			PartitionMaxBytes: int32(a.maxBytes),
		})
	}
	return req
}

// settle reads what the answer says of the partition.
func (a *asked) settle(p *fetch.ResponsePartition) error {
	if code := kafka.Error(p.ErrorCode); code == kafka.OffsetOutOfRange {
		return ErrOffsetGone
	} else if code != 0 {
		return code
	}
	a.answered, a.got.End = true, p.HighWatermark
	if p.RecordSet.Records == nil {
		return nil
	}
	reader, lost := untilLost(p.RecordSet.Records, a.offset)
	records, bytes, err := readAll(a.at, a.offset, reader)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	if len(records) == 0 && lost != (Span{}) {
		return &Break{
			Kind: BreakLost, Partition: a.at, At: Place{Offset: a.offset}, Have: Span{First: p.LogStartOffset, Next: p.HighWatermark},
			Missing: lost.Next - lost.First, GoOn: Place{Offset: lost.Next},
		}
	}
	a.got.Epoch = epochOf(reader)
	a.got.Records, a.bytes, a.filtered = records, bytes, len(records) == 0
	if n := len(records); n > 0 {
		a.got.Next = records[n-1].Offset + 1
	}
	return nil
}

// readAll copies records out of kafka-go's pages; those before from are left out,
// since a broker returns whole batches.
func readAll(tp TopicPartition, from int64, reader kafka.RecordReader) (out []Record, bytes int64, err error) {
	var arena arena
	for {
		r, err := reader.ReadRecord()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out, bytes, nil // a batch cut short by MaxBytes comes again, whole, with the next fetch
		}
		if err != nil {
			return nil, 0, err
		}
		if r.Offset < from {
			continue
		}
		rec := Record{Topic: tp.Topic, Partition: tp.Partition, Offset: r.Offset, Time: r.Time}
		if rec.Key, err = arena.read(r.Key); err != nil {
			return nil, 0, err
		}
		if rec.Value, err = arena.read(r.Value); err != nil {
			return nil, 0, err
		}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, Header{Key: h.Key, Value: append([]byte(nil), h.Value...)})
		}
		out = append(out, rec)
		bytes += int64(len(rec.Key) + len(rec.Value) + recordCost)
	}
}

// recordCost is about what a Record takes beside its bytes.
const recordCost = 160

// arena hands out slices of larger blocks: one allocation for many records. Blocks begin
// small and double, since most fetches of a live stream bring a handful.
type arena struct {
	free  []byte
	block int
}

const (
	smallestBlock = 1 << 10
	largestBlock  = 64 << 10
)

func (a *arena) read(b kafka.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	defer b.Close()
	n := b.Len()
	if n > len(a.free) {
		a.block = min(max(2*a.block, smallestBlock), largestBlock)
		a.free = make([]byte, max(n, a.block))
	}
	dst := a.free[:n:n]
	a.free = a.free[n:]
	_, err := io.ReadFull(b, dst)
	return dst, err
}
