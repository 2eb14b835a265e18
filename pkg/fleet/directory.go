package fleet

import (
	"context"
	"maps"
	"sync"

	"github.com/freshet/freshet/pkg/stream"
)

// seat is a partition of a task.
type seat struct {
	task      string
	partition int
}

// owner is who has a seat, as far as is known.
type owner struct {
	address string
	tenure  stream.Tenure
}

// directory is the last word on every seat. Many goroutines may use it.
type directory struct {
	mu      sync.Mutex
	owners  map[seat]owner
	changed chan struct{} // closed, and made anew, with every change
}

func newDirectory() *directory {
	return &directory{owners: map[seat]owner{}, changed: make(chan struct{})}
}

// of is the owner of a seat; false when nobody is known.
func (d *directory) of(s seat) (owner, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o, ok := d.owners[s]
	return o, ok
}

// put takes a claim. It is ignored when an owner of a later epoch of the same log is known: a claim may have been long on its way.
func (d *directory) put(s seat, o owner) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.owners[s]; ok && (known == o || supersedes(known.tenure, o.tenure)) {
		return
	}
	d.owners[s] = o
	d.tell()
}

// supersedes says that a is surely later than b.
func supersedes(a, b stream.Tenure) bool { return a.Log == b.Log && a.Epoch > b.Epoch }

// clear forgets all.
func (d *directory) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.owners)
	d.tell()
}

// tell wakes who waits; mu is held.
func (d *directory) tell() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// addresses are all that are named.
func (d *directory) addresses() map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]bool{}
	for o := range maps.Values(d.owners) {
		out[o.address] = true
	}
	return out
}

// await waits until every one of these seats has another owner than the one given, or ctx ends.
func (d *directory) await(ctx context.Context, not map[seat]owner) {
	for {
		d.mu.Lock()
		waiting := false
		for s, o := range not {
			waiting = waiting || d.owners[s] == o
		}
		changed := d.changed
		d.mu.Unlock()
		if !waiting {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
