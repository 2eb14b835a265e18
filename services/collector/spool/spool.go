// Package spool keeps Kafka messages on local disk until a broker has them: a bounded
// log of frames, one per Append, read from its head and freed by Advance. It knows
// nothing of brokers and does not retry.
//
// Guarantee: Append returns nil only after the frame is written and fdatasynced, and the
// folder, too, when a segment is new. Confirmed frames are read in the order of their
// confirmation, each at least once, also after kill -9 or a power cut.
//
// How: one committer at a time writes all that has gathered, with one write and one sync,
// into segments of about SegmentBytes. A frame's header and payload have a CRC32C each;
// the header's also covers the segment's random salt (from the file's name) and the frame's
// offset, so that a frame counts only where it was written: nobody can plant one inside an
// event. The cursor file says how far the reader was, about a second ago at most.
//
// Failure cases:
//   - A write or sync fails: everybody in the group gets the error, the segment ends at its
//     last confirmed byte, the next group begins a new one. A failed sync is never tried again.
//   - No room, by MaxBytes or by the disk: ErrFull.
//   - A torn tail of the newest segment is cut off at Open: it was never confirmed.
//   - Damage elsewhere: the intact frames before and after are read; the damaged bytes are copied to
//     a .damaged file, counted and logged, when the reader passes them.
//   - The cursor is old, damaged or lost: events are read again. Who reads must drop by message id.
//   - A segment of a newer release (TestASegmentOfANewerReleaseIsLeftAlone), or a second process on the folder: Open fails.
//
// Invariants: a segment's size in memory is what is confirmed, and the reader never passes it;
// segments are in the order of their numbers; Frames is 0 exactly when there is nothing to read.
package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// ErrFull says that MaxBytes, or the disk, leaves no room for the messages. Nothing of them is kept.
var ErrFull = errors.New("the spool is full")

// ErrClosed says that the log was closed before it could take the messages.
var ErrClosed = errors.New("the spool is closed")

// Config says where a log is and what it may take.
type Config struct {
	// Dir is the log's own folder; made when missing.
	Dir string
	// MaxBytes bounds the segment files together. Above 0.
	MaxBytes int64
	// SegmentBytes is about how large one file gets; space comes back a file at a time. Above 0; more than
	// a quarter of MaxBytes counts as that quarter.
	SegmentBytes int64
	// Logger hears of damage and of files that could not be handled. Nil means nobody.
	Logger *slog.Logger
	// Synced is told how long each write with its sync took, in the order they happen. Nil means nobody.
	Synced func(time.Duration)
}

// Log is an open spool. Append, Stats, Empty, Room and Probe are safe for concurrent use; Wait,
// Read and Advance belong to one reader, which has stopped before Close.
type Log struct {
	cfg  Config
	lock *dirlock.Lock

	frames  atomic.Int64  // confirmed and not yet advanced over
	damaged atomic.Int64  // frames passed that could not be read
	arrived chan struct{} // has a token when something was confirmed since the reader last looked

	mu         sync.Mutex
	quiet      *sync.Cond // signalled when a committer ends
	queue      []*entry
	committing bool
	closed     bool
	segments   []*segment // oldest first; the reader is in the first
	active     *segment   // the last one while it may grow; nil: the next group begins a new one
	growing    *segment   // the one that a group is being written to now
	number     uint64     // of the newest segment
	offset     int64      // the reader's, in segments[0]
	bytes      int64      // of all segments
	events     int64      // confirmed and not yet advanced over

	buf      []byte    // the committer's
	cursorAt time.Time // the reader's: when the cursor was last written

	// The two ways a disk can fail, for tests to stand in for.
	write func(f *os.File, b []byte, at int64) error
	sync  func(f *os.File) error
}

// Open opens the log in cfg.Dir, or makes it, and reads it once from end to end. A folder that
// another process has open is an error that wraps dirlock.ErrHeld.
func Open(cfg Config) (*Log, error) { return openSyncing(cfg, datasync) }

