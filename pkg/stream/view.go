package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/changelog"
)

// View reads a partition's committed state. It stays valid until the partition goes
// to another owner; then every call gives ErrNotOwner. Safe for concurrent use.
type View struct{ store *store }

// View returns the committed state of a partition, or ErrNotOwner. Of all the processes that ever had the partition, only the one that has it now gives a
// View: see lease. So whoever has read from an owner never reads from an earlier one afterwards (TestASleeperAnswersNobody, in package fleet).
func (p *Processor) View(partition int) (View, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t, ok := p.tasks[partition]
	if !ok || !p.lease.holds() {
		return View{}, fmt.Errorf("partition %d of %s: %w", partition, p.cfg.Name, ErrNotOwner)
	}
	return View{t.store}, nil
}

// Get reads a key.
func (v View) Get(key []byte) ([]byte, bool, error) { return v.store.get(key) }

// Scan calls fn for the keys with a prefix, from `from` (nil: the first) on, in
// order, as they were when it began, until fn returns false or fails. The slices are fn's to keep. fn may
// take its time: nothing waits for it, and when the partition went to another owner meanwhile, the scan gives ErrNotOwner.
func (v View) Scan(prefix, from []byte, fn func(key, value []byte) (bool, error)) error {
	return v.store.pages(prefix, from, fn)
}

// Tenure is one owner's time at a partition.
type Tenure struct {
	// Log is the id of the partition's changelog.
	Log changelog.ID
	// Epoch counts the owners of that changelog, from 1.
	Epoch int64
}

// Tenure is this process's tenure at a partition; false while it does not have it.
func (p *Processor) Tenure(partition int) (Tenure, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t, ok := p.tasks[partition]
	if !ok {
		return Tenure{}, false
	}
	return t.tenure, true
}

// Changed gets a value when a partition was taken or given away, one for several changes. It is for one reader.
func (p *Processor) Changed() <-chan struct{} { return p.changed }

// Name is the processor's, as configured.
func (p *Processor) Name() string { return p.cfg.Name }

// Owned lists the partitions whose state this process serves now, in order.
func (p *Processor) Owned() []int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	out := make([]int, 0, len(p.tasks))
	for n := range p.tasks {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Partitions returns how many partitions there are in all.
func (p *Processor) Partitions(ctx context.Context) (int, error) {
	return p.deps.Broker.Partitions(ctx, p.cfg.Inputs[0].Name)
}

// Ready is nil once the process is a member of the group and has restored every
// partition it was given, and while none of them is held.
func (p *Processor) Ready() error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.joined {
		return errors.New(p.cfg.Name + ": not a member of its consumer group yet")
	}
	if len(p.tasks) < p.expected {
		return errors.Join(fmt.Errorf("%s: %d of %d partitions restored", p.cfg.Name, len(p.tasks), p.expected), p.faults.err())
	}
	return p.faults.err()
}
