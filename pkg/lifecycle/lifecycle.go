// Package lifecycle starts the parts of a process in order and stops them in
// reverse, within a bound, reporting every fault by the name of its part. It is
// not for supervising: a part that fails ends the process, and whoever runs the
// process starts it again.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// stepFloor is what a step is given to return once its context has ended, and also
// when the steps before it used up the whole grace: a flush that needs a few
// milliseconds must not be skipped because something else hung.
const stepFloor = 200 * time.Millisecond

// Component is one part of a process. Every function is optional.
type Component struct {
	// Name says which part failed, in errors: "grpc server".
	Name string
	// Start gets the part going and returns once it is usable, for instance once
	// it listens. Its context ends when the process is told to stop.
	Start func(ctx context.Context) error
	// Run works until its context ends. To return before that, even without an
	// error, ends the process.
	Run func(ctx context.Context) error
	// Stop asks for an orderly end, before Run's context ends, and releases what
	// Start took. Its context ends when the grace is over. It runs once, also when
	// a later component failed to start, and not at all when Start itself failed.
	Stop func(ctx context.Context) error
}

// Run starts the components in order, waits until ctx ends or one of them fails,
// and stops those that were started, in reverse: a component is down before the
// one it was built on begins to stop. Stopping all takes at most grace, plus at
// most 0.6 s for each step left when the grace is used up; a step that
// does not finish is named and left behind.
//
// The result joins every fault: of starting, running and stopping. It is nil when
// ctx ended and everything stopped cleanly.
func Run(ctx context.Context, grace time.Duration, components ...Component) error {
	r := &runner{failed: make(chan error, len(components))}
	var faults []error
	if err := r.start(ctx, components); err != nil {
		faults = append(faults, err)
	} else {
		select {
		case <-ctx.Done():
		case err := <-r.failed:
			faults = append(faults, err)
		}
	}
	faults = append(faults, r.stop(context.WithoutCancel(ctx), grace)...)
	return errors.Join(faults...)
}

type runner struct {
	running []*part
	failed  chan error // one slot a component: reporting never blocks
}

// part is a component that has been started.
type part struct {
	Component
	cancel context.CancelFunc
	done   chan struct{} // closed when Run has returned
	err    error         // Run's result, set before done is closed
	mu     sync.Mutex
	told   bool // that it should end; guarded by mu
	early  bool // Run returned before it was told, and reported that itself; guarded by mu
}

func (r *runner) start(ctx context.Context, components []Component) error {
	for _, c := range components {
		if ctx.Err() != nil {
			return nil
		}
		if c.Start != nil {
			if err := guard(func() error { return c.Start(ctx) }); err != nil {
				if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
					return nil // told to stop while starting: no fault
				}
				return fmt.Errorf("start %s: %w", c.Name, err)
			}
		}
		r.launch(ctx, c)
	}
	return nil
}

func (r *runner) launch(ctx context.Context, c Component) {
	// Not ended by ctx: the components must not all stop at once.
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &part{Component: c, cancel: cancel, done: make(chan struct{})}
	r.running = append(r.running, p)
	if c.Run == nil {
		close(p.done)
		return
	}
	go func() {
		defer close(p.done)
		p.err = guard(func() error { return c.Run(runCtx) })
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.told {
			return
		}
		p.early = true
		if p.err == nil {
			r.failed <- fmt.Errorf("run %s: ended without being told to", c.Name)
			return
		}
		r.failed <- fmt.Errorf("run %s: %w", c.Name, p.err)
	}()
}

func (r *runner) stop(ctx context.Context, grace time.Duration) []error {
	var faults []error
	deadline := time.Now().Add(grace)
	for i := len(r.running) - 1; i >= 0; i-- {
		left := max(time.Until(deadline), stepFloor)
		stepCtx, cancel := context.WithTimeout(ctx, left)
		faults = append(faults, r.running[i].stop(stepCtx, grace)...)
		cancel()
	}
	// Parts that failed while others were being stopped, or in the same moment
	// as the first. Whoever was still running has been told by now.
	for {
		select {
		case err := <-r.failed:
			faults = append(faults, err)
		default:
			return faults
		}
	}
}

func (p *part) stop(ctx context.Context, grace time.Duration) []error {
	p.mu.Lock()
	p.told = true
	early := p.early
	p.mu.Unlock()

	var faults []error
	deadline, _ := ctx.Deadline()
	late := time.NewTimer(time.Until(deadline) + stepFloor) // whoever heeds ctx returns before
	defer late.Stop()
	if p.Stop != nil {
		result := make(chan error, 1)
		go func() { result <- guard(func() error { return p.Stop(ctx) }) }()
		select {
		case err := <-result:
			if err != nil {
				faults = append(faults, fmt.Errorf("stop %s: %w", p.Name, err))
			}
		case <-late.C:
			late.Reset(stepFloor) // for Run, which has not been told yet
			faults = append(faults, fmt.Errorf("stop %s: did not finish within the grace of %s", p.Name, grace))
		}
	}
	p.cancel()
	select {
	case <-p.done:
		if p.err != nil && !early && !errors.Is(p.err, context.Canceled) {
			faults = append(faults, fmt.Errorf("run %s: %w", p.Name, p.err))
		}
	case <-late.C:
		faults = append(faults, fmt.Errorf("run %s: did not end within the grace of %s", p.Name, grace))
	}
	return faults
}

// guard turns a panic into an error, so that one part's bug does not keep the
// others from flushing what they hold.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
