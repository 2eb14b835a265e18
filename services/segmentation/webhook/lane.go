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
	"github.com/freshet/freshet/pkg/retry"
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
	return broker.Each(ctx, m.Assigned(), func(ctx context.Context, tp broker.TopicPartition) error {
		l.partition(ctx, m, tp)
		return nil
	})
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
	var pauses retry.Backoff
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
		if pauses.Wait(ctx) != nil {
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

// read follows the partition until ctx ends. What is not this lane's, or repeats a record shortly before it, is finished at
// once; for the rest a place among the pending is waited for and take is called.
//
// Alerts that retention removed before they were finished are passed over, whatever broker.gaps says: holding an endpoint
// would keep the new alerts from it for the sake of old ones that nobody has any more.
func (l *lane) read(ctx context.Context, tp broker.TopicPartition, p *progress, take func(broker.Record, *segmentationv1.Alert)) {
	next, err := l.readFrom(ctx, tp, p)
	if err != nil {
		return
	}
	f := l.d.deps.Broker.Follow(ctx, broker.FollowConfig{Name: l.group, Gaps: broker.GapSkip},
		broker.Start{At: tp, Place: broker.Place{Offset: next}})
	seen := newRecent(lookBack)
	for {
		batch, err := f.Next(ctx)
		if err != nil {
			return // ctx ended
		}
		if batch.Break != nil {
			p.passOver(batch.Break.Have.First, batch.After.Offset)
			next = batch.After.Offset
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

// readFrom is where to begin to read: a little before the position, to know what would be a repetition, as far as the
// partition still has it.
func (l *lane) readFrom(ctx context.Context, tp broker.TopicPartition, p *progress) (int64, error) {
	low, _ := p.commit()
	var pauses retry.Backoff
	for {
		spans, err := l.d.deps.Broker.Spans(ctx, tp.Topic)
		if err == nil {
			have := spans[tp.Partition]
			if low < have.First || low > have.Next { // not there: the follower says so
				return low, nil
			}
			return max(low-lookBack, have.First), nil
		}
		l.warn("the partition of alerts cannot be looked at, trying again", tp, err)
		if err := pauses.Wait(ctx); err != nil {
			return 0, err
		}
	}
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
