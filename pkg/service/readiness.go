package service

import (
	"errors"
	"fmt"
	"sync"
)

// Readiness knows whether a process can do its work. The zero value is ready. Safe
// for concurrent use.
type Readiness struct {
	mu       sync.Mutex
	parts    []readyPart
	stopping bool
}

type readyPart struct {
	name  string
	check func() error
}

// Add makes the process ready only while check returns nil. check is called for
// every probe: it must be quick and must not block.
func (r *Readiness) Add(name string, check func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = append(r.parts, readyPart{name, check})
}

// Stop makes the process not ready for good: it is going away.
func (r *Readiness) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = true
}

// Check returns nil when the process is ready, else every part that is not, by
// name, one a line.
func (r *Readiness) Check() error {
	r.mu.Lock()
	parts, stopping := r.parts, r.stopping
	r.mu.Unlock()
	if stopping {
		return errors.New("process: stopping")
	}
	var faults []error
	for _, p := range parts {
		if err := p.check(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", p.name, err))
		}
	}
	return errors.Join(faults...)
}
