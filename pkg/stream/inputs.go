package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// fetched is what one fetch of one input brought.
type fetched struct {
	topic   string
	records []broker.Record
	end     int64 // the partition's end: for the lag
}

// fetchInput reads one input from offset on and hands it over until ctx ends. Faults
// that pass are waited out; records that retention took before they were read are an
// error, since skipping them would be a silent loss.
func fetchInput(ctx context.Context, client *broker.Client, tp broker.TopicPartition, offset int64, to chan<- fetched, pace pace, logger *slog.Logger) error {
	for wait := 20 * time.Millisecond; ctx.Err() == nil; {
		b, err := client.Fetch(ctx, tp, offset, broker.FetchOptions{})
		if ctx.Err() != nil {
			break
		}
		switch {
		case errors.Is(err, broker.ErrOffsetGone):
			return fmt.Errorf("input %s lost records from offset %d on before they were read (raise its retention): %w", tp, offset, err)
		case err != nil:
			logger.Warn("fetching an input failed; trying again", "input", tp.String(), "error", err)
			pause(ctx, wait)
			wait = min(2*wait, 2*time.Second)
			continue
		}
		wait = 20 * time.Millisecond
		if len(b.Records) == 0 {
			continue
		}
		select {
		case to <- fetched{topic: tp.Topic, records: b.Records, end: b.End}:
			offset = b.Next
			pause(ctx, pace.wait(time.Now(), len(b.Records), b.Next < b.End))
		case <-ctx.Done():
		}
	}
	return nil
}

// pause waits d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
