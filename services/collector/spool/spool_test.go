package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/embedded/dirlock"
	"github.com/freshet/freshet/pkg/testkit"
)

func TestWhatWasAppendedIsReadInOrder(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, segments(200))
	if !l.Empty() || l.Stats().Bytes != 0 {
		t.Errorf("a new log has %+v", l.Stats())
	}
	put(t, l, numbers(0, 50)...)
	if st := l.Stats(); st.Events != 50 || st.Frames != 50 || time.Since(st.Oldest) > time.Minute || st.Bytes == 0 {
		t.Errorf("stats %+v", st)
	}
	if n := len(files(t, dir, ".spool")); n < 10 {
		t.Errorf("%d segments", n)
	}
	b := l.Read(1)
	if again := l.Read(1); len(b.Messages) != 1 || string(again.Messages[0].Value) != "m000" {
		t.Errorf("the head is %v, then %v", b.Messages, again.Messages)
	}
	if got := drain(l, 100); got != join(numbers(0, 50)) {
		t.Errorf("read %s", got)
	}
	if st := l.Stats(); !l.Empty() || st.Bytes != 0 || st.Events != 0 || !st.Oldest.IsZero() || len(files(t, dir, ".spool")) != 0 {
		t.Errorf("drained: %+v, files %v", st, files(t, dir, ".spool"))
	}
}

func TestMessagesKeepEveryField(t *testing.T) {
	l := open(t, t.TempDir())
	want := []broker.Message{
		{Topic: "a", Key: []byte("k"), Value: []byte("v"), Headers: broker.Headers("h", "1", "h", "2")},
		{Topic: "b", Value: []byte{}},
		{Topic: "c", Key: []byte{}, Headers: []broker.Header{{Key: "nil"}}},
		{},
	}
	if err := l.Append(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, l.Read(1).Messages); diff != "" {
		t.Error(diff)
	}
}

func TestReopenGoesOnWhereTheCursorIs(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, segments(300))
	put(t, l, numbers(0, 20)...)
	for range 7 {
		l.Advance(l.Read(1))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if st := l.Stats(); st.Events != 13 {
		t.Errorf("reopened with %+v", st)
	}
	put(t, l, "new")
	if got := drain(l, 1000); got != join(numbers(7, 20))+" new" {
		t.Errorf("read %s", got)
	}
}

func TestKilledRepeatsAtMostWhatTheCursorDoesNotKnow(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 10)...)
	l.cursorAt = time.Now() // a cursor was just written
	for range 4 {
		l.Advance(l.Read(1))
	}
	l.kill()
	l = open(t, dir)
	if got := drain(l, 1000); got != join(numbers(0, 10)) {
		t.Errorf("without a cursor: read %s", got)
	}
}

func TestCursorIsWrittenAboutOnceASecond(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, numbers(0, 10)...)
	l.Advance(l.Read(1)) // the first writes it
	l.Advance(l.Read(1)) // too soon
	l.kill()
	l = open(t, dir)
	if got := drain(l, 1000); got != join(numbers(1, 10)) {
		t.Errorf("read %s", got)
	}
}

// A cursor that is damaged, cut, of another segment or in the middle of a frame counts as none.
func TestCursorThatPointsNowhere(t *testing.T) {
	for name, spoil := range map[string]func(b []byte) []byte{
		"lost":    func([]byte) []byte { return nil },
		"cut":     func(b []byte) []byte { return b[:10] },
		"damaged": func(b []byte) []byte { b[22] ^= 1; return b },
		"at a frame, with another's checksum": func(b []byte) []byte {
			c, _ := decodeCursor(b)
			c.offset *= 2
			return append(c.encode()[:28], b[28:]...)
		},
		"another segment of that number": func(b []byte) []byte { c, _ := decodeCursor(b); c.salt++; return c.encode() },
		"other segment":                  func([]byte) []byte { return cursor{number: 9, salt: 1, offset: 0}.encode() },
		"inside a frame":                 func(b []byte) []byte { c, _ := decodeCursor(b); c.offset += 3; return c.encode() },
		"past the end":                   func(b []byte) []byte { c, _ := decodeCursor(b); c.offset += 1 << 30; return c.encode() },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			put(t, l, numbers(0, 10)...)
			l.Advance(l.Read(1))
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, cursorName)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, spoil(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := drain(open(t, dir), 1000); got != join(numbers(0, 10)) {
				t.Errorf("read %s", got)
			}
		})
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(Config{Dir: dir, MaxBytes: 1, SegmentBytes: 1}); !errors.Is(err, dirlock.ErrHeld) {
		t.Errorf("a second log on the folder: %v", err)
	}
}

func TestBoundIsKeptAndSpaceComesBack(t *testing.T) {
	l := open(t, t.TempDir(), func(c *Config) { c.MaxBytes, c.SegmentBytes = 1000, 1000 })
	var kept []string
	for i := range 100 {
		name := fmt.Sprint("n", i)
		err := l.Append(t.Context(), []broker.Message{message(name)})
		if err == nil {
			kept = append(kept, name)
		} else if !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	if st := l.Stats(); st.Bytes > 1000 || len(kept) < 5 || len(kept) > 15 {
		t.Errorf("%d kept in %d bytes", len(kept), st.Bytes)
	}
	if err := l.Probe(500); !errors.Is(err, ErrFull) {
		t.Errorf("probe of a full log: %v", err)
	}
	if got := drain(l, 100); got != join(kept) {
		t.Errorf("read %s, want %s", got, join(kept))
	}
	put(t, l, "again")
	if err := l.Probe(500); err != nil {
		t.Errorf("probe: %v", err)
	}
	if err := l.Append(t.Context(), []broker.Message{{Value: make([]byte, 2000)}}); !errors.Is(err, ErrFull) {
		t.Errorf("a frame larger than the bound: %v", err)
	}
}

// What waits while a sync is under way shares the next one.
func TestGroupCommit(t *testing.T) {
	var syncs int
	l := open(t, t.TempDir(), func(c *Config) { c.Synced = func(time.Duration) { syncs++ } })
	gate := make(chan struct{})
	real := l.sync
	l.sync = func(f *os.File) error { <-gate; return real(f) }
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if err := l.Append(t.Context(), []broker.Message{message(fmt.Sprint(i))}); err != nil {
				t.Error(err)
			}
		})
	}
	testkit.Eventually(t, time.Minute, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.queue) != 63 {
			return fmt.Errorf("%d wait behind the first", len(l.queue))
		}
		return nil
	})
	if !l.Empty() {
		t.Error("there is something to read before its sync")
	}
	close(gate)
	wg.Wait()
	if syncs != 2 {
		t.Errorf("64 appends took %d syncs, want 2", syncs)
	}
}

func TestCallerThatHasGone(t *testing.T) {
	l := open(t, t.TempDir())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(gone, []broker.Message{message("gone")}); !errors.Is(err, context.Canceled) {
		t.Errorf("append for nobody: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), []broker.Message{message("late")}); !errors.Is(err, ErrClosed) {
		t.Errorf("append to a closed log: %v", err)
	}
	if err := l.Probe(1); !errors.Is(err, ErrClosed) {
		t.Errorf("probe of a closed log: %v", err)
	}
}

func TestWaitSeesWhatComes(t *testing.T) {
	l := open(t, t.TempDir())
	waited := make(chan error, 1)
	go func() { waited <- l.Wait(t.Context()) }()
	put(t, l, "one")
	if err := <-waited; err != nil {
		t.Error(err)
	}
	drain(l, 100)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("wait on an empty log: %v", err)
	}
}