func openSyncing(cfg Config, flush func(*os.File) error) (*Log, error) {
	if cfg.MaxBytes <= 0 || cfg.SegmentBytes <= 0 {
		return nil, fmt.Errorf("open spool %s: max_bytes and segment_bytes must be above 0", cfg.Dir)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.SegmentBytes = min(cfg.SegmentBytes, max(cfg.MaxBytes/4, 1))
	err := makeFolder(cfg.Dir, flush)
	var lock *dirlock.Lock
	if err == nil {
		lock, err = dirlock.Acquire(cfg.Dir, "lock")
	}
	switch {
	case errors.Is(err, dirlock.ErrHeld):
		return nil, fmt.Errorf("open spool: %w: give each collector a spool.dir of its own", err)
	case err != nil:
		return nil, fmt.Errorf("open spool: %w: set spool.dir to a folder that the collector may write to", err)
	}
	l := &Log{cfg: cfg, lock: lock, arrived: make(chan struct{}, 1), write: writeAt, sync: flush}
	l.quiet = sync.NewCond(&l.mu)
	if err := l.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", cfg.Dir, err), l.release())
	}
	if l.frames.Load() > 0 {
		l.arrived <- struct{}{}
	}
	return l, nil
}

// load finds the segments and the reader's place in them.
func (l *Log) load() error {
	found, err := listSegments(l.cfg.Dir)
	if err != nil {
		return err
	}
	at, known := loadCursor(l.cfg.Dir, found)
	for i, s := range found {
		if l.number = s.number; known && s.number < at.number {
			if err := os.Remove(s.path); err != nil {
				return fmt.Errorf("remove a drained segment: %w", err)
			}
			continue
		}
		var from int64
		if known && s.number == at.number {
			from = at.offset
		}
		from, err := s.open(from, i == len(found)-1)
		if err != nil {
			return err
		}
		if len(l.segments) == 0 {
			l.offset = from
		}
		l.segments = append(l.segments, s)
		l.bytes, l.events = l.bytes+s.size, l.events+s.events
		l.frames.Add(s.frames)
	}
	l.remove(l.drained())
	return nil
}

// Close waits for the group under way, notes the reader's place and gives the folder back.
// Appends that come later fail with ErrClosed.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	for l.committing {
		l.quiet.Wait()
	}
	gone := l.drained()
	l.mu.Unlock()
	l.remove(gone)
	return errors.Join(l.saveCursor(), l.release())
}

// release closes every file.
func (l *Log) release() error {
	var errs []error
	for _, s := range l.segments {
		if s.file != nil {
			errs = append(errs, s.file.Close())
		}
	}
	return errors.Join(append(errs, l.lock.Close())...)
}

// Empty is whether there is nothing to read. It is one atomic load.
func (l *Log) Empty() bool { return l.frames.Load() == 0 }

// Room is how many bytes of frames still fit, as far as MaxBytes goes.
func (l *Log) Room() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg.MaxBytes - l.bytes
}

// Stats is the state of a log at one moment.
type Stats struct {
	// Bytes of all segment files, of Capacity.
	Bytes, Capacity int64
	// Frames and Events (messages) that wait to be read and advanced over.
	Frames, Events int64
	// Oldest is when the frame at the head was appended; zero when there is none.
	Oldest time.Time
	// DamagedFrames counts, since Open, frames that could not be read; a stretch in which not even headers can be
	// told apart counts as one.
	DamagedFrames int64
}

// Stats reads the state; it reads one frame's header from disk.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	st := Stats{Bytes: l.bytes, Capacity: l.cfg.MaxBytes, Frames: l.frames.Load(), Events: l.events, DamagedFrames: l.damaged.Load()}
	if st.Frames == 0 || l.closed {
		l.mu.Unlock()
		return st
	}
	s, offset := l.segments[0], l.offset
	if offset == s.size && len(l.segments) > 1 { // drained while its last group was being written
		s, offset = l.segments[1], 0
	}
	l.mu.Unlock() // a disk that hangs holds up who looks, and no Append
	var b [headerBytes]byte
	if _, err := s.file.ReadAt(b[:], offset); err == nil {
		if h, ok := readHeader(b[:], s.salt, offset); ok {
			st.Oldest = time.UnixMilli(h.createdMS)
		}
	}
	return st
}

// Probe finds out by a real write and sync of n bytes beside the segments whether an
// Append of that size can work. Nil says yes.
func (l *Log) Probe(n int) error {
	if l.isClosed() {
		return ErrClosed
	}
	if room := l.Room(); room < int64(n) {
		return fmt.Errorf("%w: %d bytes of %d are left", ErrFull, max(room, 0), l.cfg.MaxBytes)
	}
	f, err := os.OpenFile(filepath.Join(l.cfg.Dir, "probe"), os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return full(fmt.Errorf("probe the spool: %w", err))
	}
	err = l.write(f, make([]byte, n), 0)
	if err == nil {
		err = l.sync(f)
	}
	if err = errors.Join(err, f.Truncate(0), f.Close()); err != nil {
		return full(fmt.Errorf("probe the spool: %w", err))
	}
	return nil
}

func (l *Log) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
