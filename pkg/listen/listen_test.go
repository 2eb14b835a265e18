package listen

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

func taken(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestAnAddressThatComesFreeSoonIsWaitedFor(t *testing.T) {
	old := taken(t)
	time.AfterFunc(200*time.Millisecond, func() { _ = old.Close() })
	l, err := Soon(t.Context(), old.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

func TestTheWaitEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if l, err := Soon(ctx, taken(t).Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, %v", l, err)
	}
}

func TestAnotherFaultIsToldAtOnce(t *testing.T) {
	if l, err := Soon(t.Context(), "192.0.2.1:1"); err == nil || errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, %v", l, err)
	}
}
