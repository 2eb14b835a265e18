package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
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
	// Records in the order of their offsets; empty when none came within MaxWait.
	Records []Record
	// Next is the offset to fetch from next.
	Next int64
	// End is the offset after the last record of the partition (the high watermark).
	End int64
	// Epoch counts the leaders of the partition, as the last of the records says; -1 when none came. When it changes, the log may be another: see Stand.
	Epoch int32
}

// Fetch reads records of one partition from offset on, waiting a moment when
// there are none. ErrOffsetGone when the offset does not exist, and a *Break where the broker says that it lost what stood there.
func (c *Client) Fetch(ctx context.Context, tp TopicPartition, offset int64, opts FetchOptions) (Batch, error) {
	if opts.MaxWait == 0 {
		opts.MaxWait = 500 * time.Millisecond
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 4 << 20
	}
	ctx, cancel := context.WithTimeout(ctx, opts.MaxWait+tryFor)
	defer cancel()
	if offset == First {
		s, err := c.span(ctx, tp)
		if err != nil {
			return Batch{}, err
		}
		offset = s.First
	}
	res, err := c.kafka.Fetch(ctx, &kafka.FetchRequest{
		Topic: tp.Topic, Partition: tp.Partition, Offset: offset,
		MinBytes: 1, MaxBytes: opts.MaxBytes, MaxWait: opts.MaxWait,
	})
	if err == nil {
		err = res.Error
	}
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return Batch{}, fmt.Errorf("fetch %s at offset %d: %w", tp, offset, ErrOffsetGone)
	}
	if err != nil {
		return Batch{}, fmt.Errorf("fetch %s at offset %d: %w", tp, offset, err)
	}
	reader, lost := untilLost(res.Records, offset)
	records, err := readAll(tp, offset, reader)
	if err != nil {
		return Batch{}, fmt.Errorf("read records of %s at offset %d: %w", tp, offset, err)
	}
	if len(records) == 0 && lost != (Span{}) && opts.PassLost {
		return Batch{Next: lost.Next, End: res.HighWatermark, Epoch: -1}, nil
	}
	if len(records) == 0 && lost != (Span{}) {
		return Batch{}, &Break{
			Kind: BreakLost, Partition: tp, At: Place{Offset: offset}, Have: Span{First: res.LogStartOffset, Next: res.HighWatermark},
			Missing: lost.Next - lost.First, GoOn: Place{Offset: lost.Next},
		}
	}
	b := Batch{Records: records, Next: offset, End: res.HighWatermark, Epoch: epochOf(reader)}
	if n := len(records); n > 0 {
		b.Next = records[n-1].Offset + 1
	}
	return b, nil
}

// readAll copies records out of kafka-go's pages; those before from are left out,
// since a broker returns whole batches.
func readAll(tp TopicPartition, from int64, reader kafka.RecordReader) ([]Record, error) {
	var (
		out   []Record
		arena arena
	)
	for {
		r, err := reader.ReadRecord()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out, nil // a batch cut short by MaxBytes comes again, whole, with the next fetch
		}
		if err != nil {
			return nil, err
		}
		if r.Offset < from {
			continue
		}
		rec := Record{Topic: tp.Topic, Partition: tp.Partition, Offset: r.Offset, Time: r.Time}
		if rec.Key, err = arena.read(r.Key); err != nil {
			return nil, err
		}
		if rec.Value, err = arena.read(r.Value); err != nil {
			return nil, err
		}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, Header{Key: h.Key, Value: append([]byte(nil), h.Value...)})
		}
		out = append(out, rec)
	}
}

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
