package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// changelog is one partition of a changelog topic as its owner sees it.
type changelog struct {
	client *broker.Client
	at     broker.TopicPartition
	owner  string

	fence   fence // the highest seen: this owner's own, once it owns
	next    int64 // the offset after all that was read or written
	last    commit
	lastAt  int64               // offset of last; -1 when there is none
	foreign map[string]struct{} // changelog keys that a sleeper wrote over: to be rewritten
}

// folded are changes read from the log that are not in the store yet.
type folded struct {
	changes
	n int
}

const foldEvery = 10_000 // records kept in memory before they go to the store

// restore brings the store up to the end of the log and makes this owner the
// partition's only one. It returns with changelog.last being the last commit.
func (l *changelog) restore(ctx context.Context, s *store) error {
	l.lastAt, l.foreign = -1, map[string]struct{}{}
	l.next = broker.First
	if m, ok, err := s.meta(); err != nil {
		return err
	} else if ok {
		l.next = m.resume
	}
	f := &folded{changes: newChanges()}
	if err := l.readToEnd(ctx, s, f); err != nil {
		return err
	}
	for {
		mine := fence{epoch: l.fence.epoch + 1, owner: l.owner}
		at, err := l.appendRetrying(ctx, []broker.Message{{
			Key: []byte{kindFence}, Value: mine.encode(), Headers: epochHeaders(mine.epoch),
		}})
		if err != nil {
			return fmt.Errorf("fence %s: %w", l.at, err)
		}
		if err := l.readUpTo(ctx, s, f, at+1); err != nil {
			return err
		}
		if l.fence == mine {
			return s.apply(f.changes, nil)
		}
	}
}

func (l *changelog) readToEnd(ctx context.Context, s *store, f *folded) error {
	spans, err := l.client.Spans(ctx, l.at.Topic)
	if err != nil {
		return err
	}
	span := spans[l.at.Partition]
	if l.next == broker.First {
		l.next = span.First
	}
	if l.next > span.Next {
		return fmt.Errorf("%s ends at %d and the local state goes on from %d: %w", l.at, span.Next, l.next, broker.ErrOffsetGone)
	}
	return l.readUpTo(ctx, s, f, span.Next)
}

// readUpTo folds the records before end into f, and f into the store when it grows large.
func (l *changelog) readUpTo(ctx context.Context, s *store, f *folded, end int64) error {
	for l.next < end {
		b, err := l.client.Fetch(ctx, l.at, l.next, broker.FetchOptions{})
		if err != nil {
			return err
		}
		if len(b.Records) == 0 && l.next < b.End {
			return fmt.Errorf("%s gives no records at offset %d though it ends at %d", l.at, l.next, b.End)
		}
		for _, rec := range b.Records {
			if rec.Offset >= end {
				l.next = end
				return nil
			}
			if err := l.fold(rec, f); err != nil {
				return fmt.Errorf("%s at offset %d: %w", l.at, rec.Offset, err)
			}
			l.next = rec.Offset + 1
		}
		if f.n >= foldEvery {
			if err := s.apply(f.changes, nil); err != nil {
				return err
			}
			f.reset()
			f.n = 0
		}
	}
	return nil
}

// fold takes one record of the log, or passes over it when a fence makes it void.
func (l *changelog) fold(rec broker.Record, f *folded) error {
	if len(rec.Key) == 0 {
		return errCorrupt
	}
	epoch, err := epochOf(rec)
	if err != nil {
		return err
	}
	if epoch < l.fence.epoch {
		if k := rec.Key[0]; k == kindState || k == kindTimer {
			l.foreign[string(rec.Key)] = struct{}{}
		}
		return nil
	}
	if rec.Key[0] == kindFence {
		fresh, err := decodeFence(rec.Value)
		if err == nil && fresh.epoch > l.fence.epoch { // the first of an epoch wins
			l.fence = fresh
		}
		return err
	}
	if epoch > l.fence.epoch { // its fence was compacted away
		l.fence = fence{epoch: epoch}
	}
	f.n++
	switch rec.Key[0] {
	case kindCommit:
		l.last, err = decodeCommit(rec.Value)
		l.lastAt = rec.Offset
	case kindState:
		delete(l.foreign, string(rec.Key))
		f.kv[string(rec.Key[1:])] = rec.Value
	case kindTimer:
		delete(l.foreign, string(rec.Key))
		due := int64(noTimer)
		if rec.Value != nil {
			due, err = decodeDue(rec.Value)
		}
		f.timers[string(rec.Key[1:])] = due
	default:
		err = errCorrupt
	}
	return err
}

