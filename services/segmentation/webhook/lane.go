package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// lane is one endpoint's way through alerts.v1; the one without a target takes what is
// addressed to no endpoint.
type lane struct {
	d      *Deliverer
	name   string // the endpoint's; empty for the one without
	group  string
	target *target
	// pending is filled by every alert in hand, slots by every request under way.
	pending, slots chan struct{}
	// off is set once the endpoint answered 410.
	off atomic.Bool
}

func (d *Deliverer) newLane(name string, t *target) *lane {
	g := group
	if t != nil {
		g += "." + name
	}
	return &lane{
		d: d, name: name, group: g, target: t,
		pending: make(chan struct{}, d.cfg.Pending), slots: make(chan struct{}, d.cfg.Concurrency),
	}
}

func (l *lane) run(ctx context.Context) error {
	cfg := broker.GroupConfig{Group: l.group, Topics: []string{topics.Alerts.Name}}
	if err := l.d.deps.Broker.RunGroup(ctx, cfg, l.generation); err != nil {
		return fmt.Errorf("deliver alerts as %s: %w", l.group, err)
	}
	return nil
}

// generation works on the partitions of one generation of the group. When ctx ends,
// requests under way get a moment to finish, then progress is committed.
func (l *lane) generation(ctx context.Context, m *broker.Membership) error {
	var all sync.WaitGroup
	for _, tp := range m.Assigned() {
		all.Go(func() { l.partition(ctx, m, tp) })
	}
	<-ctx.Done()
	all.Wait()
	return nil
}

// partition reads one partition and hands out what is this lane's.
func (l *lane) partition(ctx context.Context, m *broker.Membership, tp broker.TopicPartition) {
	p := l.begin(ctx, m, tp)
	if p == nil {
		return
	}
	// Requests that began before ctx ended may go on a little longer than it.
	requests, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var inHand sync.WaitGroup
	committed := make(chan error, 1)
	go func() { committed <- l.commits(ctx, m, tp, p) }()
	l.read(ctx, tp, p, func(rec broker.Record, a *segmentationv1.Alert) {
		inHand.Go(func() {
			defer func() { <-l.pending }()
			if l.handle(ctx, requests, rec, a) {
				p.finish(rec.Offset, rec.Offset+1)
			}
		})
	})
	timer := time.AfterFunc(l.d.cfg.FinishWithin, stop)
	defer timer.Stop()
	inHand.Wait()
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.d.cfg.FinishWithin)
	defer cancel()
	if cerr := <-committed; cerr == nil {
		low, meta := p.commit()
		if cerr = m.Commit(final, tp, low, meta); cerr != nil {
			l.warn("progress of alerts is not committed, they are sent again", tp, cerr)
		}
	}
}

// begin finds out what is finished in a partition: from the last commit, or nothing, from
// the oldest alert on, when there never was one. Nil when ctx ended first.
func (l *lane) begin(ctx context.Context, m *broker.Membership, tp broker.TopicPartition) *progress {
	for {
		offset, metadata, err := m.Committed(ctx, tp)
		if err == nil && offset >= 0 {
			return newProgress(offset, metadata)
		}
		var spans map[int]broker.Span
		if err == nil {
			if spans, err = l.d.deps.Broker.Spans(ctx, tp.Topic); err == nil {
				return newProgress(spans[tp.Partition].First, "")
			}
		}
		l.warn("the position in alerts cannot be read, trying again", tp, err)
		if pause(ctx, time.Second) != nil {
			return nil
		}
	}
}

func (l *lane) warn(what string, tp broker.TopicPartition, err error) {
	l.d.deps.Logger.Warn(what, "group", l.group, "partition", tp.Partition, "error", err)
}

// commits writes progress from time to time until ctx ends. It fails once the group has
// moved on: another member has the partition then.
func (l *lane) commits(ctx context.Context, m *broker.Membership, tp broker.TopicPartition, p *progress) error {
	ticker := time.NewTicker(l.d.cfg.CommitEvery)
	defer ticker.Stop()
	lastLow, lastMeta := int64(-1), ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		low, meta := p.commit()
		if low == lastLow && meta == lastMeta {
			continue
		}
		err := m.Commit(ctx, tp, low, meta)
		if errors.Is(err, broker.ErrStaleMember) {
			return err
		}
		if err == nil {
			lastLow, lastMeta = low, meta
		} else if ctx.Err() == nil {
			l.warn("progress of alerts is not committed, trying again", tp, err)
		}
	}
}

// read fetches until ctx ends. What is not this lane's, or repeats a record shortly before
// it, is finished at once; for the rest a place among the pending is waited for and take is
// called. It begins a little before the position, to know what would be a repetition.
func (l *lane) read(ctx context.Context, tp broker.TopicPartition, p *progress, take func(broker.Record, *segmentationv1.Alert)) {
	next, _ := p.commit()
	next = max(0, next-lookBack)
	seen := newRecent(lookBack)
	for ctx.Err() == nil {
		batch, err := l.d.deps.Broker.Fetch(ctx, tp, next, broker.FetchOptions{})
		if errors.Is(err, broker.ErrOffsetGone) {
			next, err = l.skipGone(ctx, tp, p)
			batch.Next = next
		}
		if err != nil {
			if ctx.Err() == nil {
				l.warn("alerts cannot be read, trying again", tp, err)
			}
			if pause(ctx, time.Second) != nil {
				return
			}
			continue
		}
		for _, rec := range batch.Records {
			p.finish(next, rec.Offset) // Offsets without a record.
			next = rec.Offset + 1
			a, mine := l.mine(rec)
			if !mine || (a != nil && seen.repeated(a.GetAlertId())) {
				p.finish(rec.Offset, next)
			}
			if p.finished(rec.Offset) {
				continue
			}
			select {
			case l.pending <- struct{}{}:
				take(rec, a)
			case <-ctx.Done():
				return
			}
		}
		p.finish(next, batch.Next)
		next = batch.Next
	}
}

// skipGone goes on where the partition begins now. When that is behind the position,
// retention removed alerts that were never finished; when the position lies behind the
// partition's end, the topic was made anew.
func (l *lane) skipGone(ctx context.Context, tp broker.TopicPartition, p *progress) (int64, error) {
	spans, err := l.d.deps.Broker.Spans(ctx, tp.Topic)
	if err != nil {
		return 0, fmt.Errorf("find out where %s begins: %w", tp, err)
	}
	have := spans[tp.Partition]
	switch low, _ := p.commit(); {
	case low < have.First: // what was finished above it stays finished: it was delivered
		l.d.deps.Logger.Error("alerts were removed before they were delivered", "group", l.group, "partition", tp.Partition, "wanted", low, "first", have.First)
		p.finish(low, have.First)
	case low > have.Next:
		l.d.deps.Logger.Error("the topic of alerts was made anew", "group", l.group, "partition", tp.Partition, "wanted", low, "end", have.Next)
		p.restart(have.First)
	}
	return have.First, nil
}

// mine decodes a record and says whether it is for this lane. What cannot be decoded is for
// the lane without an endpoint.
func (l *lane) mine(rec broker.Record) (*segmentationv1.Alert, bool) {
	var a segmentationv1.Alert
	if err := proto.Unmarshal(rec.Value, &a); err != nil || a.GetTransition() == nil {
		return nil, l.target == nil
	}
	if l.target == nil {
		_, known := l.d.targets[a.GetEndpoint()]
		return &a, !known
	}
	return &a, a.GetEndpoint() == l.name
}

// pause waits, or fails as soon as ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
