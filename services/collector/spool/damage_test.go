package spool

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
)

// A failed write or sync is an error for everybody in the group and the end of the segment; the next append
// works again, and what was confirmed before and after is read.
func TestDiskErrorIsNeverConfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(l *Log)
		full bool
	}{
		"write, EIO":    {fail: func(l *Log) { l.write = func(*os.File, []byte, int64) error { return syscall.EIO } }},
		"write, ENOSPC": {fail: func(l *Log) { l.write = half }, full: true},
		"sync, EIO":     {fail: func(l *Log) { l.sync = func(*os.File) error { return syscall.EIO } }},
		"sync, ENOSPC":  {fail: func(l *Log) { l.sync = func(*os.File) error { return syscall.ENOSPC } }, full: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			put(t, l, "before")
			write, sync := l.write, l.sync
			for range 3 {
				c.fail(l)
				err := l.Append(t.Context(), []broker.Message{message("lost")})
				if err == nil || errors.Is(err, ErrFull) != c.full {
					t.Fatalf("append on a broken disk: %v", err)
				}
				if err := l.Probe(100); err == nil || errors.Is(err, ErrFull) != c.full {
					t.Errorf("probe of a broken disk: %v", err)
				}
				l.write, l.sync = write, sync
			}
			put(t, l, "after")
			if n := len(files(t, dir, ".spool")); n != 2 {
				t.Errorf("%d segments, want the sealed one and a fresh one", n)
			}
			l.kill()
			if got := drain(open(t, dir), 1000); got != "before after" {
				t.Errorf("read %s", got)
			}
		})
	}
}

// half writes one half, as a disk that fills up does.
func half(f *os.File, b []byte, at int64) error {
	_, _ = f.WriteAt(b[:len(b)/2], at)
	return syscall.ENOSPC
}

// The portable full disk: the system refuses to let the file grow.
func TestFileSizeLimitIsFull(t *testing.T) {
	l := open(t, t.TempDir())
	put(t, l, "before")
	l.write = func(*os.File, []byte, int64) error { return &os.PathError{Op: "write", Err: syscall.EFBIG} }
	if err := l.Append(t.Context(), []broker.Message{message("x")}); !errors.Is(err, ErrFull) {
		t.Errorf("past the limit: %v", err)
	}
}

func TestTornTailIsCutOff(t *testing.T) {
	for name, tear := range map[string]func([]byte) []byte{
		"half a frame":   func(b []byte) []byte { return append(b, b[:len(b)/5]...) },
		"half a header":  func(b []byte) []byte { return append(b, b[:9]...) },
		"zeros":          func(b []byte) []byte { return append(b, make([]byte, 5000)...) },
		"last frame cut": func(b []byte) []byte { return b[:len(b)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			put(t, l, numbers(0, 4)...)
			size := l.Stats().Bytes
			l.kill()
			if name == "half a frame" { // what a crash leaves: the header knows its place
				tear = func(b []byte) []byte {
					frame := bytes.Clone(b[size*3/4:])
					h := header{length: uint32(len(frame) - headerBytes), messages: 1}
					h.put(frame, salt(t, dir), size)
					return append(b, frame[:len(frame)-2]...)
				}
			}
			edit(t, dir, tear)
			l = open(t, dir)
			want := numbers(0, 4)
			if name == "last frame cut" {
				want = numbers(0, 3)
			}
			if st := l.Stats(); st.Bytes != size*int64(len(want))/4 || st.Events != int64(len(want)) {
				t.Errorf("cut to %+v, want %d bytes", st, size)
			}
			if got := drain(l, 1000); got != join(want) || l.Stats().DamagedFrames != 0 || len(files(t, dir, ".damaged")) != 0 {
				t.Errorf("read %s, %d damaged", got, l.Stats().DamagedFrames)
			}
		})
	}
}

func salt(t *testing.T, dir string) uint64 {
	t.Helper()
	found, err := listSegments(dir)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0].salt
}

// A flipped bit costs the frame it is in and no other, wherever it is; the bytes are kept.
func TestFlippedBitCostsOneFrame(t *testing.T) {
	for name, flip := range map[string]int{"magic": 0, "length": 4, "time": 13, "header sum": 25, "payload": headerBytes + 3} {
		for frame, want := range []string{"m001 m002 m003", "m000 m002 m003", "m000 m001 m003", "m000 m001 m002"} {
			dir := t.TempDir()
			l := open(t, dir)
			put(t, l, numbers(0, 4)...)
			l.kill()
			var was []byte
			edit(t, dir, func(b []byte) []byte {
				size := len(b) / 4
				b[frame*size+flip] ^= 0x10
				was = bytes.Clone(b[frame*size : (frame+1)*size])
				return b
			})
			l = open(t, dir)
			if st := l.Stats(); st.Events != 4 {
				t.Errorf("%s of frame %d: opened with %+v", name, frame, st)
			}
			if got := drain(l, 1000); got != want {
				t.Errorf("%s of frame %d: read %s, want %s", name, frame, got, want)
			}
			st := l.Stats()
			if st.DamagedFrames != 1 || !l.Empty() || st.Events != 0 || st.Bytes != 0 {
				t.Errorf("%s of frame %d: in the end %+v", name, frame, st)
			}
			kept := files(t, dir, ".damaged")
			if len(kept) != 1 {
				t.Fatalf("%s of frame %d: kept %v", name, frame, kept)
			}
			if b, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(b, was) {
				t.Errorf("%s of frame %d: kept %d bytes, %v", name, frame, len(b), err)
			}
		}
	}
}

