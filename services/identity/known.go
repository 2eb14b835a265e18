package identity

import (
	"github.com/freshet/freshet/services/identity/graph"
)

// knownEntries is the size of each half of a task's memory of answers: together
// about 10 MB a partition, some minutes of the people who are active.
const knownEntries = 1 << 15

// known remembers answers of the plain kind (all identifiers known, of one
// customer, none dropped) for one task, so that the next click of the same person
// does not go to the store. Such an answer holds until its customer is merged away,
// which the resolver is asked each time. For one goroutine.
type known struct {
	generation int64
	// Two halves: when the young one is full it becomes the old one, and what was
	// only in the old one is forgotten.
	young, old map[string]graph.ID
}

// lookup answers from memory, else from the resolver.
func (k *known) lookup(r *resolver, e rawEvent) (graph.Answer, int64, error) {
	if e.previous != "" { // an alias: rare, and more than its identifiers decides
		return r.Lookup(e.statement())
	}
	key := linkKey(e)
	if id, ok := k.get(key); ok {
		if epoch, live := r.live(id, k.generation); live {
			return graph.Answer{Customer: id, Settled: true}, epoch, nil
		}
		k.refresh(r)
	}
	a, epoch, err := r.Lookup(e.statement())
	if err == nil && a.Settled && len(a.Dropped) == 0 {
		k.put(key, a.Customer)
	}
	return a, epoch, err
}

// refresh forgets everything when the resolver no longer knows what was merged
// since the answers were given.
func (k *known) refresh(r *resolver) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k.generation != r.generation {
		*k = known{generation: r.generation}
	}
}

func (k *known) get(key string) (graph.ID, bool) {
	if id, ok := k.young[key]; ok {
		return id, true
	}
	id, ok := k.old[key]
	if ok {
		k.put(key, id)
	}
	return id, ok
}

func (k *known) put(key string, id graph.ID) {
	if k.young == nil || len(k.young) >= knownEntries {
		k.old, k.young = k.young, make(map[string]graph.ID)
	}
	k.young[key] = id
}
