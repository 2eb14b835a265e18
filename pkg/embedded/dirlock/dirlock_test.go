package dirlock

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestOneHolderAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "demand")
	first, err := Acquire(dir, "lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(dir, "lock"); !errors.Is(err, ErrHeld) {
		t.Fatalf("second holder: got %v, want ErrHeld", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Acquire(dir, "lock")
	if err != nil {
		t.Fatalf("after the first let go: %v", err)
	}
	_ = second.Close()
}

func TestWaitTakesOverWhenReleased(t *testing.T) {
	dir := t.TempDir()
	first, err := Acquire(dir, "lock")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		l, err := Wait(context.Background(), dir, "lock")
		if err == nil {
			err = l.Close()
		}
		got <- err
	}()
	_ = first.Close()
	if err := <-got; err != nil {
		t.Fatalf("waiter: %v", err)
	}
}

func TestWaitGivesUpWithTheContext(t *testing.T) {
	dir := t.TempDir()
	held, err := Acquire(dir, "lock")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Wait(ctx, dir, "lock"); !errors.Is(err, ErrHeld) {
		t.Fatalf("got %v, want ErrHeld", err)
	}
}
