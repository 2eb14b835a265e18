package tail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// Options say what to read.
type Options struct {
	Topic string
	// FromBeginning reads what is there already, too.
	FromBeginning bool
	// Max ends the reading after so many records; 0 never.
	Max int
}

// Read hands each record to show, until ctx ends (nil), Max is reached (nil) or show fails. Records of a partition come in order.
func Read(ctx context.Context, c *broker.Client, o Options, show func(broker.Record) error) error {
	spans, err := c.Spans(ctx, o.Topic)
	if err != nil {
		return fmt.Errorf("find topic %s: %w", o.Topic, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	records := make(chan broker.Record)
	failed := make(chan error, len(spans))
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	for p, span := range spans {
		from := span.Next
		if o.FromBeginning {
			from = span.First
		}
		wait.Go(func() { failed <- follow(ctx, c, broker.TopicPartition{Topic: o.Topic, Partition: p}, from, records) })
	}
	for n := 0; o.Max == 0 || n < o.Max; n++ {
		select {
		case rec := <-records:
			if err := show(rec); err != nil {
				return err
			}
		case err := <-failed:
			return err
		}
	}
	return nil
}

// follow reads one partition until ctx ends.
func follow(ctx context.Context, c *broker.Client, tp broker.TopicPartition, from int64, out chan<- broker.Record) error {
	for {
		batch, err := c.Fetch(ctx, tp, from, broker.FetchOptions{PassLost: true})
		if errors.Is(err, broker.ErrOffsetGone) {
			from = broker.First
			continue
		}
		if err != nil {
			// The context's deadline reaches the socket a moment before the context itself knows.
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(100 * time.Millisecond):
				return fmt.Errorf("read %s: %w", tp, err)
			}
		}
		for _, rec := range batch.Records {
			select {
			case out <- rec:
			case <-ctx.Done():
				return nil
			}
		}
		from = batch.Next
	}
}
