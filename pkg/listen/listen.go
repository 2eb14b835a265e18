// Package listen opens TCP listeners right after the process that had them was killed. It is not for choosing addresses.
package listen

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	// grace is how long an address may stay taken: the kernel takes a killed process apart piece by piece, and a start that
	// follows at once meets what is left of it.
	grace = 3 * time.Second
	// retryEvery is how often the address is tried meanwhile.
	retryEvery = 20 * time.Millisecond
)

// Soon listens on address, and waits up to three seconds while another process has it; then, or when ctx ends before,
// the error wraps syscall.EADDRINUSE.
func Soon(ctx context.Context, address string) (net.Listener, error) {
	for deadline := time.Now().Add(grace); ; {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retryEvery):
		}
	}
}
