package testkit

import (
	"net"
	"sync"
	"testing"
)

// Proxy stands before one or more Kafka brokers and fails as networks do, request by request: it knows where a
// request begins. What the brokers say of their addresses is changed, so that clients keep coming through it.
// It lets everything through at first.
type Proxy struct {
	// Addresses are where to connect to instead of the brokers, in their order.
	Addresses []string

	mu    sync.Mutex
	rules []*Caught // that have caught nothing yet, or still hold
	conns map[*proxied]bool
	ended bool
	stand map[string]string // by the broker's address: ours
}

// NewProxy puts a proxy before brokers until the test ends.
func NewProxy(t testing.TB, brokers ...string) *Proxy {
	t.Helper()
	p := &Proxy{conns: map[*proxied]bool{}, stand: map[string]string{}}
	for _, to := range brokers {
		address := accept(t, func(client net.Conn) { p.carry(client, to) }, p.cutAll)
		p.Addresses = append(p.Addresses, address)
		p.stand[to] = address
	}
	return p
}

// accept listens on a free port and gives each connection to carry until the test ends. Then end has to
// see to it that carry returns, and accept waits for that.
func accept(t testing.TB, carry func(net.Conn), end func()) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		end()
		all.Wait()
	})
	return l.Addr().String()
}

// carry connects one client with its broker.
func (p *Proxy) carry(client net.Conn, to string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", to) //nolint:noctx // on loopback
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	c := newProxied(p, client, server)
	if !p.note(c) {
		return
	}
	defer p.forget(c)
	var both sync.WaitGroup
	both.Go(c.requests)
	both.Go(c.answers)
	both.Wait()
}

// note keeps a connection; false when the proxy has ended.
func (p *Proxy) note(c *proxied) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return !p.ended
}

func (p *Proxy) forget(c *proxied) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// each calls f for the connections there are now.
func (p *Proxy) each(f func(*proxied)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		f(c)
	}
}

// cutAll ends everything, for good.
func (p *Proxy) cutAll() {
	p.mu.Lock()
	p.ended = true
	for _, r := range p.rules {
		r.open()
	}
	p.mu.Unlock()
	p.each((*proxied).end)
}

// Blackhole swallows what goes over the connections that there are now, in both ways, until heal is called; then what
// was sent meanwhile arrives, also of clients that have gone. Connections made later have another path.
func (p *Proxy) Blackhole() (heal func()) {
	var held []*proxied
	p.each(func(c *proxied) { held = append(held, c); c.set(func() { c.black = true }) })
	return func() {
		for _, c := range held {
			c.set(func() { c.black = false })
		}
	}
}

// HalfOpen ends the connections that there are now on the brokers' side and tells no client: a firewall that has forgotten them.
func (p *Proxy) HalfOpen() {
	p.each(func(c *proxied) { c.set(func() { c.half = true }); _ = c.server.Close() })
}

// Hold catches the next request that which says yes to, and keeps it, and what follows it on its connection, from
// the broker until Release. The client is not told: it waits as long as it will, and goes.
func (p *Proxy) Hold(which func(Request) bool) *Caught {
	return p.catch(&Caught{which: which, hold: true})
}

// LoseAnswer catches the next request that which says yes to, lets it through and ends the client's connection
// when the answer comes.
func (p *Proxy) LoseAnswer(which func(Request) bool) *Caught { return p.catch(&Caught{which: which}) }

func (p *Proxy) catch(r *Caught) *Caught {
	r.arrived, r.released, r.answered = make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, r)
	return r
}

// caught is the first rule, of those that have caught nothing, that catches a request.
func (p *Proxy) caught(req Request, by *proxied) *Caught {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		if r.by == nil && r.which(req) {
			r.by = by
			close(r.arrived)
			return r
		}
	}
	return nil
}
