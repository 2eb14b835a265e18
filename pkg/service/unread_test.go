package service

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// oneConn is a listener with one connection, which needs no network, so that time can be the test's own.
type oneConn struct {
	conns chan net.Conn
}

func newOneConn() (l *oneConn, client net.Conn) {
	client, server := net.Pipe()
	l = &oneConn{conns: make(chan net.Conn, 1)}
	l.conns <- server
	return l, client
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error   { close(l.conns); return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// A client that asks and does not read loses its connection, and the handler goes on, after unreadAfter; not one that is only slow.
func TestHTTPAnswersThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Duration, 1)
		server := NewHTTPServer("test", "", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			begun := time.Now()
			_, _ = io.WriteString(rw, strings.Repeat("x", 1<<20))
			ended <- time.Since(begun)
		}))
		listener, client := newOneConn()
		server.listener = listener
		component := server.Component()
		ran := make(chan error, 1)
		go func() { ran <- component.Run(t.Context()) }()
		if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if took := <-ended; took != unreadAfter {
			t.Errorf("the handler was held for %s, want %s", took, unreadAfter)
		}
		if _, err := io.Copy(io.Discard, client); err != nil { // to its end: it was closed
			t.Errorf("the connection: %v", err)
		}
		if err := component.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		<-ran
	})
}

// An answer that streams for hours, and is read, is left alone.
func TestHTTPAnswersThatTakeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewHTTPServer("test", "", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			for range 5 {
				_, _ = io.WriteString(rw, "tick\n")
				_ = http.NewResponseController(rw).Flush()
				time.Sleep(time.Hour)
			}
		}))
		listener, client := newOneConn()
		server.listener = listener
		component := server.Component()
		ran := make(chan error, 1)
		go func() { ran <- component.Run(t.Context()) }()
		if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != strings.Repeat("tick\n", 5) {
			t.Errorf("%q, %v", body, err)
		}
		if err := component.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		<-ran
	})
}

// A gRPC client that sends its preface and reads nothing, not even the settings, loses its connection too.
func TestGRPCConnectionsThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewGRPCServer(GRPCConfig{MaxMessageBytes: 2048}, GRPCDeps{
			Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), TracerProvider: sdktrace.NewTracerProvider(),
		})
		listener, client := newOneConn()
		server.listener = listener
		component := server.Component()
		ran := make(chan error, 1)
		go func() { ran <- component.Run(t.Context()) }()
		begun := time.Now()
		// The server begins by writing its settings; a pipe has no buffer that they could go into.
		_, _ = io.WriteString(client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") // returns when the server has given up
		if took := time.Since(begun); took != unreadAfter {
			t.Errorf("the connection was kept for %s, want %s", took, unreadAfter)
		}
		if err := component.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		<-ran
	})
}
