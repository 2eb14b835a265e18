package embeddedclickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/freshet/freshet/pkg/listen"
)

// takePorts returns the ports of two loopback addresses, free ones for port 0, after
// checking that nobody listens there: the engine's own complaint comes late and is hard to read.
func takePorts(ctx context.Context, first, second string) (int, int, error) {
	a, err := openPort(ctx, first)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = a.Close() }()
	b, err := openPort(ctx, second)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = b.Close() }()
	return a.Addr().(*net.TCPAddr).Port, b.Addr().(*net.TCPAddr).Port, nil
}

func openPort(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	if host != "" && host != "localhost" && host != "127.0.0.1" {
		return nil, fmt.Errorf("address %q: it listens on 127.0.0.1 only", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	l, err := listen.Soon(ctx, net.JoinHostPort("127.0.0.1", port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %s is taken by another process: %w", port, err)
	}
	if err != nil {
		return nil, fmt.Errorf("try port %s: %w", port, err)
	}
	return l, nil
}
