package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// reading is what a look at a stage found.
type reading struct {
	// lag is how many records wait.
	lag     int64
	waiting []waiting
	// err says that not all of it could be seen; what stands above is true all the same.
	err error
}

const (
	// furtherBy is how much longer the search is where it may matter.
	furtherBy = 20
	// lookAhead bounds one fetch of the search, in bytes, and fetchWithin how long the broker may wait for it.
	lookAhead, fetchWithin = 1 << 20, 50 * time.Millisecond
)

// eye looks at one stage, look after look. It is for one goroutine.
type eye struct {
	stage     stage
	broker    *broker.Client
	scan      int
	line      time.Duration // the shorter one of the stage
	fetch     broker.FetchOptions
	positions map[string]map[broker.TopicPartition]*position // by group
}

func newEye(s stage, b *broker.Client, cfg Config) *eye {
	e := &eye{stage: s, broker: b, scan: cfg.ScanRecords, line: cfg.line(s.name, unknown),
		fetch: broker.FetchOptions{MaxWait: fetchWithin, MaxBytes: lookAhead, PassLost: true}}
	e.forget()
	return e
}

// forget begins the search anew: sources have other grades.
func (e *eye) forget() { e.positions = map[string]map[broker.TopicPartition]*position{} }

func (e *eye) look(ctx context.Context, now time.Time, grades *grades) reading {
	var r reading
	for _, q := range e.stage.queues {
		if err := e.queue(ctx, now, q, grades, &r); err != nil {
			r.err = errors.Join(r.err, fmt.Errorf("look at %s before %s: %w", q.topic, q.group, err))
		}
	}
	return r
}

func (e *eye) queue(ctx context.Context, now time.Time, q queue, grades *grades, r *reading) error {
	n, err := e.broker.Partitions(ctx, q.topic)
	if err != nil {
		return err
	}
	tps := make([]broker.TopicPartition, n)
	for i := range tps {
		tps[i] = broker.TopicPartition{Topic: q.topic, Partition: i}
	}
	// First where the group stands, then where the topic ends: the other way round it could stand behind the end.
	committed, err := e.broker.Committed(ctx, q.group, tps...)
	if err != nil {
		return err
	}
	spans, err := e.broker.Spans(ctx, q.topic)
	if err != nil {
		return err
	}
	for _, tp := range tps {
		span, at := spans[tp.Partition], committed[tp].Offset
		if at < span.First || at > span.Next {
			at = span.First
		}
		r.lag += span.Next - at
		if err := e.partition(ctx, now, q, tp, at, span.Next, grades, r); err != nil {
			return err
		}
	}
	return nil
}

func (e *eye) partition(ctx context.Context, now time.Time, q queue, tp broker.TopicPartition, at, end int64, grades *grades, r *reading) error {
	p := e.position(q.group, tp)
	p.advance(at, end, now)
	if at == end {
		return nil
	}
	if q.judge == nil {
		r.waiting = append(r.waiting, waiting{grade: unknown, offset: at, received: p.since, arrived: p.since})
		return nil
	}
	through, err := e.search(ctx, q, tp, p, end, grades, e.scan)
	if err == nil && !through {
		var waited bool
		if waited, err = e.waits(ctx, tp, at, now); waited {
			_, err = e.search(ctx, q, tp, p, end, grades, furtherBy*e.scan)
		}
	}
	for _, w := range p.first {
		r.waiting = append(r.waiting, w)
	}
	return err
}

func (e *eye) position(group string, tp broker.TopicPartition) *position {
	of := e.positions[group]
	if of == nil {
		of = map[broker.TopicPartition]*position{}
		e.positions[group] = of
	}
	if of[tp] == nil {
		of[tp] = newPosition()
	}
	return of[tp]
}

// waits says whether the record at the group's offset, history or not, has stood there for longer than a line: then a live event behind it may be
// late, and is worth a longer search.
func (e *eye) waits(ctx context.Context, tp broker.TopicPartition, at int64, now time.Time) (bool, error) {
	b, err := e.broker.Fetch(ctx, tp, at, broker.FetchOptions{MaxWait: fetchWithin, MaxBytes: 1, PassLost: true})
	if errors.Is(err, broker.ErrOffsetGone) || err == nil && len(b.Records) == 0 {
		return false, nil
	}
	return err == nil && now.Sub(b.Records[0].Time) > e.line, err
}

// search reads on until each grade has its first live event, the partition ends, or that many records were read; through says that it was not
// the last of these.
func (e *eye) search(ctx context.Context, q queue, tp broker.TopicPartition, p *position, end int64, grades *grades, budget int) (through bool, err error) {
	wanted := grades.wanted(q)
	for budget > 0 {
		from, more := p.next(wanted, end)
		if !more {
			return true, nil
		}
		b, err := e.broker.Fetch(ctx, tp, from, e.fetch)
		if errors.Is(err, broker.ErrOffsetGone) {
			return true, nil // retention was here in between: the next look sees the new beginning
		}
		if err != nil {
			return false, err
		}
		if len(b.Records) == 0 && b.Next == from {
			return true, nil // nothing can be read there now
		}
		budget -= len(b.Records)
		for _, rec := range b.Records {
			if is := q.judge(rec.Value); is.live {
				p.take(grades.place(q, is, rec))
			}
		}
		p.read(wanted, b.Next)
	}
	return false, nil
}
