package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/identity/graph"
)

// errNotReady says that the resolver has not read the log to its end yet, or has stopped.
var errNotReady = errors.New("identity is catching up with its log")

// errLost says that a record was stored and is no longer in the log.
var errLost = errors.New("the broker lost a record of identity's log that it had stored")

// resolver is this process's copy of the state machine: it follows identity.log.v1
// and answers look-ups. All methods are safe for concurrent use.
type resolver struct {
	dir     string
	cache   int64
	broker  *broker.Client
	logger  *slog.Logger
	metrics *metrics
	graph   graph.Graph
	// heldRetry is how often a log that misses records is asked whether it has them again.
	heldRetry time.Duration
	// lookEvery is how often a copy to which nothing new comes is held against the log.
	lookEvery time.Duration

	// mu is held for reading during an answer, which may take several reads, and for
	// writing while a batch of the log becomes visible.
	mu      sync.RWMutex
	db      *pebble.DB    // nil before Run has opened it and after Run has ended
	applied int64         // the last offset of the log in db; -1: none
	current bool          // the end of the log was reached once
	held    error         // what the log misses, while nobody has said to go on without it
	moved   chan struct{} // closed and replaced whenever one of the above changes

	// gone are the customers merged away since generation began, for those who
	// remember answers. When it is full, a new generation begins and they forget.
	gone       map[graph.ID]struct{}
	generation int64
}

// maxGone bounds the memory of gone to some tens of megabytes; at a very large shop
// that is a day of merges.
const maxGone = 1 << 20

func newResolver(cfg Config, deps Deps, m *metrics) *resolver {
	return &resolver{
		dir: filepath.Join(cfg.Dir, storeName), cache: cfg.CacheBytes,
		broker: deps.Broker, logger: deps.Logger, metrics: m, graph: graph.New(graph.DefaultLimits()),
		applied: -1, heldRetry: heldRetry, lookEvery: lookEvery, moved: make(chan struct{}), gone: map[graph.ID]struct{}{},
	}
}

// Lookup says whose event it is that says this, and the offset of the log that the
// answer includes.
func (r *resolver) Lookup(said graph.Statement) (a graph.Answer, epoch int64, err error) {
	epoch, err = r.read(func(s graph.Reader) error {
		a, err = r.graph.Lookup(s, said)
		return err
	})
	return a, epoch, err
}

// live says that a customer whose id was an answer within the generation has not
// been merged away, and up to which offset of the log that holds.
func (r *resolver) live(id graph.ID, generation int64) (epoch int64, live bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.db == nil || !r.current || r.generation != generation {
		return 0, false
	}
	_, gone := r.gone[id]
	return r.applied, !gone
}

// bury notes merged customers. The caller holds the lock.
func (r *resolver) bury(merges []graph.Merge) {
	if len(r.gone)+len(merges) > maxGone {
		clear(r.gone)
		r.generation++
	}
	for _, m := range merges {
		r.gone[m.From] = struct{}{}
	}
}

// Owners gives the customers that the identifiers belong to, each once; unknown
// identifiers are left out.
func (r *resolver) Owners(workspace string, ids []graph.Identifier) (owners []graph.ID, epoch int64, err error) {
	epoch, err = r.read(func(s graph.Reader) error {
		seen := map[graph.ID]bool{}
		for _, i := range ids {
			id, ok, err := r.graph.Owner(s, workspace, i)
			if err != nil {
				return err
			}
			if ok && !seen[id] {
				seen[id] = true
				owners = append(owners, id)
			}
		}
		return nil
	})
	return owners, epoch, err
}

// Customer reads one customer by any id it ever had.
func (r *resolver) Customer(workspace string, id graph.ID) (c graph.Customer, ok bool, err error) {
	_, err = r.read(func(s graph.Reader) error {
		c, ok, err = r.graph.Customer(s, workspace, id)
		return err
	})
	return c, ok, err
}

// read runs fn over one consistent state.
func (r *resolver) read(fn func(graph.Reader) error) (epoch int64, err error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.db == nil || !r.current {
		return 0, errNotReady
	}
	return r.applied, fn(graph.NewSnapshot(r.db))
}

// askAfter is how long somebody waits for a record before the log is asked whether it has it still.
const askAfter = time.Second

// WaitFor returns nil once the log is applied up to and including offset, at which a record was stored, and errLost when the log turns
// out to end before it: then nobody knows when it will have come so far again.
func (r *resolver) WaitFor(ctx context.Context, offset int64) error {
	for {
		while, stop := context.WithTimeout(ctx, askAfter)
		err := r.wait(while, func() bool { return r.applied >= offset })
		stop()
		if err == nil || ctx.Err() != nil {
			return err
		}
		log, err := r.broker.Spans(ctx, logPartition.Topic)
		switch {
		case err == nil && log[logPartition.Partition].Next <= offset:
			return errLost
		case err != nil && ctx.Err() == nil && !broker.Passing(err):
			return err
		}
	}
}

// WaitCurrent returns nil once the end of the log was reached.
func (r *resolver) WaitCurrent(ctx context.Context) error {
	return r.wait(ctx, func() bool { return r.current })
}

// wait blocks until cond, asked under the lock, is true.
func (r *resolver) wait(ctx context.Context, cond func() bool) error {
	for {
		r.mu.RLock()
		ok, moved := cond(), r.moved
		r.mu.RUnlock()
		if ok {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait for identity's log: %w", context.Cause(ctx))
		}
	}
}

// isCurrent says that the end of the log was reached.
func (r *resolver) isCurrent() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current
}

// Ready is nil while the resolver can answer, and learns what is new.
func (r *resolver) Ready() error {
	_, err := r.read(func(graph.Reader) error { return nil })
	r.mu.RLock()
	defer r.mu.RUnlock()
	return errors.Join(err, r.held)
}

// change runs fn under the lock and wakes those who wait.
func (r *resolver) change(fn func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := fn(); err != nil {
		return err
	}
	close(r.moved)
	r.moved = make(chan struct{})
	return nil
}
