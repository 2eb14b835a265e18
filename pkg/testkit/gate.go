package testkit

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Gate stands before a server, on a port of its own, and fails as networks and hosts do. It is open at first.
type Gate struct {
	// Address is where to connect to instead of the server.
	Address string

	to     string
	mu     sync.Mutex
	silent bool
	shut   bool
	conns  map[net.Conn]bool
	flow   *sync.Cond // told when silent changes
}

// NewGate puts a gate before an address until the test ends.
func NewGate(t testing.TB, address string) *Gate {
	t.Helper()
	g := &Gate{to: address, conns: map[net.Conn]bool{}}
	g.flow = sync.NewCond(&g.mu)
	g.Address = accept(t, g.carry, g.Shut)
	return g
}

// Open lets everything through.
func (g *Gate) Open() { g.set(false, false) }

// Silence lets nothing through, not even the news of it: a process that was stopped, a network that swallows.
func (g *Gate) Silence() { g.set(true, false) }

// Shut ends every connection, and every new one at once: a process that died.
func (g *Gate) Shut() {
	g.set(false, true)
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		_ = c.Close()
	}
}

func (g *Gate) set(silent, shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent, g.shut = silent, shut
	g.flow.Broadcast()
}

// carry connects one client with the server.
func (g *Gate) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", g.to) //nolint:noctx // on loopback
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !g.note(client, server) {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			_, _ = io.Copy(gated{g, way[1]}, way[0])
			_ = way[1].Close()
		})
	}
	both.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, client)
	delete(g.conns, server)
}

// note keeps connections for Shut; false when it is shut.
func (g *Gate) note(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		g.conns[c] = true
	}
	return !g.shut
}

// gated writes when the gate lets it.
type gated struct {
	g *Gate
	net.Conn
}

func (w gated) Write(p []byte) (int, error) {
	w.g.mu.Lock()
	for w.g.silent {
		w.g.flow.Wait()
	}
	shut := w.g.shut
	w.g.mu.Unlock()
	if shut {
		return 0, net.ErrClosed
	}
	return w.Conn.Write(p)
}
