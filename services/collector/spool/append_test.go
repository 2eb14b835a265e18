package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/embedded/dirlock"
	"github.com/freshet/freshet/pkg/testkit"
)

// hang has the log's disk hang in every sync of a segment, until release is called; hangs gets a token for each.
func hang(l *Log) (hangs <-chan struct{}, release func()) {
	entered, gate, real := make(chan struct{}, 100), make(chan struct{}), l.sync
	l.sync = func(f *os.File) error {
		if filepath.Ext(f.Name()) == ".spool" {
			entered <- struct{}{}
			<-gate
		}
		return real(f)
	}
	return entered, sync.OnceFunc(func() { close(gate) })
}

// waiting is an error until n appends are in the queue, behind the group that is being written.
func (l *Log) waiting(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.committing || len(l.queue) != n {
		return fmt.Errorf("%d wait, want %d", len(l.queue), n)
	}
	return nil
}

// While a disk hangs, clients give up and come again: what they leave behind must not fill the memory, nor the disk afterwards.
func TestCallersThatGaveUpLeaveNothingBehind(t *testing.T) {
	l := open(t, t.TempDir())
	hangs, release := hang(l)
	defer release()
	first := make(chan error, 1)
	go func() { first <- l.Append(t.Context(), []broker.Message{message("first")}) }()
	<-hangs
	patience, giveUp := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := l.Append(patience, []broker.Message{message(fmt.Sprint("gone", i))}); !errors.Is(err, context.Canceled) {
				t.Errorf("a caller that gave up was told %v", err)
			}
		})
	}
	stayed := make(chan error, 1)
	go func() { stayed <- l.Append(t.Context(), []broker.Message{message("stayed")}) }()
	testkit.Eventually(t, time.Minute, func() error { return l.waiting(51) })
	giveUp()
	wg.Wait()
	if err := l.waiting(1); err != nil {
		t.Errorf("after fifty have gone: %v", err)
	}
	release()
	if err := errors.Join(<-first, <-stayed); err != nil {
		t.Error(err)
	}
	if got := drain(l, 1000); got != "first stayed" {
		t.Errorf("read %s", got)
	}
}

// What is being written is not confirmed: nobody sees it, and nobody waits for it.
func TestWhatIsBeingWrittenIsNotThere(t *testing.T) {
	l := open(t, t.TempDir())
	put(t, l, "before")
	hangs, release := hang(l)
	defer release()
	done := make(chan error, 1)
	go func() { done <- l.Append(t.Context(), []broker.Message{message("first")}) }()
	<-hangs
	if st := l.Stats(); st.Events != 1 || st.Oldest.IsZero() || l.Empty() {
		t.Errorf("in mid sync: %+v", st)
	}
	if b := l.Read(1000); len(b.Messages) != 1 {
		t.Errorf("read %d messages, of which one is confirmed", len(b.Messages))
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A deleted file takes writes and syncs as before; what is in it is gone when the process is.
func TestDeletedSegmentConfirmsNothing(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"its folder": os.RemoveAll,
		"the file":   func(dir string) error { return os.Remove(files(t, dir, ".spool")[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "spool")
			l := open(t, dir)
			put(t, l, "before")
			if err := remove(dir); err != nil {
				t.Fatal(err)
			}
			if err := l.Append(t.Context(), []broker.Message{message("lost")}); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("append to a deleted file: %v", err)
			}
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			put(t, l, "after")
			if got := drain(l, 1000); got != "before after" { // the open file is still readable
				t.Errorf("read %s", got)
			}
		})
	}
}

// The number of a segment that could not be made is not used again: its file may be left.
func TestNumberIsUsedOnce(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	real := l.sync
	l.sync = func(*os.File) error { return syscall.EIO }
	if err := l.Append(t.Context(), []broker.Message{message("lost")}); err == nil {
		t.Fatal("appended on a broken disk")
	}
	l.sync = real
	put(t, l, "one")
	if found, err := listSegments(dir); err != nil || len(found) != 1 || found[0].number != 2 {
		t.Errorf("segments %v, %v", found, err)
	}
}

// The bound holds for a group as a whole: what its first frames leave is what the others get.
func TestBoundHoldsWithinAGroup(t *testing.T) {
	l := open(t, t.TempDir(), func(c *Config) { c.MaxBytes, c.SegmentBytes = 1000, 1000 })
	hangs, release := hang(l)
	defer release()
	answers := make(chan error, 21)
	appended := func() { answers <- l.Append(t.Context(), []broker.Message{message("m")}) }
	go appended()
	<-hangs
	for range 20 {
		go appended()
	}
	testkit.Eventually(t, time.Minute, func() error { return l.waiting(20) })
	release()
	kept := 0
	for range 21 {
		switch err := <-answers; {
		case err == nil:
			kept++
		case !errors.Is(err, ErrFull):
			t.Error(err)
		}
	}
	if st := l.Stats(); st.Bytes > st.Capacity || st.Events != int64(kept) || kept < 5 || kept > 15 {
		t.Errorf("%d kept, %+v", kept, st)
	}
}

// Close waits for the group that is being written: its callers are told the truth, and the folder is not another's before.
func TestCloseWaitsForTheGroup(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, "before")
	hangs, release := hang(l)
	defer release()
	appended, closed := make(chan error, 1), make(chan error, 1)
	go func() { appended <- l.Append(t.Context(), []broker.Message{message("in hand")}) }()
	<-hangs
	go func() { closed <- l.Close() }()
	testkit.Eventually(t, time.Minute, func() error {
		if !l.isClosed() {
			return errors.New("not closed yet")
		}
		return nil
	})
	for range 100 {
		if other, err := Open(Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 1 << 20}); !errors.Is(err, dirlock.ErrHeld) {
			t.Cleanup(func() { _ = other.Close() })
			t.Fatalf("the folder was free with a group in hand: %v", err)
		}
	}
	release()
	if err := errors.Join(<-appended, <-closed); err != nil {
		t.Fatal(err)
	}
	if got := drain(open(t, dir), 1000); got != "before in hand" {
		t.Errorf("read %s", got)
	}
}

// However much waits, one write takes about groupBytes, and so much memory.
func TestGroupIsBounded(t *testing.T) {
	syncs := 0
	l := open(t, t.TempDir(), func(c *Config) { c.Synced = func(time.Duration) { syncs++ } })
	hangs, release := hang(l)
	defer release()
	large := []broker.Message{{Topic: "t", Value: make([]byte, groupBytes/2)}}
	var wg sync.WaitGroup
	appended := func() {
		if err := l.Append(t.Context(), large); err != nil {
			t.Error(err)
		}
	}
	wg.Go(appended)
	<-hangs
	for range 4 {
		wg.Go(appended)
	}
	testkit.Eventually(t, time.Minute, func() error { return l.waiting(4) })
	release()
	wg.Wait()
	if syncs != 3 {
		t.Errorf("one frame and then four of half a group each took %d writes, want 3", syncs)
	}
}
