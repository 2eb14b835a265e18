package spool

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// segment is one file of frames, called <number>-<salt>.spool.
type segment struct {
	number, salt uint64
	path         string
	file         *os.File
	src          io.ReaderAt // what frames are read from: file, but in tests
	size         int64       // what is confirmed
	// frames and events that the reader has not advanced over.
	frames, events int64
	// keep says that the disk could not read all of it, or damage in it could not be copied: the file is
	// set aside in the end.
	keep bool
}

const segmentName = "%016d-%016x.spool"

// listSegments finds the segments in dir, oldest first.
func listSegments(dir string) ([]*segment, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.spool"))
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var found []*segment
	for _, path := range paths {
		s := &segment{path: path}
		name := filepath.Base(path)
		if _, err := fmt.Sscanf(name, segmentName, &s.number, &s.salt); err != nil || fmt.Sprintf(segmentName, s.number, s.salt) != name {
			continue // not of this package
		}
		found = append(found, s)
	}
	slices.SortFunc(found, func(a, b *segment) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.salt, b.salt))
	})
	return found, nil
}

// create makes an empty segment whose name outlives a power cut.
func create(dir string, number uint64, sync func(*os.File) error) (*segment, error) {
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	s := &segment{number: number, salt: binary.LittleEndian.Uint64(salt[:])}
	s.path = filepath.Join(dir, fmt.Sprintf(segmentName, s.number, s.salt))
	var err error
	if s.file, err = os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("make a segment: %w", err)
	}
	if err := syncFolder(dir, sync); err != nil {
		return nil, errors.Join(fmt.Errorf("make a segment: %w", err), s.file.Close(), os.Remove(s.path))
	}
	s.src = s.file
	return s, nil
}

// open reads an existing segment once and counts what stands from offset from on, which is
// returned, or 0 when no frame begins or ends there. The torn tail of the newest is cut off.
func (s *segment) open(from int64, newest bool) (int64, error) {
	var err error
	if s.file, err = os.OpenFile(s.path, os.O_RDWR, 0); err != nil {
		return 0, fmt.Errorf("open a segment: %w", err)
	}
	s.src = s.file
	info, err := s.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("open a segment: %w", err)
	}
	s.size = info.Size()
	if err := newer(s.walk(0, s.size, window).view(headerBytes), s.salt, 0); err != nil {
		return 0, errors.Join(fmt.Errorf("open segment %s: %w", filepath.Base(s.path), err), s.file.Close())
	}
	c := s.count(from, newest)
	if !c.boundary {
		from = 0
		c = s.count(from, newest)
	}
	s.frames, s.events = c.frames, c.events
	if c.tail < s.size {
		if err := errors.Join(s.file.Truncate(c.tail), s.file.Sync()); err != nil {
			return 0, fmt.Errorf("cut off the torn tail of %s: %w", filepath.Base(s.path), err)
		}
		s.size = c.tail
	}
	return from, nil
}

// counted is what one pass over a segment found.
type counted struct {
	frames, events int64
	boundary       bool  // a piece begins or ends at from
	tail           int64 // where a torn tail begins, else the size
}

func (s *segment) count(from int64, newest bool) counted {
	c := counted{boundary: from == 0 || from == s.size, tail: s.size}
	w := s.walk(0, s.size, window)
	for {
		p, ok := w.next()
		if !ok {
			return c
		}
		c.boundary = c.boundary || p.at == from
		if p.damaged && p.end == s.size && newest && w.torn(p) {
			c.tail = p.at
			return c
		}
		if p.at < from {
			continue
		}
		c.frames++ // a stretch of damage counts as one, until the reader has passed it
		c.events += max(int64(p.header.messages), 1)
	}
}

func (s *segment) walk(at, end, window int64) *walker {
	return &walker{src: s.src, salt: s.salt, at: at, end: end, window: window}
}

// writeAt writes all of b.
func writeAt(f *os.File, b []byte, at int64) error {
	_, err := f.WriteAt(b, at)
	return err
}

// full marks the errors that mean no room on the disk.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
