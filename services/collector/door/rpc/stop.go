package rpc

import (
	"context"
	"sync"
)

// streams are the streams under way, and how they learn of a stop.
type streams struct {
	mu      sync.Mutex
	stopped bool
	open    sync.WaitGroup
	// stopping is closed when streams should read no further, cut when they must end.
	stopping, cut chan struct{}
}

func newStreams() *streams {
	return &streams{stopping: make(chan struct{}), cut: make(chan struct{})}
}

// enter reports false once the collector stops.
func (s *streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.open.Add(1)
	return true
}

func (s *streams) leave() { s.open.Done() }

// StopStreams ends every IngestStream: nothing more is read, what was read is answered,
// and the client gets UNAVAILABLE. It returns when all have ended; after drain_timeout, or
// when ctx ends, the rest are cut off. A gRPC server waits for its streams, which clients
// keep open for ever: call this when it begins to stop.
func (s *Server) StopStreams(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.DrainTimeout)
	defer cancel()
	s.streams.mu.Lock()
	first := !s.streams.stopped
	s.streams.stopped = true
	s.streams.mu.Unlock()
	ended := make(chan struct{})
	go func() { s.streams.open.Wait(); close(ended) }()
	if !first {
		<-ended // within the first caller's bound
		return
	}
	close(s.streams.stopping)
	select {
	case <-ended:
	case <-ctx.Done():
		close(s.streams.cut)
		<-ended
	}
}
