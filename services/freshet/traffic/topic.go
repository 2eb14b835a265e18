package traffic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/plan"
)

// Waiting is how many records events.raw.v1 holds now.
func Waiting(ctx context.Context, c *broker.Client) (int64, error) {
	spans, err := c.Spans(ctx, topics.EventsRaw.Name)
	if err != nil {
		return 0, fmt.Errorf("find topic %s: %w", topics.EventsRaw.Name, err)
	}
	var n int64
	for _, s := range spans {
		n += s.Next - s.First
	}
	return n, nil
}

// Raw hands the events of events.raw.v1 that were received at or after since to take, as many as there are when it begins. read is told
// how many records are done. Records that are no event are passed over: they are in no service's sight either.
func Raw(ctx context.Context, c *broker.Client, since time.Time, take func(Event) error, read func(records int)) error {
	spans, err := c.Spans(ctx, topics.EventsRaw.Name)
	if err != nil {
		return fmt.Errorf("find topic %s: %w", topics.EventsRaw.Name, err)
	}
	for p := range len(spans) {
		span, tp := spans[p], broker.TopicPartition{Topic: topics.EventsRaw.Name, Partition: p}
		for at := span.First; at < span.Next; {
			batch, err := c.Fetch(ctx, tp, at, broker.FetchOptions{PassLost: true})
			if errors.Is(err, broker.ErrOffsetGone) { // retention was faster
				at = broker.First
				continue
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", tp, err)
			}
			for _, rec := range batch.Records {
				if rec.Offset >= span.Next {
					break
				}
				if err := hand(rec, since, take); err != nil {
					return err
				}
			}
			read(int(min(batch.Next, span.Next) - max(at, span.First)))
			if at = batch.Next; at >= batch.End {
				break // also when the topic was made anew, with fewer records
			}
		}
	}
	return nil
}

func hand(rec broker.Record, since time.Time, take func(Event) error) error {
	var e eventv1.Event
	if proto.Unmarshal(rec.Value, &e) != nil || e.ReceivedMs < since.UnixMilli() {
		return nil
	}
	out := Event{Event: plan.Event{Type: e.Type, Name: e.Name, Context: e.ContextJson, Body: e.PropertiesJson}, Source: e.Source}
	if plan.TraitsOf(e.Type) {
		out.Body = e.TraitsJson
	}
	return take(out)
}
