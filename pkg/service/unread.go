package service

import (
	"net"
	"time"
)

// unreadAfter is how long every door waits for a client to take what is written to it.
const unreadAfter = 30 * time.Second

// impatient is a listener whose connections end when a client does not take an answer: each write has so long to be taken by the client's
// machine, however long the call before it took. Without it a client that asks and never reads keeps a goroutine, an answer and
// whatever the handler still holds for as long as it likes. Time between writes does not count, so that answers which
// stream for days are left alone. What HTTP/2 holds back for want of a window is not seen here: that is a stream's own to bound.
type impatient struct {
	net.Listener
	after time.Duration
}

// Accept returns the next connection.
func (l impatient) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &impatientConn{Conn: c, after: l.after}, nil
}

// impatientConn has no ReadFrom on purpose: the kernel's way of sending a file would go around Write.
type impatientConn struct {
	net.Conn
	after time.Duration
}

// Write fails with a timeout when the client does not take it in time.
func (c *impatientConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.after)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// CloseWrite ends our half, so that a client which still sends can read the answer before the connection is closed.
func (c *impatientConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
