package broker

import (
	"errors"
	"net"
	"testing"
	"time"
)

// greeter takes connections, says one byte on each and no more.
func greeter(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = c.Write([]byte{1})
		}
	}()
	return l.Addr().String()
}

func TestAnAddressIsPassedOverOnlyWhenItNeverSaysAWord(t *testing.T) {
	for name, c := range map[string]struct {
		to      func(t *testing.T) string
		alone   bool
		later   time.Duration
		refused bool
	}{
		"it takes connections and says nothing":             {to: silentAddress, refused: true},
		"it is the only address":                            {to: silentAddress, alone: true},
		"that was a while ago":                              {to: silentAddress, later: avoidFor},
		"a connection that has said something falls silent": {to: greeter},
	} {
		t.Run(name, func(t *testing.T) {
			address := c.to(t)
			others := []string{address, "127.0.0.1:1"}
			if c.alone {
				others = others[:1]
			}
			d := newDialer(others, nil)
			conn, err := d.dial(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			var problem error
			for problem == nil {
				_, problem = conn.Read(make([]byte, 1))
			}
			if since, ok := d.silent[address]; ok {
				d.silent[address] = since.Add(-c.later)
			}
			again, err := d.dial(t.Context(), "tcp", address)
			if refused := err != nil; refused != c.refused {
				t.Errorf("after %v the next connection gave %v", problem, err)
			}
			var silent *silentError
			if c.refused && (!errors.As(err, &silent) || !Passing(err)) {
				t.Errorf("%v does not pass", err)
			}
			if again != nil {
				_ = again.Close()
			}
		})
	}
}
