package stream

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// fetched is what one fetch of one input brought.
type fetched struct {
	topic   string
	records []broker.Record
	end     int64 // the partition's end: for the lag
	// broken says that there is nothing to be read from here on: see places.go.
	broken error
}

// fetchInput reads one input from its place on and hands it over until ctx ends. Faults
// that pass are waited out; what cannot be read any more is handed over as that, since
// skipping it would be a silent loss.
func fetchInput(ctx context.Context, client *broker.Client, tp broker.TopicPartition, from broker.Place, to chan<- fetched, pace pace, logger *slog.Logger) error {
	r := reader{client: client, tp: tp, place: from, epoch: -1}
	for wait := 20 * time.Millisecond; ctx.Err() == nil; {
		b, err := client.Fetch(ctx, tp, r.place.Offset, broker.FetchOptions{})
		if err == nil {
			err = r.accept(ctx, b)
		} else {
			err = r.broken(ctx, err)
		}
		var gone *broker.Break
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &gone):
			hand(ctx, to, fetched{topic: tp.Topic, broken: gone})
			return nil
		case err != nil:
			logger.Warn("fetching an input failed; trying again", "input", tp.String(), "error", err)
			r.doubt = true
			pause(ctx, wait)
			wait = min(2*wait, 2*time.Second)
			continue
		}
		wait = 20 * time.Millisecond
		if len(b.Records) > 0 {
			hand(ctx, to, fetched{topic: tp.Topic, records: b.Records, end: b.End})
			pause(ctx, pace.wait(time.Now(), len(b.Records), b.Next < b.End))
		}
	}
	return nil
}

func hand(ctx context.Context, to chan<- fetched, f fetched) {
	select {
	case to <- f:
	case <-ctx.Done():
	}
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
