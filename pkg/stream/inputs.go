package stream

import (
	"context"
	"errors"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// An input is known by its log, not by its name: the commit holds a broker.Place of each, and a Follower asks, before it gives anything, whether
// that place is still one.
//
// What a broken place means is the client's GapPolicy: hold leaves the partition where it is, and the processor is not ready; skip goes on from
// Break.Accept, which leaves nothing out that came later. What comes once more is the handler's to drop: by message id in identity, by
// provenance and sequence in feature, by version in segmentation. The records of the log's next life carry another Record.Life, so that
// provenance tells them from those which had their offsets before.

// fetched is what came of one input.
type fetched struct {
	topic   string
	records []broker.Record
	end     int64 // the partition's end: for the lag
	// broken says that the input does not go on where it was: broker.gaps is skip.
	broken bool
	// after is the place behind the records, or where the input goes on behind a break.
	after broker.Place
}

// starts are where the state stands in the inputs.
func (t *task) starts() (from []broker.Start) {
	for _, in := range t.p.cfg.Inputs {
		s := broker.Start{At: broker.TopicPartition{Topic: in.Name, Partition: t.partition}, Place: broker.Place{Offset: broker.First}}
		if place, ok := t.inputs[in.Name]; ok {
			s.Place = place
		}
		from = append(from, s)
	}
	return from
}

// follow reads the inputs and hands over what comes until ctx ends. Faults that pass are waited out. Records that were gone
// before they were read hold the partition, or are passed over, as broker.gaps says.
func (t *task) follow(ctx context.Context, from []broker.Start, to chan<- fetched) error {
	paces := map[string]*pace{}
	for _, in := range t.p.cfg.Inputs {
		paces[in.Name] = &pace{longest: t.p.cfg.Pace, phase: time.Duration(t.p.cfg.Hop) * hopFor}
	}
	f := t.p.deps.Broker.Follow(ctx, broker.FollowConfig{
		Name: t.p.cfg.Name, Told: t.told,
		Pace: func(b broker.Batch) time.Duration {
			return paces[b.At.Topic].wait(time.Now(), len(b.Records), b.Next < b.End)
		},
	}, from...)
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
		case to <- fetched{topic: b.At.Topic, records: b.Records, end: b.End, broken: b.Break != nil, after: b.After}:
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
	if at := t.inputs[a.topic]; a.after.Offset >= at.Offset && a.after.Log == at.Log {
		return
	}
	kept := t.backlog[:0:0]
	for _, rec := range t.backlog {
		if rec.Topic != a.topic {
			kept = append(kept, rec)
		}
	}
	t.backlog, t.inputs[a.topic] = kept, a.after
}

// placeAfter is where an input stands behind a record.
func (t *task) placeAfter(rec broker.Record) broker.Place {
	p := t.inputs[rec.Topic]
	p.Log, p.Life = t.logs[rec.Topic], rec.Life
	return p.After(rec)
}
