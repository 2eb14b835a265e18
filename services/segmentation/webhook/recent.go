package webhook

import "crypto/sha256"

// lookBack is how many records of a partition are remembered by their alert id. The
// segmentation task publishes the alerts of its last commit again after every restart and
// rebalance; a commit has at most a few thousand.
const lookBack = 10_000

// alertKey stands for an alert's id: 128 bits of a hash, since what is taken for a repetition is not sent.
type alertKey [16]byte

// recent remembers the alerts of the last records of a partition. There is one for each endpoint and partition, so it takes room
// for those that came only, and at most 0.8 MiB (TestRecentIsBounded).
type recent struct {
	size int
	ids  map[alertKey]struct{}
	ring []alertKey // grows to size; then the oldest is at at
	at   int
}

func newRecent(size int) *recent { return &recent{size: size, ids: map[alertKey]struct{}{}} }

// repeated notes an id and says whether it was among the last ones already.
func (r *recent) repeated(id string) bool {
	sum := sha256.Sum256([]byte(id))
	key := alertKey(sum[:16])
	if _, ok := r.ids[key]; ok {
		return true
	}
	r.ids[key] = struct{}{}
	if len(r.ring) < r.size {
		r.ring = append(r.ring, key)
		return false
	}
	delete(r.ids, r.ring[r.at])
	r.ring[r.at] = key
	r.at = (r.at + 1) % r.size
	return false
}
