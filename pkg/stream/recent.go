package stream

// recent keeps the values of keys that are read again and again, so that a customer in
// the middle of a visit costs no look-up in Pebble. It holds what the store holds, no
// more; only the writer's goroutine uses it. Two generations make it forget: when the
// young one is full it becomes the old one, and the old one goes.
type recent struct {
	young, old map[string][]byte
	bytes      int // in young
	limit      int // of young
}

// entryCost is about what a map entry costs beside its bytes.
const entryCost = 64

func newRecent(bytes int64) *recent {
	return &recent{young: map[string][]byte{}, old: map[string][]byte{}, limit: int(bytes / 2)}
}

func (r *recent) get(key []byte) ([]byte, bool) {
	if v, ok := r.young[string(key)]; ok {
		return v, true
	}
	v, ok := r.old[string(key)]
	if ok {
		r.put(string(key), v)
	}
	return v, ok
}

// put remembers a value that was read from the store.
func (r *recent) put(key string, v []byte) {
	if old, ok := r.young[key]; ok {
		r.bytes -= len(key) + len(old) + entryCost
	}
	if r.bytes > r.limit {
		r.old, r.young, r.bytes = r.young, make(map[string][]byte, len(r.young)), 0
	}
	r.young[key] = v
	r.bytes += len(key) + len(v) + entryCost
}

// wrote follows a write: a key that nobody has read is not worth the room.
func (r *recent) wrote(key string, v []byte) {
	_, young := r.young[key]
	_, old := r.old[key]
	switch {
	case !young && !old:
	case v == nil:
		if young {
			r.bytes -= len(key) + len(r.young[key]) + entryCost
		}
		delete(r.young, key)
		delete(r.old, key)
	default:
		r.put(key, v)
	}
}
