package spool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Of a path that did not exist, each folder's name is made durable in the one above it before the log is used.
func TestFolderOutlivesAPowerCut(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "data", "collector", "spool")
	var synced []string
	record := func(f *os.File) error { synced = append(synced, f.Name()); return nil }
	reopen := func() {
		t.Helper()
		l, err := openSyncing(Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 1 << 20}, record)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	reopen()
	want := []string{filepath.Join(root, "data", "collector"), filepath.Join(root, "data"), root}
	if !slices.Equal(synced, want) {
		t.Errorf("synced %v, want %v", synced, want)
	}
	synced = nil
	if reopen(); len(synced) != 0 {
		t.Errorf("synced %v for a folder that was there", synced)
	}
	_, err := openSyncing(Config{Dir: filepath.Join(root, "other"), MaxBytes: 1, SegmentBytes: 1}, func(*os.File) error { return syscall.EIO })
	if !errors.Is(err, syscall.EIO) {
		t.Errorf("opened in a folder that cannot be made durable: %v", err)
	}
}

// Zeros in place of a tail that the disk cannot read are not what a crash left: cutting them off would destroy what was confirmed.
func TestUnreadableTailIsNotCutOff(t *testing.T) {
	l := open(t, t.TempDir())
	put(t, l, strings.Repeat("a", 1500), strings.Repeat("b", 1500)) // each twice in a frame
	s := l.segments[0]
	for name, from := range map[string]int64{"the last frame": s.size / 2, "its payload": s.size/2 + 500, "everything": 0} {
		w := s.walk(0, s.size, window)
		w.src = unreadable{s.src, from, s.size}
		var last piece
		for p, ok := w.next(); ok; p, ok = w.next() {
			last = p
		}
		if !last.damaged || last.end != s.size || w.torn(last) {
			t.Errorf("%s cannot be read: damaged %v, torn %v", name, last.damaged, w.torn(last))
		}
	}
}

// What the disk could not tell apart when the log was opened counts as one frame; when it can be read in the end,
// the log is not empty before all of it has been.
func TestMoreThanWasCounted(t *testing.T) {
	l := open(t, t.TempDir())
	put(t, l, numbers(0, 4)...)
	l.segments[0].frames, l.segments[0].events, l.events = 1, 1, 1
	l.frames.Store(1)
	var got []string
	for !l.Empty() {
		b := l.Read(1)
		got = append(got, string(b.Messages[0].Value))
		l.Advance(b)
	}
	if st := l.Stats(); join(got) != join(numbers(0, 4)) || st.Bytes != 0 || st.Events != 0 || st.Frames != 0 {
		t.Errorf("read %v, then %+v", got, st)
	}
}

// Damaged bytes are durable in their own file before the segment that they stood in is deleted.
func TestDamagedBytesAreSyncedBeforeTheSegmentGoes(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 2)...)
	l.kill()
	edit(t, dir, func(b []byte) []byte { b[2] ^= 1; return b })
	l = open(t, dir)
	path := l.segments[0].path
	var synced []string
	real := l.sync
	l.sync = func(f *os.File) error {
		if _, err := os.Stat(path); err == nil {
			synced = append(synced, f.Name())
		}
		return real(f)
	}
	drain(l, 1000)
	if want := []string{path + ".0.damaged", dir}; len(synced) < 2 || !slices.Equal(synced[:2], want) {
		t.Errorf("synced %v while the segment was there, want %v first", synced, want)
	}
}

// What stands in for the disk in the tests above is what it says: the system's own sync, whose errors are told.
func TestDatasyncTellsErrors(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := datasync(w); err == nil {
		t.Error("a pipe was synced")
	}
}

// A frame counts only where it was written: one that is copied elsewhere in its segment, as a disk that mixes up its
// blocks would, is damage.
func TestFrameElsewhereInItsSegmentIsNoFrame(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 3)...)
	l.kill()
	edit(t, dir, func(b []byte) []byte {
		size := len(b) / 3
		copy(b[size:], b[:size])
		return b
	})
	l = open(t, dir)
	if got := drain(l, 1000); got != "m000 m002" || l.Stats().DamagedFrames != 1 {
		t.Errorf("read %s, %d damaged", got, l.Stats().DamagedFrames)
	}
}

// A segment that ends too early and is not the newest has lost what was confirmed: that is damage, which is told.
func TestCutSegmentBeforeTheNewestIsDamage(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, segments(1)) // a frame each
	put(t, l, numbers(0, 3)...)
	l.kill()
	first := files(t, dir, ".spool")[0]
	info, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(first, info.Size()-5); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if got := drain(l, 1000); got != "m001 m002" || l.Stats().DamagedFrames != 1 || len(files(t, dir, ".damaged")) != 1 {
		t.Errorf("read %s, %d damaged, kept %v", got, l.Stats().DamagedFrames, files(t, dir, ".damaged"))
	}
}

// A segment that the disk could not read in one place is set aside whole: it may be readable elsewhere.
func TestUnreadableSegmentIsKept(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, strings.Repeat("a", 5000), "b")
	s := l.segments[0]
	s.src = unreadable{s.src, pageBytes, 2 * pageBytes}
	if got := drain(l, 1000); got != "b" {
		t.Errorf("read %.20s", got)
	}
	if kept, err := os.Stat(s.path + ".damaged"); err != nil || kept.Size() < 10_000 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

// The cursor's bytes are on disk before its name points to them, or a power cut leaves a cursor of zeros.
func TestCursorIsSyncedBeforeItsName(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 3)...)
	real, synced := l.sync, ""
	l.sync = func(f *os.File) error {
		b, err := os.ReadFile(f.Name())
		if _, ok := decodeCursor(b); err == nil && ok {
			synced = f.Name()
		}
		return real(f)
	}
	l.Advance(l.Read(1))
	path := filepath.Join(dir, cursorName)
	if _, err := os.Stat(path); err != nil || synced == "" || synced == path {
		t.Errorf("synced %q, then the cursor is there: %v", synced, err)
	}
	l.cursorAt = time.Time{}
	l.sync = func(*os.File) error { return syscall.EIO }
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Read(1))
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("a cursor that could not be synced took the other's place: %v", err)
	}
}

// A drained segment that could not be deleted, or that a power cut brought back, is not read again when the cursor is behind it.
func TestDrainedSegmentThatComesBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, segments(1)) // a frame each
	put(t, l, numbers(0, 4)...)
	paths := files(t, dir, ".spool")
	old, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Read(1))
	l.Read(1) // leaves the first segment
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(paths[0], old, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := drain(open(t, dir), 1000); got != "m001 m002 m003" {
		t.Errorf("read %s", got)
	}
	if left := files(t, dir, ".spool"); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}
