package testkit

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// proxied is one connection of a client through a proxy.
type proxied struct {
	p              *Proxy
	client, server net.Conn

	mu      sync.Mutex
	changed *sync.Cond
	black   bool // nothing passes
	half    bool // the broker's side has gone, and the client is not to know
	gone    bool // the client has gone; the broker still gets what it had sent
	over    bool
	asked   map[int32]asked // what the broker has not answered yet
}

// asked is a request that was passed on.
type asked struct {
	header
	rule *Caught
}

func newProxied(p *Proxy, client, server net.Conn) *proxied {
	c := &proxied{p: p, client: client, server: server, asked: map[int32]asked{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

func (c *proxied) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	c.changed.Broadcast()
}

// end lets both directions return.
func (c *proxied) end() {
	c.set(func() { c.over = true })
	_ = c.client.Close()
	_ = c.server.Close()
}

// open waits until the path is free.
func (c *proxied) open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.black && !c.over {
		c.changed.Wait()
	}
}

// requests passes on what the client sends. A client that goes is no reason to take back what it has sent: the
// broker's side is closed when everything is answered.
func (c *proxied) requests() {
	for {
		frame, err := readFrame(c.client)
		if err != nil {
			break
		}
		h, ok := headerOf(frame)
		if !ok {
			break
		}
		rule := c.p.caught(Request{Key: kmsg.Key(h.key), Frame: frame}, c)
		if rule != nil && rule.hold {
			<-rule.released
		}
		c.open()
		c.set(func() { c.asked[h.correlation] = asked{h, rule} })
		if _, err := c.server.Write(frame); err != nil && !c.isHalf() {
			break
		}
	}
	c.set(func() { c.gone = true })
	c.closeWhenAnswered()
}

func (c *proxied) isHalf() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.half
}

func (c *proxied) closeWhenAnswered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone && (len(c.asked) == 0 || c.half) {
		_ = c.server.Close()
	}
}

// answers passes on what the broker says.
func (c *proxied) answers() {
	for {
		frame, err := readFrame(c.server)
		if err != nil {
			break
		}
		a := c.settle(int32(binary.BigEndian.Uint32(frame[4:])))
		c.open()
		if a.rule != nil {
			close(a.rule.answered)
		}
		if a.rule != nil && !a.rule.hold {
			_ = c.client.Close()
		} else {
			_, _ = c.client.Write(c.p.readdress(a.header, frame)) // the client may have gone
		}
		c.closeWhenAnswered()
	}
	if !c.isHalf() {
		_ = c.client.Close()
	}
}

func (c *proxied) settle(correlation int32) asked {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.asked[correlation]
	delete(c.asked, correlation)
	return a
}

// readdress puts the proxy's addresses into the answers that name brokers.
func (p *Proxy) readdress(h header, frame []byte) []byte {
	if h.key != int16(kmsg.Metadata) && h.key != int16(kmsg.FindCoordinator) {
		return frame
	}
	res := kmsg.ResponseForKey(h.key)
	res.SetVersion(h.version)
	body := 8 // length, correlation
	if res.IsFlexible() {
		body++ // no tags
	}
	if res.ReadFrom(frame[body:]) != nil {
		return frame
	}
	switch r := res.(type) {
	case *kmsg.MetadataResponse:
		for i := range r.Brokers {
			p.replace(&r.Brokers[i].Host, &r.Brokers[i].Port)
		}
	case *kmsg.FindCoordinatorResponse:
		p.replace(&r.Host, &r.Port)
		for i := range r.Coordinators {
			p.replace(&r.Coordinators[i].Host, &r.Coordinators[i].Port)
		}
	}
	out := res.AppendTo(append([]byte(nil), frame[:body]...))
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	return out
}

// replace changes a broker's address into the one that stands for it; others stay.
func (p *Proxy) replace(host *string, port *int32) {
	ours, ok := p.stand[net.JoinHostPort(*host, strconv.Itoa(int(*port)))]
	if !ok {
		return
	}
	h, number, err := net.SplitHostPort(ours)
	if n, nerr := strconv.ParseInt(number, 10, 32); err == nil && nerr == nil {
		*host, *port = h, int32(n)
	}
}

// readFrame reads one request or answer: four bytes of length, and so many bytes.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, 4+int(binary.BigEndian.Uint32(head[:])))
	copy(frame, head[:])
	_, err := io.ReadFull(r, frame[4:])
	return frame, err
}