// write appends a commit. After nil it is decided: this owner was the owner when the
// batch landed. errFenced: it was not, and nothing of the batch counts.
func (l *changelog) write(ctx context.Context, c changes, next commit, s *store) error {
	msgs, err := l.messages(c, next, s)
	if err != nil {
		return err
	}
	at, err := l.appendRetrying(ctx, msgs)
	if err != nil {
		return err
	}
	repaired := l.foreign
	l.foreign = map[string]struct{}{}
	if at != l.next {
		if err := l.inspect(ctx, at); err != nil {
			return err
		}
	}
	// What a sleeper wrote in the gap stands before our batch: keys that the batch wrote are
	// right already, the others wait for the next commit.
	for k := range l.foreign {
		if _, ok := repaired[k]; ok || touched(c, k) {
			delete(l.foreign, k)
		}
	}
	l.next = at + int64(len(msgs))
	l.last, l.lastAt = next, l.next-1
	return nil
}

// messages are the records of a commit: changes, repairs, and the bookkeeping last.
func (l *changelog) messages(c changes, next commit, s *store) ([]broker.Message, error) {
	headers := epochHeaders(l.fence.epoch)
	msgs := make([]broker.Message, 0, len(c.kv)+len(c.timers)+len(l.foreign)+1)
	add := func(key, value []byte) {
		msgs = append(msgs, broker.Message{Key: key, Value: value, Headers: headers})
	}
	for k, v := range c.kv {
		add(spaced(kindState, []byte(k)), v)
	}
	for k, due := range c.timers {
		if due == noTimer {
			add(spaced(kindTimer, []byte(k)), nil)
		} else {
			add(spaced(kindTimer, []byte(k)), encodeDue(due))
		}
	}
	for k := range l.foreign {
		if touched(c, k) {
			continue
		}
		value, err := trueValue(s, k)
		if err != nil {
			return nil, err
		}
		add([]byte(k), value)
	}
	add([]byte{kindCommit}, next.encode())
	return msgs, nil
}

func touched(c changes, logKey string) bool {
	_, state := c.kv[logKey[1:]]
	_, timer := c.timers[logKey[1:]]
	return logKey[0] == kindState && state || logKey[0] == kindTimer && timer
}

// trueValue is what the store holds under a changelog key, in the changelog's form.
func trueValue(s *store, logKey string) ([]byte, error) {
	if logKey[0] == kindState {
		v, _, err := s.get([]byte(logKey[1:]))
		return v, err
	}
	v, ok, err := s.read(spaced(spaceTimer, []byte(logKey[1:])))
	if err != nil || !ok {
		return nil, err
	}
	return encodeDue(int64(binary.BigEndian.Uint64(v))), nil
}

// appendRetrying tries until the batch is stored or ctx ends. A try that failed may
// have been stored all the same: then the batch stands in the log twice, harmlessly.
func (l *changelog) appendRetrying(ctx context.Context, msgs []broker.Message) (int64, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		at, err := l.client.Append(context.WithoutCancel(ctx), l.at, msgs)
		if err == nil || broker.Permanent(err) {
			return at, err
		}
		select {
		case <-ctx.Done():
			return 0, err
		case <-time.After(wait):
		}
	}
}

// inspect reads what others wrote between this owner's last batch and the one at `at`.
func (l *changelog) inspect(ctx context.Context, at int64) error {
	for l.next < at {
		b, err := l.client.Fetch(ctx, l.at, l.next, broker.FetchOptions{})
		if err != nil {
			return err
		}
		for _, rec := range b.Records {
			if rec.Offset >= at {
				return nil
			}
			l.next = rec.Offset + 1
			epoch, err := epochOf(rec)
			if err != nil {
				return err
			}
			switch {
			case epoch > l.fence.epoch:
				return errFenced
			case epoch < l.fence.epoch && (rec.Key[0] == kindState || rec.Key[0] == kindTimer):
				l.foreign[string(rec.Key)] = struct{}{}
			}
		}
		if len(b.Records) == 0 && b.End <= l.next {
			return nil
		}
	}
	return nil
}

func epochHeaders(epoch int64) []broker.Header {
	return []broker.Header{{Key: epochHeader, Value: binary.AppendVarint(nil, epoch)}}
}

var errNoEpoch = errors.New("a record without an epoch: somebody else writes to this changelog")

func epochOf(rec broker.Record) (int64, error) {
	v := rec.Header(epochHeader)
	epoch, n := binary.Varint(v)
	if n <= 0 || len(rec.Key) == 0 {
		return 0, errNoEpoch
	}
	return epoch, nil
}
