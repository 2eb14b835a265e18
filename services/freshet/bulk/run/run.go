// Package run carries the rows of a file to a collector: mapped, in batches, several on their way at once, in memory that does not grow with the file.
//
// Delivery: at least once, with the same message ids each time, so that identity counts every event once. What is recorded in the ledger is
// durable at the collector and has no gap before it; after a crash the rows behind it are sent again. A row that becomes no event is in the
// rejects file, an event that the collector refused there and in events.rejected.v1. What could lose an event: nothing that is not an error.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/ledger"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
	"github.com/freshet/freshet/services/simulator/send"
)

// Job is one import.
type Job struct {
	File   *file.File
	Reader rows.Reader // bound to the mapper's columns
	Mapper *mapping.Mapper
	// Deliver posts items and returns once they are answered. Connections goroutines call it.
	Deliver     func(ctx context.Context, items [][]byte) (send.Answer, error)
	Connections int
	// Ledger says where to begin and is kept up to date; nil for a dry run.
	Ledger *ledger.Ledger
	// Sent knows what other files sent; nil when all is sent that the ledger does not have.
	Sent *ledger.Sent
	// Prefix, when set, is of the file, and the ledger is told places to go on from when the file has grown.
	Prefix *file.Prefix
	// Rejects takes the refused rows, in order; nil for a dry run.
	Rejects *Rejects
	// Began are the counts to go on from; OnProgress is told of each step.
	Began      ledger.Counts
	OnProgress func(ledger.Counts)
	Now        func() time.Time
}

const (
	// A batch is full at so many events, so many bytes of events, or so many units.
	batchEvents, batchBytes, batchUnits = 500, 400_000, 2_000
	// saveEvery is how often the ledger is written: what is lost of the record in a crash is sent again.
	saveEvery = 100 * time.Millisecond
)

// batch is a stretch of the file.
type batch struct {
	units  []mapping.Unit
	items  [][]byte
	bytes  int
	answer send.Answer
	done   chan struct{} // closed when answer is there
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

func (b *batch) full() bool {
	return len(b.items) >= batchEvents || b.bytes >= batchBytes || len(b.units) >= batchUnits
}

// Run reads the file to its end. The counts are of what is done and recorded, also beside an error; running the job again goes on from there.
func (j *Job) Run(ctx context.Context) (ledger.Counts, error) {
	work, order := make(chan *batch), make(chan *batch, 2*j.Connections)
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(work)
		defer close(order)
		return j.read(inner, work, order)
	})
	for range j.Connections {
		group.Go(func() error {
			for b := range work {
				if err := j.deliver(inner, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	c := &committer{job: j, counts: j.Began, saved: j.Now()}
	group.Go(func() error { return c.run(inner, order) })
	err := group.Wait()
	if err == nil {
		err = j.File.Unchanged()
	}
	if j.Ledger != nil {
		err = errors.Join(err, c.save(err == nil))
	}
	return c.counts, err
}

// read maps the file and hands batches over, in order. The units that the ledger has are mapped again, so that keys and ids are known as
// they were, and left out.
func (j *Job) read(ctx context.Context, work, order chan<- *batch) error {
	b, skip := newBatch(), int64(0)
	if j.Ledger != nil {
		skip = j.Ledger.Units
	}
	hand := func() error {
		for _, to := range []chan<- *batch{order, work} {
			select {
			case to <- b:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		b = newBatch()
		return nil
	}
	emit := func(u mapping.Unit) error {
		if skip > 0 {
			skip--
			return nil
		}
		if err := j.known(&u); err != nil {
			return err
		}
		b.units = append(b.units, u)
		if u.Event != nil {
			b.items, b.bytes = append(b.items, u.Event), b.bytes+len(u.Event)
		}
		if b.full() {
			return hand()
		}
		return nil
	}
	for n := 0; ; n++ {
		row, err := j.Reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = j.Mapper.Add(row, emit)
		}
		if err == nil && n%1024 == 0 {
			err = context.Cause(ctx) // also while what is done already is passed over
		}
		if err != nil {
			return err
		}
	}
	if err := j.Mapper.End(emit); err != nil {
		return err
	}
	if len(b.units) == 0 {
		return nil
	}
	return hand()
}

// known takes an event out that another file sent. One that says something else under the same id is sent under one of its own where it says what
// a person is; any other is refused: it would be dropped as a duplicate for some days, and count twice after them.
func (j *Job) known(u *mapping.Unit) error {
	if j.Sent == nil || u.Event == nil {
		return nil
	}
	found, same, err := j.Sent.Find(u.MessageID, u.Content)
	switch {
	case err != nil || !found:
		return err
	case same:
		u.Event, u.Known = nil, true
		return nil
	case j.Mapper.Anew(u, j.Sent.Mark()):
		return nil
	}
	u.Event, u.Fault = nil, &rows.Fault{Reason: mapping.ReasonChanged, Detail: fmt.Sprintf(
		"the event %s was sent before, from another file, with other content: message_id needs a column that changes when the content does", u.MessageID)}
	return nil
}

func (j *Job) deliver(ctx context.Context, b *batch) error {
	if len(b.items) > 0 {
		answer, err := j.Deliver(ctx, b.items)
		if err != nil {
			return fmt.Errorf("send %d events: %w", len(b.items), err)
		}
		if answer.Accepted+len(answer.Rejected) != len(b.items) {
			return fmt.Errorf("the collector answered for %d events of %d", answer.Accepted+len(answer.Rejected), len(b.items))
		}
		b.answer = answer
	}
	close(b.done)
	return nil
}
