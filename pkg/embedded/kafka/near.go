package embeddedkafka

import (
	"context"
	"errors"
	"net"
	"sync"

	"google.golang.org/grpc/test/bufconn"
)

// nearBuffer is how much of a connection within the process may be on its way, in bytes and each direction: a request of
// a quiet moment. Each connection holds it twice; 256 KiB cost 30 MiB in all, and gained nothing that could be told apart.
const nearBuffer = 64 << 10

// near are the connections to the broker from its own process: they speak the same protocol, without the kernel in between. At low
// rates a sixth of a whole stack's CPU went into system calls that carried bytes from one goroutine to another.
type near struct {
	net.Listener // of the connections through the kernel

	within *bufconn.Listener
	conns  chan accepted
	closed chan struct{}
	once   sync.Once
}

// accepted is what one of the two listeners gave.
type accepted struct {
	conn net.Conn
	err  error
}

// withNear adds connections from within to a listener.
func withNear(l net.Listener) *near {
	n := &near{Listener: l, within: bufconn.Listen(nearBuffer), conns: make(chan accepted), closed: make(chan struct{})}
	go n.take(l)
	go n.take(n.within)
	return n
}

func (n *near) take(l net.Listener) {
	for {
		conn, err := l.Accept()
		select {
		case n.conns <- accepted{conn, err}:
		case <-n.closed:
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// Accept gives the next connection, wherever it comes from.
func (n *near) Accept() (net.Conn, error) {
	select {
	case a := <-n.conns:
		return a.conn, a.err
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close ends both listeners.
func (n *near) Close() error {
	n.once.Do(func() { close(n.closed) })
	return errors.Join(n.Listener.Close(), n.within.Close())
}

// Dial connects to the broker from within its process. It is for broker.Config.Dial; other addresses than the broker's are dialled as usual.
func (b *Broker) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address != b.addr {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	conn, err := b.near.within.DialContext(ctx)
	if err != nil { // as the kernel would say it: it passes, for all that a client knows
		return nil, &net.OpError{Op: "dial", Net: network, Addr: b.near.Addr(), Err: err}
	}
	return conn, nil
}
