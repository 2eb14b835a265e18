package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/retry"
)

// partitionLog is one partition of a changelog topic, as an owner needs it.
type partitionLog interface {
	// Append writes one record batch, whole or not at all, and gives the offset of its first record.
	Append(ctx context.Context, msgs []broker.Message) (int64, error)
	// Fetch reads from an offset on, about maxBytes and at least one batch; 0 is the broker's default. It may bring nothing.
	Fetch(ctx context.Context, offset, maxBytes int64) (broker.Batch, error)
	// Span says what the partition holds.
	Span(ctx context.Context) (broker.Span, error)
	// Partitions is how many partitions the topic has.
	Partitions(ctx context.Context) (int, error)
	// String names the partition.
	String() string
}

// owned is one partition of a changelog as its owner sees it.
type owned struct {
	log   partitionLog
	now   func() time.Time
	sleep func(context.Context, time.Duration) error // retry.Sleep

	fold  *changelog.Fold
	fence changelog.Fence // this owner's
	next  int64           // the offset after all that was read or written
	last  commit          // the last commit that counts
	stand place           // this owner's last commit, or its fence
	seen  time.Time       // when the question was asked whose answer said that it stands in the log
	saved meta            // what the store says
	parts int             // of the topic
}

// proveAfter is how long an owner trusts that what it wrote stands in the log. A log that was cut and grew again to the very same length
// gives an append the offset that is expected; it takes longer than this to come about.
const proveAfter = time.Second

// errLost says that the log lost records that this owner had read or written: it was cut, or its topic was made anew.
var errLost = errors.New("the changelog lost records")

// folded are changes read from the log that are not in the store yet.
type folded struct {
	changes
	n int
}

const foldEvery = 10_000 // records kept in memory before they go to the store

// restore brings the store up to the end of the log and makes this owner the partition's only one.
func (l *owned) restore(ctx context.Context, s *store) (err error) {
	l.fold, l.last, l.next = changelog.New(), commit{}, broker.First
	l.fence, l.stand = changelog.Fence{}, place{offset: -1}
	l.saved = meta{resume: l.fold.Last, reach: l.stand}
	if l.parts, err = l.log.Partitions(ctx); err != nil {
		return err
	}
	m, ok, err := s.meta()
	if err != nil {
		return err
	}
	if ok {
		l.saved = m
	}
	if c := l.saved.resume; c.Offset >= 0 {
		l.next, l.fold = c.Offset, changelog.From(c)
	}
	f := &folded{changes: newChanges()}
	if err := l.readToEnd(ctx, s, f); err != nil {
		return err
	}
	var pauses retry.Backoff
	for {
		if err := l.samePartitions(); err != nil {
			return err
		}
		mine, asked := l.fold.Successor(l.parts), l.now()
		at, err := l.log.Append(ctx, []broker.Message{fenceMessage(mine)})
		if broker.Passing(err) { // it may stand there all the same: the next try has another id
			if err := l.sleep(ctx, pauses.Next()); err != nil {
				return err
			}
			if err := l.readOn(ctx, s, f); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("fence %s: %w", l.log, err)
		}
		if at < l.next {
			return l.lost(at)
		}
		if err := l.again(ctx); err != nil {
			return err
		}
		if err := l.readUpTo(ctx, s, f, at+1); err != nil {
			return err
		}
		if l.fold.Fence == mine {
			l.fence, l.stand, l.seen = mine, place{offset: at, key: string(mine.Key())}, asked
			return s.apply(f.changes, l.meta())
		}
	}
}

// samePartitions refuses a topic whose partition count has changed since somebody owned this partition.
func (l *owned) samePartitions() error {
	if was := l.fold.Fence.Partitions; was != 0 && was != l.parts {
		return fmt.Errorf("%s: its topic has %d partitions and had %d when its state was written: keys would move away from their state. "+
			"Make the topics with %d partitions again, or start with new topics and replay the events", l.log, l.parts, was, was)
	}
	return nil
}

func (l *owned) readToEnd(ctx context.Context, s *store, f *folded) error {
	span, err := l.log.Span(ctx)
	if err != nil {
		return err
	}
	if l.next == broker.First {
		l.next = span.First
	}
	if l.saved.reach.offset >= 0 {
		if err := l.sameLog(ctx, l.saved.resume.Fence.Log); err != nil {
			return err
		}
	}
	if l.next < span.First || l.saved.reach.offset >= span.Next {
		return fmt.Errorf("%w (%w): the local state is of offsets %d to %d, and %s holds %d to %d", errLost, errLocal, l.next, l.saved.reach.offset, l.log, span.First, span.Next-1)
	}
	return l.readUpTo(ctx, s, f, span.Next)
}

