package wire_test

import (
	"errors"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/wire"
)

// A release that brings a layout comes up beside the one before, partitions go to and fro, the next release
// writes the layout, and everything is taken back again: numbers go on all the while, and at each stand the
// state is that of a fresh fold.
func TestUpgradeAndRollback(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	dirs := [2]string{t.TempDir(), t.TempDir()}
	f.send("old", 100) // keys that nobody touches again
	a := f.start(first, dirs[0])
	f.settled(a)

	// roll replaces the processes one by one, sends in between, and gives the layouts at the end.
	b := f.start(first, dirs[1])
	roll := func(r release) map[byte]int {
		t.Helper()
		f.send("k", 50)
		f.settled(a, b)
		b.stop() // a has all
		f.send("k", 50)
		f.settled(a)
		b = f.start(r, dirs[1]) // one each, of two releases
		f.send("k", 50)
		f.settled(a, b)
		a.stop() // b has all
		f.send("k", 50)
		f.settled(b)
		a = f.start(r, dirs[0])
		f.send("k", 50)
		return f.settled(a, b)
	}
	if got := roll(second); got[2] != 0 {
		t.Fatalf("a release that reads layout 2 for the first time wrote it: %v", got)
	}
	if got := roll(first); got[2] != 0 { // taken back and tried again
		t.Fatalf("layouts %v after the way back", got)
	}
	roll(second)
	if got := roll(third); got[2] != 8 || got[1] != 8 {
		t.Fatalf("layouts %v: want the eight keys that are in use in 2, and the others as they were", got)
	}
	if got := roll(second); got[1] != 16 {
		t.Fatalf("layouts %v after the way back, want all in 1", got)
	}
	a.stop()
	b.stop()

	// On empty disks the changelog alone must do.
	f.settled(f.start(third, t.TempDir()))
}

// Who skips a release on the way back meets a layout that it cannot read: that partition stands still with an
// error that says what to do, the other goes on, and nothing of either is touched.
func TestANewerLayoutStopsItsPartitionUntouched(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	newer := f.start(third, t.TempDir())
	const stuck, free = 0, 1
	f.sendTo(keyIn(stuck))
	f.settled(newer)
	newer.stop()

	older := f.start(first, t.TempDir())
	f.sendTo(keyIn(stuck))
	f.sendTo(keyIn(free))
	testkit.Eventually(t, time.Minute, func() error {
		if err := older.fault(stuck); !errors.Is(err, wire.ErrNewer) {
			return errors.Join(errors.New("the partition has no fault that says so"), err)
		}
		v, err := older.View(free)
		if err != nil {
			return err
		}
		if _, ok, err := v.Get([]byte(keyIn(free))); err != nil || !ok {
			return errors.Join(errors.New("the other partition does not go on"), err)
		}
		return nil
	})
	if err := older.fault(stuck); stream.IsPermanent(err) {
		t.Errorf("%v: no record must be thrown away because of it", err)
	}
	older.stop()
	f.settled(f.start(third, t.TempDir())) // the number that came meanwhile is in it
}
