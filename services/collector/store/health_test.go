package store

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhatARefusedRequestSaysOfTheNext(t *testing.T) {
	fault := errors.New("not taken")
	h := &health{}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if h.tried(gone, fault); h.taking() != nil {
		t.Error("a client that hung up made it red")
	}
	if h.tried(t.Context(), fault); !errors.Is(h.taking(), fault) {
		t.Error("a request that nothing took left it green")
	}
	if h.tried(gone, fault); !errors.Is(h.taking(), fault) {
		t.Error("a client that hung up made it green")
	}
	if h.tried(t.Context(), nil); h.taking() != nil {
		t.Error("red after a request that was taken")
	}
	h.untaken.Store(&untaken{fault, time.Now().Add(-untakenFor)})
	if h.taking() != nil {
		t.Error("red for ever: nobody would send what shows that it is green again")
	}
}

// A disk that hangs is found out, and asked by one write at a time; the answer counts when it comes.
func TestHangingDiskIsAskedOnce(t *testing.T) {
	h := &health{}
	var asked atomic.Int64
	answer := make(chan error)
	probe := func() error { asked.Add(1); return <-answer }
	for range 3 {
		if err := h.ask(t.Context(), probe, time.Millisecond); !errors.Is(err, errDiskHangs) {
			t.Fatalf("a disk that hangs: %v", err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.ask(ended, probe, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a stop waits for the disk: %v", err)
	}
	fault := errors.New("the disk's own")
	answer <- fault
	if err := h.ask(t.Context(), probe, time.Hour); !errors.Is(err, fault) || asked.Load() != 1 {
		t.Errorf("found %v, asked %d times", err, asked.Load())
	}
	go func() { answer <- nil }()
	if err := h.ask(t.Context(), probe, time.Hour); err != nil || asked.Load() != 2 {
		t.Errorf("then found %v, asked %d times", err, asked.Load())
	}
}