// Damage that comes up while the log is open, in the segment that grows: the count of what waits comes to 0.
func TestDamageUnderTheReader(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 6)...)
	edit(t, dir, func(b []byte) []byte {
		size := len(b) / 6
		clear(b[size : 3*size]) // two frames that nobody can tell apart
		return b
	})
	put(t, l, "new")
	if got := drain(l, 10_000); got != "m000 m003 m004 m005 new" || !l.Empty() || l.Stats().DamagedFrames != 1 {
		t.Errorf("read %s, then %+v", got, l.Stats())
	}
}

// A frame inside an event's value is not taken for one of the log's, also when the frame around it is damaged.
func TestFrameInsideAnEventIsNoFrame(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	inner, err := encode([]broker.Message{message("planted")})
	if err != nil {
		t.Fatal(err)
	}
	outer, err := encode([]broker.Message{{Topic: "t", Value: inner}})
	if err != nil {
		t.Fatal(err)
	}
	// All is right about it but the salt, which nobody outside knows.
	at := int64(bytes.Index(outer, inner))
	header{length: uint32(len(inner) - headerBytes), messages: 1, sum: sumOf(inner)}.put(inner, 0, at)
	if err := l.Append(t.Context(), []broker.Message{{Topic: "t", Value: inner}}); err != nil {
		t.Fatal(err)
	}
	put(t, l, "after")
	l.kill()
	edit(t, dir, func(b []byte) []byte { b[5] ^= 1; return b })
	if got := drain(open(t, dir), 1000); got != "after" {
		t.Errorf("read %s", got)
	}
}

// unreadable is a disk that fails on one page.
type unreadable struct {
	io.ReaderAt
	from, to int64
}

func (u unreadable) ReadAt(b []byte, at int64) (int, error) {
	if at < u.to && at+int64(len(b)) > u.from {
		return 0, syscall.EIO
	}
	return u.ReaderAt.ReadAt(b, at)
}

func TestUnreadablePageCostsItsFrames(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	names := []string{strings.Repeat("a", 1500), strings.Repeat("b", 1500), strings.Repeat("c", 1500), "d"} // each twice in a frame
	put(t, l, names...)
	s := l.segments[0]
	w := s.walk(0, s.size, window)
	w.src = unreadable{s.src, pageBytes, 2 * pageBytes}
	var got []string
	for p, ok := w.next(); ok; p, ok = w.next() {
		if msgs, err := p.messages(); err == nil {
			got = append(got, string(msgs[0].Value[:1]))
		}
	}
	if join(got) != "a d" || !w.unreadable {
		t.Errorf("read %v", got)
	}
}

// When damage cannot be copied (a full disk) the whole segment stays.
func TestDamageThatCannotBeCopiedKeepsTheSegment(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 3)...)
	l.kill()
	edit(t, dir, func(b []byte) []byte { b[2] ^= 1; return b })
	l = open(t, dir)
	if err := os.Mkdir(l.segments[0].path+".0.damaged", 0o700); err != nil { // in the copy's way
		t.Fatal(err)
	}
	path := l.segments[0].path
	if got := drain(l, 1000); got != "m001 m002" {
		t.Errorf("read %s", got)
	}
	if _, err := os.Stat(path + ".damaged"); err != nil {
		t.Error(err)
	}
}

// A file whose name is not on disk is gone after a power cut, with all that was synced into it.
func TestNewSegmentIsNotUsedUntilItsFolderIsSynced(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	sync := l.sync
	l.sync = func(f *os.File) error {
		if info, err := f.Stat(); err != nil || info.IsDir() {
			return errors.Join(err, syscall.EIO)
		}
		return sync(f)
	}
	if err := l.Append(t.Context(), []broker.Message{message("lost")}); !errors.Is(err, syscall.EIO) {
		t.Fatalf("append into a folder that cannot be synced: %v", err)
	}
	if n := len(files(t, dir, ".spool")); n != 0 {
		t.Errorf("%d segments are left", n)
	}
	l.sync = sync
	put(t, l, "after")
	l.kill()
	if got := drain(open(t, dir), 1000); got != "after" {
		t.Errorf("read %s", got)
	}
}
