package stream

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// kept is a store with n keys, a value each.
func kept(t *testing.T, n int) *store {
	t.Helper()
	s := memoryTx(t).store
	c := newChanges()
	for i := range n {
		c.kv[fmt.Sprintf("k%05d", i)] = []byte("old")
	}
	if err := s.apply(c, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// A reader that stands in its callback holds back nobody: the partition is handed over at once, and the reader learns it.
func TestAScanThatTakesItsTimeHoldsNobodyBack(t *testing.T) {
	s := kept(t, 3*wholePage)
	inside, goOn := make(chan bool), make(chan bool)
	ended := make(chan error, 1)
	read := 0
	go func() {
		ended <- View{s}.Scan(nil, nil, func(_, _ []byte) (bool, error) {
			if read++; read == firstPage+1 {
				inside <- true
				<-goOn
			}
			return true, nil
		})
	}()
	<-inside
	closed := make(chan error, 1)
	go func() { closed <- s.close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("closing waits for a reader's callback")
	}
	close(goOn)
	if err := <-ended; !errors.Is(err, ErrNotOwner) || read > firstPage+wholePage {
		t.Errorf("after the partition was handed over: %v after %d keys", err, read)
	}
	if err := (View{s}).Scan(nil, nil, nil); !errors.Is(err, ErrNotOwner) {
		t.Errorf("a scan after closing: %v", err)
	}
}

// What is written while a reader scans is not seen, wherever a page ends.
func TestAScanShowsOneMoment(t *testing.T) {
	const n = 2*wholePage + 100
	s := kept(t, n)
	seen := 0
	err := View{s}.Scan([]byte("k"), []byte("k00003"), func(k, v []byte) (bool, error) {
		if want := fmt.Sprintf("k%05d", seen+3); string(k) != want || string(v) != "old" {
			return false, fmt.Errorf("%s is %q, want %s as it was", k, v, want)
		}
		seen++
		c := newChanges()
		c.kv[fmt.Sprintf("k%05dx", seen+3)] = []byte("new")
		c.kv[fmt.Sprintf("k%05d", n-seen)] = nil
		c.kv[fmt.Sprintf("k%05d", seen+10)] = []byte("new")
		return true, s.apply(c, nil)
	})
	if err != nil || seen != n-3 {
		t.Errorf("%d keys, want %d: %v", seen, n-3, err)
	}
	if n := len(s.snaps.open); n > 0 {
		t.Errorf("%d snapshots are left open", n)
	}
}
