package localstore

import (
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// OpenFiles bounds the files of state that all stores of a process keep open; a few for each store come on top.
const OpenFiles = 512

// Memory is what the stores of a process may use together, however many they are and whoever they belong to: one cache of blocks from the
// disk, one bound of open files, and a third of the bytes for values in use, which the stores keep themselves. Those who work have most of
// the cache. A process makes one and hands it to all. It is safe for concurrent use.
type Memory struct {
	bytes, asked int64

	mu      sync.Mutex
	claimed int64
	stores  int
	cache   *pebble.Cache
	files   *pebble.FileCache
}

// NewMemory is a memory of so many bytes. asked is the sum of what its users ask for: each gets its part of bytes in that proportion
// (Claim). Both are above 0.
func NewMemory(bytes, asked int64) *Memory { return &Memory{bytes: bytes, asked: asked} }

// Claim takes the part of somebody who asks for so many bytes. It is theirs for good.
func (m *Memory) Claim(asked int64) int64 {
	part := int64(float64(m.bytes) * (float64(asked) / float64(m.asked)))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claimed += part
	return part
}

// Values is the third of a part that is for values in use.
func Values(part int64) int64 { return part / 3 }

// Blocks is the rest of a part: its share of the cache.
func Blocks(part int64) int64 { return part - Values(part) }

// Acquire gives the caches, for one store; the first makes them. The store calls release when it is closed.
func (m *Memory) Acquire() (cache *pebble.Cache, files *pebble.FileCache, release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stores++; m.stores == 1 {
		m.cache = pebble.NewCache(Blocks(m.bytes))
		m.files = pebble.NewFileCache(runtime.GOMAXPROCS(0), OpenFiles)
	}
	return m.cache, m.files, m.release
}

// release gives the caches back with the last store.
func (m *Memory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stores--; m.stores > 0 {
		return
	}
	m.files.Unref()
	m.cache.Unref()
	m.files, m.cache = nil, nil
}

// Use is what a memory holds at a moment.
type Use struct {
	Stores    int   // open
	Blocks    int64 // bytes of the cache in use, of at most MaxBlocks
	MaxBlocks int64
	Claimed   int64 // bytes of all parts
}

// Use tells what is held now.
func (m *Memory) Use() Use {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := Use{Stores: m.stores, Claimed: m.claimed}
	if m.cache != nil {
		u.Blocks, u.MaxBlocks = m.cache.Size(), m.cache.MaxSize()
	}
	return u
}
