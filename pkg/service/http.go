package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/lifecycle"
	tcp "github.com/freshet/freshet/pkg/listen"
)

// HTTPServer is an HTTP server that is told where to listen, says where it
// listens, and stops by finishing the requests it has.
type HTTPServer struct {
	name, address string
	server        *http.Server
	unreadAfter   time.Duration
	mu            sync.Mutex
	listener      net.Listener
}

// NewHTTPServer makes a server; it listens from Listen on, or when its component
// starts. name is for errors. Requests must send their headers within 10 seconds
// and idle connections are kept for two minutes; a client that does not take what is written to it
// for 30 seconds loses its connection; the time of a whole request is the handler's to bound. Every answer forbids browsers to guess its
// type; which names it answers to is AnswerTo's. edits are for servers that face strangers and need tighter bounds.
func NewHTTPServer(name, address string, h http.Handler, edits ...func(*http.Server)) *HTTPServer {
	s := &HTTPServer{name: name, address: address, unreadAfter: unreadAfter, server: &http.Server{
		Handler:           noSniff(h),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}}
	for _, edit := range edits {
		edit(s.server)
	}
	return s
}

// UnreadAfter changes how long a client may take for what is written to it. Call it before the server runs.
func (s *HTTPServer) UnreadAfter(d time.Duration) { s.unreadAfter = d }

// Listen takes the address. Calling it again changes nothing.
func (s *HTTPServer) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listen(&s.listener, s.name, s.address)
}

// Addr is where it listens, with the port that was given; empty before Listen.
func (s *HTTPServer) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return addrOf(s.listener)
}

// Component serves, and stops by letting the requests in hand finish.
func (s *HTTPServer) Component() lifecycle.Component {
	return lifecycle.Component{
		Name:  s.name,
		Start: func(context.Context) error { return s.Listen() },
		Run: func(context.Context) error {
			if err := s.server.Serve(impatient{s.listener, s.unreadAfter}); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Stop: func(ctx context.Context) error {
			err := s.server.Shutdown(ctx)
			if err != nil { // out of time: cut the rest off, or Run would not return
				err = errors.Join(err, s.server.Close())
			}
			return err
		},
	}
}

func listen(l *net.Listener, name, address string) error {
	if *l != nil {
		return nil
	}
	opened, err := tcp.Soon(context.Background(), address) // three seconds at most
	if err != nil {
		return fmt.Errorf("listen on %s for the %s: %w", address, name, err)
	}
	*l = opened
	return nil
}

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}
