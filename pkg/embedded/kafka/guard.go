package embeddedkafka

import (
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequestBytes is Apache Kafka's socket.request.max.bytes: 100 MiB.
const maxRequestBytes = 100 << 20

var errNotKafka = errors.New("not a Kafka request")

// guardedListener gives connections that end at the first frame that is not a
// Kafka request. The library sizes a buffer by whatever the first four bytes say and
// panics on an unknown request, so that a browser on this port could end the process.
type guardedListener struct{ net.Listener }

func (l guardedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: c}, nil
}

// guardedConn relies on how the library reads: four bytes of size, then a body of that size.
type guardedConn struct {
	net.Conn
	left  int  // bytes of the body still to come
	fresh bool // nothing of the body was read yet
}

func (c *guardedConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		return c.readSize(p)
	}
	if !c.fresh {
		n, err := c.Conn.Read(p[:min(len(p), c.left)])
		c.left -= n
		return n, err
	}
	n, err := io.ReadAtLeast(c.Conn, p[:min(len(p), c.left)], 2)
	c.left -= n
	c.fresh = false
	if err == nil && kmsg.RequestForKey(int16(binary.BigEndian.Uint16(p))) == nil {
		return 0, errNotKafka
	}
	return n, err
}

func (c *guardedConn) readSize(p []byte) (int, error) {
	if len(p) != 4 {
		return 0, errNotKafka
	}
	n, err := io.ReadFull(c.Conn, p)
	if err != nil {
		return n, err
	}
	size := binary.BigEndian.Uint32(p)
	if size < 8 || size > maxRequestBytes {
		return 0, errNotKafka
	}
	c.left, c.fresh = int(size), true
	return n, nil
}
