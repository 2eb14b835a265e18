package stream

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// memory is what the local stores of one processor may use together, however many partitions it has
// (TestMemoryDoesNotGrowWithPartitions). A third is for values in use (recent), in equal parts; the rest is one cache of blocks from the
// disk, of which Pebble takes what is written and not on the disk yet.
type memory struct {
	bytes int64
	fs    vfs.FS // nil is the machine's disk

	mu     sync.Mutex
	stores int
	cache  *pebble.Cache
	files  *pebble.FileCache
}

// openFiles bounds the files of state that all partitions of a processor keep open; a few for each partition come on top.
const openFiles = 512

// Bounds of what a partition gathers before it writes a file. Below the lower one a commit is a file of its own; so
// memory does grow by up to 1 MiB a partition where the budget is smaller than that.
const (
	leastMemTable = 512 << 10
	mostMemTable  = 4 << 20
)

// open opens the store in dir, one of so many partitions that this process has.
func (m *memory) open(dir string, partitions int) (*store, error) {
	fs := m.fs
	if fs == nil {
		fs = vfs.Default
	}
	if err := fs.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the state folder %s: %w", dir, err)
	}
	partitions = max(partitions, 1)
	m.acquire()
	opts := &pebble.Options{
		FS:                 fs,
		Cache:              m.cache,
		FileCache:          m.files,
		MaxOpenFiles:       openFiles,
		MemTableSize:       uint64(min(max(m.blocks()/4/int64(partitions), leastMemTable), mostMemTable)),
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             quietLogger{},
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, opts)
	if err != nil {
		m.release()
		return nil, fmt.Errorf("open the state in %s: %w: %w", dir, errLocal, err)
	}
	values := newRecent(m.bytes / 3 / int64(partitions))
	return &store{dir: dir, db: db, released: m.release, nextDue: math.MinInt64, recent: values}, nil
}

func (m *memory) blocks() int64 { return m.bytes - m.bytes/3 }

// acquire makes the caches with the first store.
func (m *memory) acquire() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stores++; m.stores > 1 {
		return
	}
	m.cache = pebble.NewCache(m.blocks())
	m.files = pebble.NewFileCache(runtime.GOMAXPROCS(0), openFiles)
}

// release gives the caches back with the last store.
func (m *memory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stores--; m.stores > 0 {
		return
	}
	m.files.Unref()
	m.cache.Unref()
	m.files, m.cache = nil, nil
}