// sameLog checks that the log's first fence has an id: what stands elsewhere may have been written by an owner of a log that was here before.
func (l *owned) sameLog(ctx context.Context, id changelog.ID) error {
	span, err := l.log.Span(ctx)
	if err != nil {
		return err
	}
	first := changelog.New()
	for at := span.First; at < span.Next && first.Fence.Epoch == 0; {
		b, err := l.fetch(ctx, at, 1)
		if err != nil {
			return err
		}
		for _, rec := range b.Records {
			if _, err := first.Take(asRecord(rec)); err != nil {
				return err
			}
			if at = rec.Offset + 1; first.Fence.Epoch > 0 {
				break
			}
		}
		if len(b.Records) == 0 {
			break
		}
	}
	if first.Fence.Log != id {
		return fmt.Errorf("%w (%w): %s is log %s, and was %s", errLost, errLocal, l.log, first.Fence.Log, id)
	}
	return nil
}

// readOn reads what has come since.
func (l *owned) readOn(ctx context.Context, s *store, f *folded) error {
	span, err := l.log.Span(ctx)
	if err != nil {
		return err
	}
	if span.Next < l.next {
		return l.lost(span.Next)
	}
	if err := l.again(ctx); err != nil {
		return err
	}
	return l.readUpTo(ctx, s, f, span.Next)
}

// again goes back to the record that this owner stands on, which read then asks for, or to the log's beginning where nothing that was read counts.
// Whoever reads on after a pause begins there: what was read and what comes next are of one log only if that record stands where it stood.
func (l *owned) again(ctx context.Context) error {
	if l.stand.offset >= 0 {
		l.next = l.stand.offset
		return l.sameLog(ctx, l.fold.Fence.Log)
	}
	span, err := l.log.Span(ctx)
	l.fold, l.next = changelog.New(), span.First
	return err
}

// readUpTo folds the records before end into f, and f into the store when it grows large.
func (l *owned) readUpTo(ctx context.Context, s *store, f *folded, end int64) error {
	return l.read(ctx, end, func(rec broker.Record) error {
		if err := l.take(rec, f); err != nil {
			return err
		}
		if f.n < foldEvery {
			return nil
		}
		l.saved.reach = place{rec.Offset, string(rec.Key), markOf(rec)} // not whole: it was read up to the middle of a commit
		err := s.apply(f.changes, l.meta())
		f.reset()
		f.n = 0
		return err
	})
}

// read gives the records from l.next to end to fn. Where it begins at the record this owner stands on, that one has to be there.
func (l *owned) read(ctx context.Context, end int64, fn func(broker.Record) error) error {
	for l.next < end {
		b, err := l.fetch(ctx, l.next, 0)
		if err != nil {
			return err
		}
		if len(b.Records) == 0 && l.next < b.End {
			return fmt.Errorf("%s gives no records at offset %d though it ends at %d", l.log, l.next, b.End)
		}
		if len(b.Records) == 0 {
			return l.lost(b.End)
		}
		for _, rec := range b.Records {
			for _, p := range []place{l.stand, placeOf(l.saved.resume), l.saved.reach} {
				if l.next <= p.offset && rec.Offset >= p.offset && !p.is(rec) {
					return fmt.Errorf("%w (%w): %s has another record at offset %d than the one that was there", errLost, errLocal, l.log, p.offset)
				}
			}
			if rec.Offset >= end {
				l.next = end
				return nil
			}
			if err := fn(rec); err != nil {
				return fmt.Errorf("%s at offset %d: %w", l.log, rec.Offset, err)
			}
			l.next = rec.Offset + 1
		}
	}
	return nil
}

// fetch reads from an offset that was there a moment ago.
func (l *owned) fetch(ctx context.Context, at, maxBytes int64) (broker.Batch, error) {
	b, err := l.log.Fetch(ctx, at, maxBytes)
	if errors.Is(err, broker.ErrOffsetGone) {
		err = fmt.Errorf("%w (%w): %s at offset %d: %s", errLost, errLocal, l.log, at, err.Error()) // not the input's: that would hold the partition
	}
	return b, err
}

// is says that a record is the one at a place.
func (p place) is(rec broker.Record) bool {
	return rec.Offset == p.offset && string(rec.Key) == p.key && markOf(rec) == p.mark
}

// markOf is a record's mark; none for a fence.
func markOf(rec broker.Record) changelog.Mark {
	m, err := changelog.ReadMark(rec.Header(changelog.Header))
	if err != nil {
		return changelog.Mark{}
	}
	return m
}

func (l *owned) lost(end int64) error {
	return fmt.Errorf("%w (%w): %s ends at offset %d, and this owner had read or written up to %d", errLost, errLocal, l.log, end, l.next)
}

// take folds one record of the log.
func (l *owned) take(rec broker.Record, f *folded) error {
	counts, err := l.fold.Take(asRecord(rec))
	if err != nil || !counts {
		return err
	}
	l.stand = place{rec.Offset, string(rec.Key), markOf(rec)}
	f.n++
	switch rec.Key[0] {
	case changelog.KindCommit:
		l.last, err = decodeCommit(rec.Value)
	case changelog.KindState:
		f.kv[string(rec.Key[1:])] = rec.Value
	case changelog.KindTimer:
		due := int64(noTimer)
		if rec.Value != nil {
			due, err = decodeDue(rec.Value)
		}
		f.timers[string(rec.Key[1:])] = due
	}
	return err
}
