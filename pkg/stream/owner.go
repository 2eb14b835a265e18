package stream

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/retry"
)

// write appends a commit. After nil it is decided: this owner was the owner when the batch landed. errFenced: it was not, and nothing of
// the batch counts. errLost: the log is not what it was, and nothing is known of the batch.
func (l *owned) write(ctx context.Context, c changes, next commit, s *store) error {
	mark := l.fold.Next(l.fence)
	msgs, err := l.messages(c, next, mark, s)
	if err != nil {
		return err
	}
	asked := l.now()
	at, smooth, err := l.append(ctx, msgs)
	if err != nil {
		return err
	}
	if at < l.next {
		return l.lost(at)
	}
	if !smooth || l.now().Sub(l.seen) > proveAfter {
		if err := l.again(ctx); err != nil {
			return err
		}
	}
	if err := l.inspect(ctx, at, mark); err != nil {
		return err
	}
	l.next = at + int64(len(msgs))
	l.last = next
	l.stand, l.seen = place{l.next - 1, string(commitKey), mark}, asked
	l.fold.Wrote(at, changelog.Commit{Mark: mark, Offset: l.next - 1, Value: msgs[len(msgs)-1].Value, Fence: l.fence}, func(yield func(string) bool) {
		for _, m := range msgs {
			if !yield(string(m.Key)) {
				return
			}
		}
	})
	return nil
}

// dirty says that void records stand in the log which no later commit has overwritten: the next commit buries them, and there has to be one.
func (l *owned) dirty() bool { return len(l.fold.Foreign) > 0 }

// meta is what the store is to remember. While something is to be buried it goes on from where it did: who comes next has to find that again.
func (l *owned) meta() *meta {
	m := &l.saved
	if last := l.fold.Last; last.Offset >= 0 && l.fence.Epoch > 0 {
		m.reach, m.inputs = placeOf(last), l.last.inputs
		if !l.dirty() {
			m.resume = last
		}
	}
	if m.resume.Offset < 0 {
		m.resume.Fence = l.fold.Fence
	}
	m.savedMs = time.Now().UnixMilli()
	return m
}

// look reads what others wrote behind this owner's last commit: for an owner that has nothing to write.
func (l *owned) look(ctx context.Context) error {
	asked := l.now()
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
	if err := l.inspect(ctx, span.Next, l.stand.mark); err != nil {
		return err
	}
	l.seen = asked
	return nil
}

// inspect reads what stands between this owner's last batch and end. Records of the commit that is being written are an earlier try of it.
func (l *owned) inspect(ctx context.Context, end int64, writing changelog.Mark) error {
	return l.read(ctx, end, func(rec broker.Record) error {
		counts, err := l.fold.Take(asRecord(rec))
		m := markOf(rec)
		switch {
		case err != nil:
			return err
		case l.fold.Fence != l.fence:
			return errFenced
		case counts && m != (changelog.Mark{}) && m != l.stand.mark && m != writing:
			return fmt.Errorf("%w (%w): a commit of this owner that it does not know", errLost, errLocal)
		}
		return nil
	})
}

// messages are the records of a commit: changes, what is to be buried, and the bookkeeping last.
func (l *owned) messages(c changes, next commit, mark changelog.Mark, s *store) ([]broker.Message, error) {
	headers := markHeaders(mark)
	msgs := make([]broker.Message, 0, len(c.kv)+len(c.timers)+len(l.fold.Foreign)+1)
	add := func(key, value []byte) {
		msgs = append(msgs, broker.Message{Key: key, Value: value, Headers: headers})
	}
	for k, v := range c.kv {
		add(spaced(changelog.KindState, []byte(k)), v)
	}
	for k, due := range c.timers {
		if due == noTimer {
			add(spaced(changelog.KindTimer, []byte(k)), nil)
		} else {
			add(spaced(changelog.KindTimer, []byte(k)), encodeDue(due))
		}
	}
	for k := range l.fold.Foreign {
		if touched(c, k) || k[0] == changelog.KindCommit {
			continue
		}
		value, err := l.trueValue(s, k)
		if err != nil {
			return nil, err
		}
		add([]byte(k), value)
	}
	add(commitKey, next.encode())
	return msgs, nil
}

func touched(c changes, logKey string) bool {
	_, state := c.kv[logKey[1:]]
	_, timer := c.timers[logKey[1:]]
	return logKey[0] == changelog.KindState && state || logKey[0] == changelog.KindTimer && timer
}

// trueValue is what the store holds under a changelog key, in the changelog's form.
func (l *owned) trueValue(s *store, logKey string) ([]byte, error) {
	switch logKey[0] {
	case changelog.KindState:
		v, _, err := s.get([]byte(logKey[1:]))
		return v, err
	case changelog.KindTimer:
		v, ok, err := s.read(spaced(spaceTimer, []byte(logKey[1:])))
		if err != nil || !ok {
			return nil, err
		}
		return encodeDue(int64(binary.BigEndian.Uint64(v))), nil
	}
	return nil, fmt.Errorf("%w: kind %q", changelog.ErrKey, logKey[0])
}

// append tries until the batch is stored or ctx ends. A try that failed may have been stored all the same, now or later: see package
// changelog for what becomes of its copies. smooth says that the first try was told as stored.
func (l *owned) append(ctx context.Context, msgs []broker.Message) (at int64, smooth bool, err error) {
	var pauses retry.Backoff
	for smooth = true; ; smooth = false {
		at, err = l.log.Append(context.WithoutCancel(ctx), msgs)
		if err == nil || !broker.Passing(err) {
			return at, smooth, err
		}
		if l.sleep(ctx, pauses.Next()) != nil {
			return 0, false, err
		}
	}
}

// commitKey is the key of commit records.
var commitKey = []byte{changelog.KindCommit}

func fenceMessage(f changelog.Fence) broker.Message {
	return broker.Message{Key: f.Key(), Value: f.Encode()}
}

func markHeaders(m changelog.Mark) []broker.Header {
	return []broker.Header{{Key: changelog.Header, Value: m.Append(nil)}}
}

func asRecord(rec broker.Record) changelog.Record {
	return changelog.Record{Offset: rec.Offset, Key: rec.Key, Value: rec.Value, Mark: rec.Header(changelog.Header)}
}
