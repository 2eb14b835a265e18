package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// avoidFor is how long a broker that has not answered is passed over. One that is only slow is back soon.
const avoidFor = 5 * time.Second

// dialer makes the connections of a client. A broker that stands still (SIGSTOP, a hung disk, a firewall that drops) takes
// connections all the same, the kernel does that for it, and kafka-go, which asks the first address that takes one, would ask
// the same one for ever. So an address is refused for avoidFor when it took a connection and never said a word on it, or took none in time,
// and whoever has others goes to them (TestABrokerThatStandsStillIsNotInTheWay). An answer that is missing on a connection that has had some
// may be the connection's fault: the next one shows. The only address of a cluster is never refused.
type dialer struct {
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	alone   bool

	mu     sync.Mutex
	silent map[string]time.Time // by address: when it was found so
}

// newDialer connects by way of connect; nil: through the network.
func newDialer(addresses []string, connect func(ctx context.Context, network, address string) (net.Conn, error)) *dialer {
	if connect == nil {
		connect = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	return &dialer{connect: connect, alone: len(addresses) == 1, silent: map[string]time.Time{}}
}

// dial connects, as net.Dialer.DialContext does.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if since, silent := d.isSilent(address); silent {
		return nil, &silentError{address: address, since: since}
	}
	conn, err := d.connect(ctx, network, address)
	if err != nil {
		d.note(address, err)
		return nil, err
	}
	return &fresh{Conn: conn, dialer: d, address: address}, nil
}

func (d *dialer) isSilent(address string) (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	since, known := d.silent[address]
	return since, known && !d.alone && time.Since(since) < avoidFor
}

// note takes the error of a connection that has said nothing yet.
func (d *dialer) note(address string, err error) {
	var network net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		d.avoid(address)
	}
}

// avoid has an address passed over for a while.
func (d *dialer) avoid(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent[address] = time.Now()
}

// fresh is a connection whose dialer hears of it when nothing ever comes.
type fresh struct {
	net.Conn
	dialer  *dialer
	address string
	heard   atomic.Bool
}

func (c *fresh) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case c.heard.Load():
	case n > 0:
		c.heard.Store(true)
	case err != nil:
		c.dialer.note(c.address, err)
	}
	return n, err
}

// silentError is a net.Error, so that it passes as the time-out does that it follows.
type silentError struct {
	address string
	since   time.Time
}

func (e *silentError) Error() string {
	return fmt.Sprintf("broker %s did not answer %s ago: passed over for %s", e.address, time.Since(e.since).Round(time.Millisecond), avoidFor)
}

func (e *silentError) Timeout() bool { return true }

func (e *silentError) Temporary() bool { return true }
