package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/services/identity/graph"
)

// errNotReady says that the resolver has not read the log to its end yet, or has stopped.
var errNotReady = errors.New("identity is catching up with its log")

// resolver is this process's copy of the state machine: it follows identity.log.v1
// and answers look-ups. All methods are safe for concurrent use.
type resolver struct {
	dir     string
	cache   int64
	broker  *broker.Client
	logger  *slog.Logger
	metrics *metrics
	graph   graph.Graph

	// mu is held for reading during an answer, which may take several reads, and for
	// writing while a batch of the log becomes visible.
	mu      sync.RWMutex
	db      *pebble.DB    // nil before Run has opened it and after Run has ended
	applied int64         // the last offset of the log in db; -1: none
	current bool          // the end of the log was reached once
	moved   chan struct{} // closed and replaced whenever one of the above changes

	// gone are the customers merged away since generation began, for those who
	// remember answers. When it is full, a new generation begins and they forget.
	gone       map[graph.ID]struct{}
	generation int64
}

// maxGone bounds the memory of gone to some tens of megabytes; at a very large shop
// that is a day of merges.
const maxGone = 1 << 20

// storeName is the folder of the store. Its number grows with every change of the rules, which the rows do
// not tell: the new version reads the log from its start. Another layout of the rows is told by the store's place.
const storeName = "identity.resolver.3"

func newResolver(cfg Config, deps Deps, m *metrics) *resolver {
	return &resolver{
		dir: filepath.Join(cfg.Dir, storeName), cache: cfg.CacheBytes,
		broker: deps.Broker, logger: deps.Logger, metrics: m, graph: graph.New(graph.DefaultLimits()),
		applied: -1, moved: make(chan struct{}), gone: map[graph.ID]struct{}{},
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

// WaitFor returns nil once the log is applied up to and including offset.
func (r *resolver) WaitFor(ctx context.Context, offset int64) error {
	return r.wait(ctx, func() bool { return r.applied >= offset })
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

// Ready is nil while the resolver can answer.
func (r *resolver) Ready() error {
	_, err := r.read(func(graph.Reader) error { return nil })
	return err
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

func openStore(dir string, cacheBytes int64) (*pebble.DB, error) {
	opts := &pebble.Options{
		CacheSize:          cacheBytes,
		MemTableSize:       8 << 20,
		MaxOpenFiles:       256,
		FormatMajorVersion: pebble.FormatNewest,
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := localstore.Open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("identity's copy of its log: %w", err)
	}
	return db.DB, nil
}
