package webhook

// lookBack is how many records of a partition are remembered by their alert id. The
// segmentation task publishes the alerts of its last commit again after every restart and
// rebalance; a commit has at most a few thousand.
const lookBack = 10_000

// recent remembers the alert ids of the last records of a partition.
type recent struct {
	ids  map[string]bool
	ring []string
	at   int
}

func newRecent(size int) *recent {
	return &recent{ids: make(map[string]bool, size), ring: make([]string, size)}
}

// repeated notes an id and says whether it was among the last ones already.
func (r *recent) repeated(id string) bool {
	if r.ids[id] {
		return true
	}
	delete(r.ids, r.ring[r.at])
	r.ring[r.at], r.ids[id] = id, true
	r.at = (r.at + 1) % len(r.ring)
	return false
}
