package stream

import (
	"context"
	"errors"

	"github.com/freshet/freshet/pkg/broker"
)

// fetched is what came of one input.
type fetched struct {
	topic   string
	records []broker.Record
	end     int64 // the partition's end: for the lag
	// broken says that the input does not go on where it was, and from where it does: broker.gaps is skip.
	broken bool
	next   int64
}

// starts are where the state stands in the inputs.
func (t *task) starts() (from []broker.Start) {
	for _, in := range t.p.cfg.Inputs {
		s := broker.Start{At: broker.TopicPartition{Topic: in.Name, Partition: t.partition}, Place: broker.Place{Offset: broker.First}}
		if offset, ok := t.inputs[in.Name]; ok {
			s.Place.Offset = offset
		}
		from = append(from, s)
	}
	return from
}

// follow reads the inputs and hands over what comes until ctx ends. Faults that pass are waited out. Records that were gone
// before they were read hold the partition, or are passed over, as broker.gaps says.
func (t *task) follow(ctx context.Context, from []broker.Start, to chan<- fetched) error {
	f := t.p.deps.Broker.Follow(ctx, broker.FollowConfig{Name: t.p.cfg.Name, Told: t.told}, from...)
	for {
		b, err := f.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if len(b.Records) == 0 && b.Break == nil {
			continue
		}
		select {
		case to <- fetched{topic: b.At.Topic, records: b.Records, end: b.End, broken: b.Break != nil, next: b.After.Offset}:
		case <-ctx.Done():
			return nil
		}
	}
}

// told hears what is wrong with an input. What does not pass by itself is the partition's fault: it is not ready until
// somebody has done something about it.
func (t *task) told(_ broker.TopicPartition, err error) {
	switch {
	case err == nil:
		t.p.faults.mended(t.partition, ofInputs)
	case !broker.Passing(err) || errors.Is(err, broker.ErrOffsetGone):
		t.p.faults.hold(t.partition, ofInputs, err)
	}
}

// jump goes on behind a break. What was fetched before it and is not folded yet belongs to a log that is gone, if
// offsets begin anew.
func (t *task) jump(a fetched) {
	if a.next >= t.inputs[a.topic] {
		return
	}
	kept := t.backlog[:0:0]
	for _, rec := range t.backlog {
		if rec.Topic != a.topic {
			kept = append(kept, rec)
		}
	}
	t.backlog, t.inputs[a.topic] = kept, a.next
}
