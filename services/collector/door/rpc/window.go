package rpc

import (
	"context"
	"sync"
)

// arrival is an event that was read from a stream and waits for its answer.
type arrival struct {
	sequence           uint64
	event              []byte
	size               int   // bytes of the event that are taken from the budget
	sentMS, receivedMS int64 // 0 when not sent
	history            bool
	busy               bool // there was no memory for the event
}

// window is what one stream has read and not answered yet. One goroutine reads into
// it, one takes groups out of it, one reports answers.
type window struct {
	cfg Stream

	mu      sync.Mutex
	waiting []arrival // read, not taken yet
	events  int       // read, not answered yet
	bytes   int       // of events read and not ingested yet
	end     error     // why nothing more is read
	closed  bool

	arrived, room chan struct{} // hold a token when there may be something new
}

func newWindow(cfg Stream) *window {
	return &window{cfg: cfg, arrived: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// token tells the goroutine that waits on c to look again.
func token(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// await blocks until there is room for another event. It reports false when
// nothing more is to be read.
func (w *window) await() bool {
	for {
		w.mu.Lock()
		over := w.closed || w.end != nil
		room := w.events < w.cfg.Window && w.bytes < w.cfg.WindowBytes
		w.mu.Unlock()
		if over {
			return false
		}
		if room {
			return true
		}
		<-w.room
	}
}

// add appends an event that was read. It reports false when it came too late to be answered.
func (w *window) add(a arrival) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.end != nil {
		return false
	}
	w.waiting = append(w.waiting, a)
	w.events++
	w.bytes += a.size
	token(w.arrived)
	return true
}

// finish says why nothing more is read. The first reason counts.
func (w *window) finish(end error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end == nil {
		w.end = end
	}
	token(w.arrived)
	token(w.room)
}

// take blocks until something has arrived and removes, in order, what goes into one request
// of at most so many events and bytes. None and the reason when there will be no more.
func (w *window) take(ctx context.Context, events, bytes int) ([]arrival, error) {
	for {
		w.mu.Lock()
		group := w.cutGroup(events, bytes)
		end := w.end
		w.mu.Unlock()
		switch {
		case len(group) > 0:
			return group, nil
		case end != nil:
			return nil, end
		}
		select {
		case <-w.arrived:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// cutGroup removes the longest run of events that can go together. A request is history
// or not, as a whole; and events without memory have no text.
func (w *window) cutGroup(events, bytes int) []arrival {
	n, size := 0, 0
	for n < len(w.waiting) && n < events {
		a := &w.waiting[n]
		if n > 0 && (size+a.size > bytes || a.history != w.waiting[0].history || a.busy != w.waiting[0].busy) {
			break
		}
		size += a.size
		n++
	}
	group := w.waiting[:n:n]
	if w.waiting = w.waiting[n:]; len(w.waiting) == 0 {
		w.waiting = nil // the array belongs to the group now
	}
	return group
}

// ingested says that the texts of a group are no longer in memory.
func (w *window) ingested(group []arrival) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range group {
		w.bytes -= group[i].size
	}
	token(w.room)
}

// answered says that one answer has been sent.
func (w *window) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events--
	token(w.room)
}

// close ends the window and returns the bytes of events that nobody took.
func (w *window) close() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	var bytes int64
	for i := range w.waiting {
		bytes += int64(w.waiting[i].size)
	}
	w.waiting = nil
	token(w.room)
	token(w.arrived)
	return bytes
}
