package web

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A body that is not read any more, because too many are already, ends its connection at once; one that is read for nothing does not.
func TestBodiesReadForNothingAreBounded(t *testing.T) {
	for already, ends := range map[int64]bool{maxDrains: true, maxDrains - 1: false} {
		s := &Server{cfg: Config{ReadTimeout: time.Minute}}
		s.draining.Store(already)
		over := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			unread(rw.Header(), r)
			rw.WriteHeader(http.StatusUnauthorized)
			s.drain(rw, r)
			close(over)
		}))
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		patience := 20 * time.Second
		if !ends {
			patience = 200 * time.Millisecond
		}
		select {
		case <-over:
			if !ends {
				t.Errorf("with %d before it the body is not read", already)
			}
		case <-time.After(patience):
			if ends {
				t.Errorf("with %d before it the body is still read", already)
			}
		}
		conn.Close()
		<-over
		if n := s.draining.Load(); n != already {
			t.Errorf("%d bodies are being read for nothing, want %d", n, already)
		}
		server.Close()
	}
}
