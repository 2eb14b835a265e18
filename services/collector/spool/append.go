package spool

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// groupBytes is about how much one group writes: what came later waits for the next.
const groupBytes = 8 << 20

// entry is one Append that waits for its group.
type entry struct {
	ctx      context.Context
	frame    []byte // with space for its header
	header   header
	messages int64
	done     chan error
}

// Append keeps the messages as one frame and returns nil once they are safe from a crash. ErrFull means no
// room. When ctx ends first its error is returned, and the messages may be kept all the same. Any
// other error is the disk's; then, too, they may be read after a restart.
func (l *Log) Append(ctx context.Context, msgs []broker.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	frame, err := encode(msgs)
	if err != nil {
		return err
	}
	e := &entry{ctx: ctx, frame: frame, messages: int64(len(msgs)), done: make(chan error, 1)}
	e.header = header{
		length: uint32(len(frame) - headerBytes), messages: uint32(len(msgs)),
		createdMS: time.Now().UnixMilli(), sum: sumOf(frame),
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.queue = append(l.queue, e)
	if !l.committing {
		l.committing = true
		go l.commit()
	}
	l.mu.Unlock()
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		l.forget(e)
		return ctx.Err()
	}
}

// forget takes an entry whose caller has gone out of the queue: while a disk hangs, callers come and go, and what
// they leave behind would fill the memory.
func (l *Log) forget(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.queue, e); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	}
}

// commit writes group after group until nothing waits.
func (l *Log) commit() {
	for {
		group, gone := l.take()
		l.remove(gone)
		if group == nil {
			return
		}
		err := l.store(group)
		for _, e := range group {
			e.done <- err
		}
	}
}

// take removes the next group from the queue; nil, and the committer ends, when there is none.
// Whose caller has gone is left out; whom the bound leaves no room is told so.
func (l *Log) take() (group []*entry, gone []*segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone = l.drained()
	var size int64
	for len(l.queue) > 0 && (len(group) == 0 || size < groupBytes) {
		e := l.queue[0]
		l.queue[0], l.queue = nil, l.queue[1:]
		n := int64(len(e.frame))
		switch left := l.cfg.MaxBytes - l.bytes - size; {
		case e.ctx.Err() != nil:
			e.done <- e.ctx.Err()
		case n > left:
			e.done <- fmt.Errorf("%w: %d bytes do not fit into the %d left of %d", ErrFull, n, max(left, 0), l.cfg.MaxBytes)
		default:
			group, size = append(group, e), size+n
		}
	}
	if len(group) == 0 {
		l.committing = false
		l.quiet.Broadcast()
	}
	return group, gone
}

// store writes a group with one write and one sync.
func (l *Log) store(group []*entry) error {
	begun := time.Now()
	s, err := l.writable()
	if err != nil {
		return full(err)
	}
	b, messages := l.join(group, s)
	err = l.write(s.file, b, s.size)
	if err == nil {
		err = l.sync(s.file)
	}
	if err == nil {
		_, err = os.Stat(s.path) // a deleted file can be written and synced as before, and is gone with the process
	}
	if err != nil {
		l.seal(s)
		return full(fmt.Errorf("write %d messages to the spool: %w", messages, err))
	}
	if l.cfg.Synced != nil {
		l.cfg.Synced(time.Since(begun))
	}
	l.mu.Lock()
	l.growing = nil
	s.size += int64(len(b))
	s.frames, s.events = s.frames+int64(len(group)), s.events+messages
	l.bytes, l.events = l.bytes+int64(len(b)), l.events+messages
	l.frames.Add(int64(len(group)))
	l.mu.Unlock()
	select {
	case l.arrived <- struct{}{}:
	default:
	}
	return nil
}

// join puts the frames of a group behind one another, each with the header of its place in s.
func (l *Log) join(group []*entry, s *segment) (b []byte, messages int64) {
	at := s.size
	for _, e := range group {
		e.header.put(e.frame, s.salt, at)
		at, messages = at+int64(len(e.frame)), messages+e.messages
	}
	if len(group) == 1 {
		return group[0].frame, messages
	}
	l.buf = l.buf[:0]
	for _, e := range group {
		l.buf = append(l.buf, e.frame...)
	}
	b = l.buf
	if cap(l.buf) > 2*groupBytes {
		l.buf = nil
	}
	return b, messages
}

// writable is the segment that grows: a new one when there is none or it is large enough.
func (l *Log) writable() (*segment, error) {
	l.mu.Lock()
	if s := l.active; s != nil && s.size < l.cfg.SegmentBytes {
		l.growing = s
		l.mu.Unlock()
		return s, nil
	}
	l.number++ // also when making it fails: its file may be left
	number := l.number
	l.mu.Unlock()
	s, err := create(l.cfg.Dir, number, l.sync)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.active, l.growing = s, s
	l.segments = append(l.segments, s)
	l.mu.Unlock()
	return s, nil
}

// seal ends a segment at its last confirmed byte: after a failed write or sync nobody knows
// what the disk has of the rest.
func (l *Log) seal(s *segment) {
	// When this fails as well, the reader stops at size all the same, and whoever opens the folder next
	// finds frames that were never confirmed, which their senders repeat.
	if err := s.file.Truncate(s.size); err != nil {
		l.cfg.Logger.Warn("cut a spool segment back to its confirmed end", "segment", s.path, "error", err)
	}
	l.mu.Lock()
	l.active, l.growing = nil, nil
	gone := l.drained()
	if n := len(l.segments); n > 0 && l.segments[n-1] == s && s.size == 0 {
		l.segments, gone = l.segments[:n-1], append(gone, s)
	}
	l.mu.Unlock()
	l.remove(gone)
}
