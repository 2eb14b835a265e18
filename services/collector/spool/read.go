package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// Batch is what stands at the head of the log.
type Batch struct {
	// Messages of whole frames, in order; none when there is nothing to read.
	Messages []broker.Message

	segment        *segment
	next           int64 // the offset behind it
	frames, events int64
}

// Wait returns nil when there is something to read, or the context's error.
func (l *Log) Wait(ctx context.Context) error {
	for l.Empty() {
		select {
		case <-l.arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Read returns frames from the head, about limit bytes of them and at least one; without an
// Advance it returns the same again. Damage is passed on the way. It does not fail: what the disk cannot
// read is damage.
func (l *Log) Read(limit int) Batch {
	for {
		s, offset, end := l.head()
		if s == nil {
			return Batch{}
		}
		b, damage := l.readFrom(s, offset, end, int64(limit))
		if damage == nil {
			return b
		}
		l.quarantine(s, *damage)
		l.pass(b)
	}
}

// head is the oldest segment with something to read, from offset to end.
func (l *Log) head() (s *segment, offset, end int64) {
	l.mu.Lock()
	gone := l.drained()
	if len(l.segments) > 0 && l.offset < l.segments[0].size {
		s, offset, end = l.segments[0], l.offset, l.segments[0].size
	}
	l.mu.Unlock()
	l.remove(gone)
	return s, offset, end
}

// readFrom takes whole frames up to about limit bytes, or up to damage; damage that stands
// first is returned as such.
func (l *Log) readFrom(s *segment, offset, end, limit int64) (Batch, *piece) {
	b := Batch{segment: s, next: offset}
	w := s.walk(offset, end, limit)
	for b.next-offset < limit {
		p, ok := w.next()
		if !ok {
			break
		}
		msgs, err := p.messages()
		if err != nil {
			if b.frames > 0 {
				break
			}
			s.keep = s.keep || w.unreadable
			b.next, b.frames, b.events = p.end, 1, max(int64(p.header.messages), 1)
			return b, &p
		}
		b.Messages = append(b.Messages, msgs...)
		b.next, b.frames, b.events = p.end, b.frames+1, b.events+int64(len(msgs))
	}
	return b, nil
}

// messages of a frame, or an error when the piece is damage.
func (p piece) messages() ([]broker.Message, error) {
	if p.damaged {
		return nil, errPayload
	}
	return decode(p.payload, p.header.messages)
}

// cursorEvery is how often the reader's place is written.
const cursorEvery = time.Second

// Advance frees what b holds, the last Batch that Read gave.
func (l *Log) Advance(b Batch) {
	l.pass(b)
	if time.Since(l.cursorAt) < cursorEvery {
		return
	}
	l.cursorAt = time.Now()
	if err := l.saveCursor(); err != nil {
		l.cfg.Logger.Warn("note how far the spool was read: a restart now reads events again", "error", err)
	}
}

func (l *Log) pass(b Batch) {
	l.mu.Lock()
	s := b.segment
	l.offset = b.next
	frames, events := min(b.frames, s.frames), min(b.events, s.events)
	if b.next < s.size {
		frames = min(frames, s.frames-1) // more than was counted, when the disk could not read it then
	}
	l.count(s, frames, events)
	gone := l.drained()
	l.mu.Unlock()
	l.remove(gone)
}

// count takes frames and events of s off; l.mu is held.
func (l *Log) count(s *segment, frames, events int64) {
	s.frames, s.events = s.frames-frames, s.events-events
	l.events -= events
	l.frames.Add(-frames)
}

// drained takes the segments that hold nothing more out of the list and returns them; l.mu is held. The
// one that a group is being written to stays.
func (l *Log) drained() []*segment {
	var gone []*segment
	for len(l.segments) > 0 && l.offset >= l.segments[0].size {
		s := l.segments[0]
		l.count(s, s.frames, s.events) // lost in a stretch of damage that counted as one
		if s == l.growing {
			break
		}
		if s == l.active {
			l.active = nil
		}
		l.segments, l.offset = l.segments[1:], 0
		l.bytes -= s.size
		gone = append(gone, s)
	}
	return gone
}

// remove deletes drained segments. One that cannot be deleted is read again after a restart.
func (l *Log) remove(gone []*segment) {
	for _, s := range gone {
		err := s.file.Close()
		if s.keep {
			err = errors.Join(err, os.Rename(s.path, s.path+".damaged"))
		} else {
			err = errors.Join(err, os.Remove(s.path))
		}
		if err != nil {
			l.cfg.Logger.Warn("remove a drained spool segment", "segment", s.path, "error", err)
		}
	}
}

// quarantine copies damaged bytes beside the segment, counts and reports them.
func (l *Log) quarantine(s *segment, p piece) {
	l.damaged.Add(1)
	path := fmt.Sprintf("%s.%d.damaged", s.path, p.at)
	if err := l.copy(path, s, p); err != nil {
		s.keep = true
		l.cfg.Logger.Error("copy damaged bytes out of the spool: the whole segment is kept", "segment", s.path, "error", err)
	}
	l.cfg.Logger.Error("a part of the spool is damaged: its events are lost unless the file can be mended",
		"file", filepath.Base(path), "bytes", p.end-p.at, "events", p.header.messages)
}

// copy keeps the bytes of a piece in a file that outlives a power cut: the segment is deleted next.
func (l *Log) copy(path string, s *segment, p piece) error {
	b := s.walk(p.at, p.end, 0).view(p.end - p.at)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("copy %d bytes to %s: %w", len(b), path, err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = l.sync(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = syncFolder(l.cfg.Dir, l.sync)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("copy %d bytes to %s: %w", len(b), path, err), os.Remove(path))
	}
	return nil
}
